"""Copies of the project that Nix sees as a flake: as it is, or with something broken in it."""

import os
import shutil
import subprocess
from pathlib import Path


def copy_project(project: Path, to: Path) -> Path:
    """What git knows or would take: without the state folder and what cargo built."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        source = project / name
        if source.is_file():
            target = to / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return to


class Variant:
    """A copy in which files can be replaced without touching the original's."""

    def __init__(self, original: Path, folder: Path):
        self.folder = folder
        shutil.copytree(original, folder, copy_function=os.link)

    def replace(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text()
        if old not in text:
            raise LookupError(f"{name} has no {old!r} any more: change the test with it")
        self.write(name, text.replace(old, new))

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        # The file is shared with the original until it is unlinked.
        path.unlink(missing_ok=True)
        path.write_text(text)
