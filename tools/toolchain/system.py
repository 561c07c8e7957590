"""What only the machine itself can give: Python's venv, a C compiler, Rust, Ruby."""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from .component import Workshop
from .errors import NOT_READY, InstallError
from .pins import machine
from .requirements import Tool, observe

# The platforms that every pinned package exists for.
PLATFORMS = ("Linux-x86_64", "Darwin-arm64")
# tasker-py's wheel is built against this C library.
OLDEST_GLIBC = (2, 34)
OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Need:
    what: str
    is_met: Callable[[], bool]
    # Debian's package; empty where Debian's own is too old to be of use.
    package: str
    remedy: str


def needs(tools: tuple[Tool, ...]) -> tuple[Need, ...]:
    by_name = {tool.name: tool for tool in tools}

    def recent(name: str) -> Callable[[], bool]:
        return lambda: is_recent(by_name[name])

    rust = by_name["cargo"].version
    ruby = by_name["ruby"].version
    return (
        Need(
            "Python's venv module",
            lambda: importlib.util.find_spec("ensurepip") is not None,
            "python3-venv",
            "install it (Debian: apt-get install python3-venv)",
        ),
        Need(
            "a C compiler (cc)",
            lambda: shutil.which("cc") is not None,
            "build-essential",
            "install one (Debian: apt-get install build-essential; macOS: xcode-select --install)",
        ),
        Need(
            f"Rust {rust} or newer (cargo, rustc)",
            lambda: recent("cargo")() and recent("rustc")(),
            "",
            f"install Rust {rust} or newer with rustup, then run it again",
        ),
        Need(
            f"Ruby {ruby} or newer with fiddle",
            lambda: recent("ruby")() and answers("ruby", "-rfiddle", "-e", ""),
            "ruby",
            f"install Ruby {ruby} or newer (Debian: apt-get install ruby; macOS: brew install ruby)",
        ),
    )


def is_recent(tool: Tool) -> bool:
    found = observe(tool)
    return found is not None and tool.accepts(found)


def answers(*command: str) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=60, cwd="/")
    except FileNotFoundError:
        return False
    return done.returncode == 0


def check_platform() -> None:
    """Stops where the pinned packages cannot run at all."""
    if machine() not in PLATFORMS:
        raise InstallError(
            f"the fallback tool chain has no packages for {machine()}",
            "use Nix there: nix develop",
            NOT_READY,
        )
    library, version = platform.libc_ver()
    if sys.platform == "linux":
        release = tuple(int(part) for part in version.split(".")[:2]) if library == "glibc" else (0, 0)
        if release < OLDEST_GLIBC:
            raise InstallError(
                f"this system's C library is {library or 'not glibc'} {version}; tasker-py needs glibc 2.34",
                "use Debian 12, Ubuntu 22.04 or newer, or Nix: nix develop",
                NOT_READY,
            )


def provide(tools: tuple[Tool, ...], shop: Workshop) -> None:
    """Installs what is missing with apt when run as root; otherwise names it."""
    missing = [need for need in needs(tools) if not need.is_met()]
    if not missing:
        return
    if os.geteuid() == 0 and shutil.which("apt-get") and all(need.package for need in missing):
        packages = [need.package for need in missing]
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        shop.doing("asking apt for its list of packages")
        shop.run("apt-get update", ["apt-get", "update"], env=quiet)
        shop.doing(f"installing {', '.join(packages)} with apt")
        # Something else, such as unattended upgrades, may hold the lock for a while.
        options = ["-o", "DPkg::Lock::Timeout=300", "-y", "--no-install-recommends"]
        install = ["apt-get", "install", *options, *packages]
        # Stopped in the middle it leaves the machine's packages half configured.
        shop.run("apt-get install", install, env=quiet, whole=True)
        importlib.invalidate_caches()
        missing = [need for need in missing if not need.is_met()]
    if missing:
        raise InstallError(
            f"this machine has not got {', '.join(need.what for need in missing)}",
            "\n  ".join(need.remedy for need in missing),
            NOT_READY,
        )
