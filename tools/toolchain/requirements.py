"""`tools.toml`: which tools there are, and which version each must have."""

import re
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

from .pins import TOOLS


@dataclass(frozen=True)
class Tool:
    name: str
    command: str
    version_args: tuple[str, ...]
    version: str
    match: str
    nix: str
    source: str
    optional: bool = False

    def accepts(self, found: str) -> bool:
        """`major`: the same first number; `minimum`: this one or newer."""
        wanted, present = numbers(self.version), numbers(found)
        if self.match == "major":
            return present[: len(wanted)] == wanted
        return present >= wanted


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


def version_in(output: str) -> str | None:
    """The first thing in a tool's answer that looks like a version."""
    found = re.search(r"\d+(\.\d+)+", output)
    return found.group() if found else None


def read_tools(path: Path = TOOLS / "tools.toml") -> tuple[Tool, ...]:
    with path.open("rb") as file:
        tables = tomllib.load(file)["tool"]
    return tuple(Tool(**{**table, "version_args": tuple(table["version_args"])}) for table in tables)


def observe(tool: Tool, path: str | None = None) -> str | None:
    """The version that the tool on this path says it has; None when there is no such tool."""
    command = shutil.which(tool.command, path=path)
    if command is None:
        return None
    done = subprocess.run(
        [command, *tool.version_args],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
        cwd="/",
    )
    return version_in(done.stdout) or version_in(done.stderr)
