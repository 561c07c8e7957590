"""A checkout of the engine instead of its published crates.

    engine.py chosen ROOT                 the path that config/cluster.local.toml names, or nothing
    engine.py prepare ROOT PATH FOLDER    makes FOLDER a workspace that builds against PATH
    engine.py verify FOLDER               fails unless that build took every crate from PATH

`prepare` prints cargo's arguments, one a line. The workspace has this project's sources by link, and
Cargo.toml and Cargo.lock of its own: cargo writes the lock file, and the checked-in one must stay.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

LOCAL = "config/cluster.local.toml"
CRATES = ("tasker-client", "tasker-orchestration", "tasker-pgmq", "tasker-shared", "tasker-worker")
# What a build of a crate depends on.
SOURCES = {".rs", ".sql", ".toml", ".proto", ".json"}
# Not part of the workspace, or written anew.
LEFT_OUT = {".git", ".cluster", "target", "Cargo.toml", "Cargo.lock"}
DEPTH = 3


def stop(message: str) -> NoReturn:
    print(f"dev: {message}", file=sys.stderr)
    sys.exit(3)


def read(file: Path) -> dict:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        stop(f"{file}: cannot be read: {error}")
    except tomllib.TOMLDecodeError as error:
        stop(f"{file}: {error}")


def chosen(root: Path) -> str | None:
    file = root / LOCAL
    if not file.exists():
        return None
    local = read(file)
    engine = local.get("engine")
    if set(local) - {"engine"} or not isinstance(engine, dict) or set(engine) != {"path"}:
        stop(f'{LOCAL}: expected nothing but `path` under [engine], such as path = "../tasker-core"')
    path = engine["path"]
    if not isinstance(path, str) or not path:
        stop(f"{LOCAL}: engine.path is {path!r}; expected the folder of a checkout of tasker-core")
    return str((root / path).resolve())


def manifests(folder: Path, depth: int = DEPTH) -> Iterator[Path]:
    if (folder / "Cargo.toml").is_file():
        yield folder / "Cargo.toml"
    if depth:
        for inner in sorted(folder.iterdir()):
            if inner.is_dir() and not inner.is_symlink() and inner.name not in {"target", ".git", "node_modules"}:
                yield from manifests(inner, depth - 1)


class Crate:
    """One of the engine's crates in the checkout."""

    def __init__(self, manifest: Path, package: dict):
        self.folder = manifest.parent
        self.name: str = package["name"]
        version = package.get("version")
        if isinstance(version, dict):
            version = inherited_version(manifest)
        if not isinstance(version, str):
            stop(f"{manifest}: it has no version")
        self.version = version

    def sources(self) -> Iterator[Path]:
        for folder, inner, names in os.walk(self.folder):
            inner[:] = sorted(set(inner) - {"target", ".git"})
            yield from (Path(folder) / name for name in sorted(names) if Path(name).suffix in SOURCES)


def inherited_version(manifest: Path) -> object:
    for folder in manifest.parents:
        above = folder / "Cargo.toml"
        if above != manifest and above.is_file():
            workspace = read(above).get("workspace")
            if workspace:
                return workspace.get("package", {}).get("version")
    return None


def find(path: Path) -> dict[str, Crate]:
    if not path.is_dir():
        stop(f"the engine's path {path} is no folder; it should be a checkout of tasker-core")
    found: dict[str, Crate] = {}
    for manifest in manifests(path):
        package = read(manifest).get("package", {})
        name = package.get("name")
        if name in CRATES and name not in found:
            found[name] = Crate(manifest, package)
    missing = [name for name in CRATES if name not in found]
    if missing:
        stop(f"{path} has no crate {', '.join(missing)}; it should be a checkout of tasker-core")
    return found


def git(folder: Path, *arguments: str) -> str | None:
    done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def commit(crate: Crate, path: Path) -> str | None:
    """None where the crates are in no repository, such as a folder that they were unpacked to."""
    if git(crate.folder, "ls-files", "--error-unmatch", "Cargo.toml") is None:
        return None
    head = git(path, "rev-parse", "HEAD")
    if head is None:
        return None
    return head + ("-dirty" if git(path, "status", "--porcelain", "--untracked-files=no") else "")


def content(crates: dict[str, Crate]) -> str:
    """Tells two states of the sources apart, where a commit cannot."""
    digest = hashlib.sha256()
    for name in CRATES:
        for file in crates[name].sources():
            digest.update(f"{name}/{file.relative_to(crates[name].folder)}\0".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def migrations(shared: Crate) -> list[int]:
    names = (file.name for file in (shared.folder / "migrations").glob("*.sql"))
    return sorted(int(name.split("_")[0]) for name in names if name.split("_")[0].isdigit())


def prepare(root: Path, path: Path, workspace: Path) -> None:
    crates = find(path)
    workspace.mkdir(parents=True, exist_ok=True)
    for entry in root.iterdir():
        link = workspace / entry.name
        if entry.name in LEFT_OUT or (link.is_symlink() and link.readlink() == entry):
            continue
        # One of before the project was moved.
        link.unlink(missing_ok=True)
        link.symlink_to(entry)
    manifest = (root / "Cargo.toml").read_text(encoding="utf-8")
    for name, crate in crates.items():
        # Else cargo would leave a crate of another version aside, and say so in a warning only.
        manifest = re.sub(rf'(?m)^({name} = ")=[^"]*"', rf'\g<1>={crate.version}"', manifest)
    write(workspace / "Cargo.toml", manifest)
    write(workspace / "Cargo.lock", (root / "Cargo.lock").read_text(encoding="utf-8"))
    record = {
        "path": str(path),
        "version": crates["tasker-orchestration"].version,
        "commit": commit(crates["tasker-orchestration"], path),
        "content": content(crates),
        "migrations": migrations(crates["tasker-shared"]),
    }
    write(workspace / "engine.json", json.dumps(record) + "\n")
    for name, crate in crates.items():
        print("--config")
        print(f"patch.crates-io.{name}.path={json.dumps(str(crate.folder))}")


def write(file: Path, text: str) -> None:
    # One that is current keeps its time, so that cargo does not build anew.
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")


def verify(workspace: Path) -> None:
    packages = read(workspace / "Cargo.lock")["package"]
    published = [package["name"] for package in packages if package["name"] in CRATES and "source" in package]
    if published:
        stop(f"cargo took {', '.join(published)} from the registry and not from the engine's path")


def main() -> None:
    match sys.argv[1:]:
        case ["chosen", root]:
            print(chosen(Path(root)) or "", end="")
        case ["prepare", root, path, workspace]:
            prepare(Path(root), Path(path).resolve(), Path(workspace))
        case ["verify", workspace]:
            verify(Path(workspace))
        case _:
            stop(f"usage: {__doc__}")


if __name__ == "__main__":
    main()
