"""The pin files, and the key that their content gives an installation."""

import hashlib
import platform
from pathlib import Path

TOOLS = Path(__file__).resolve().parent.parent


def machine() -> str:
    """This machine as `uname` names it, for instance `Linux-x86_64`."""
    return f"{platform.system()}-{platform.machine()}"


def pin_files(tools: Path = TOOLS) -> list[tuple[str, str]]:
    """Component and pin file, in the order in which they enter the key."""
    lines = (tools / "pins.list").read_text(encoding="utf-8").splitlines()
    return [tuple(line.split()) for line in lines if line and not line.startswith("#")]


def installation_key(tools: Path = TOOLS, on: str | None = None) -> str:
    """Changes whenever any pin, the list of pins, or the platform does."""
    digest = hashlib.sha256(f"{on or machine()}\n".encode())
    digest.update((tools / "pins.list").read_bytes())
    for _, name in pin_files(tools):
        digest.update((tools / name).read_bytes())
    return digest.hexdigest()[:16]


def component_key(component: str, tools: Path = TOOLS, on: str | None = None) -> str:
    """Changes only with the component's own pins, so that the others are kept."""
    digest = hashlib.sha256(f"{component}\n{on or machine()}\n".encode())
    for owner, name in pin_files(tools):
        if owner == component:
            digest.update((tools / name).read_bytes())
    return digest.hexdigest()[:16]
