"""A Nix of its own in a temporary folder: store, state, configuration, home and the flake."""

import contextlib
import json
import os
import platform
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import machine
from variant import Variant, copy_project

CONFIGURATION = """\
experimental-features = nix-command flakes
sandbox = false
build-users-group =
substituters =
flake-registry =
"""
# One command of Nix against the stand-in takes a second or two.
TIMEOUT_SECONDS = 60


def system() -> str:
    """This machine as Nix names it."""
    architecture = {"arm64": "aarch64"}.get(platform.machine(), platform.machine())
    return f"{architecture}-{platform.system().lower()}"


class Room:
    """Whatever the tests make is in here, and goes when the room is left."""

    def __init__(self, project: Path):
        self.project = project
        self.system = system()

    def __enter__(self) -> "Room":
        self.folder = Path(tempfile.mkdtemp(prefix="tasker-nix-")).resolve()
        try:
            self._furnish()
        except BaseException:
            self._clear()
            raise
        return self

    def __exit__(self, *_) -> None:
        self._clear()

    def _furnish(self) -> None:
        # PostgreSQL runs as somebody else when the tests run as root.
        self.folder.chmod(0o711)
        for name in ("conf", "home", "tmp", "variants"):
            (self.folder / name).mkdir(mode=0o711)
        (self.folder / "conf" / "nix.conf").write_text(CONFIGURATION)
        self.nixpkgs = self.folder / "nixpkgs"
        shutil.copytree(Path(__file__).parent / "nixpkgs", self.nixpkgs)
        described = machine.describe(self.folder)
        self.library_suffix = described["library_suffix"]
        (self.nixpkgs / "machine.json").write_text(json.dumps(described))
        self.flake = copy_project(self.project, self.folder / "flake")
        # The programs that were built already, in a state folder of the flake's own.
        self.programs = self.folder / "cluster" / "bin"
        self.programs.mkdir(parents=True)
        for program in filter(Path.is_file, Path(described["binaries"]).iterdir()):
            (self.programs / program.name).symlink_to(program)
        folders = {"HOME": "home", "TMPDIR": "tmp", "NIX_CONF_DIR": "conf", "NIX_LOG_DIR": "log"}
        folders |= {"NIX_LOCALSTATE_DIR": "var", "NIX_STATE_DIR": "state", "NIX_STORE_DIR": "store"}
        folders |= {"TASKER_CLUSTER_STATE": "cluster"}
        self.environment = {
            "LC_ALL": "C.UTF-8",
            "PATH": f"{Path(shutil.which('nix')).parent}:{machine.ordinary_path()}",
            "TERM": "dumb",
            "USER": "tester",
            **{name: str(self.folder / folder) for name, folder in folders.items()},
        }

    def variant(self, name: str) -> Variant:
        """A copy of the flake to break something in."""
        return Variant(self.flake, self.folder / "variants" / name)

    def nix(self, *arguments: str, flake: Path | None = None, stand_in: bool = True) -> subprocess.CompletedProcess:
        """`nix ARGUMENTS` in the flake's folder; the caller judges how it ended."""
        words = list(arguments)
        if stand_in:
            # Options end where the command that Nix is to run begins.
            end = next((i for i, word in enumerate(words) if word in ("-c", "--")), len(words))
            words[end:end] = ["--override-input", "nixpkgs", f"path:{self.nixpkgs}", "--no-write-lock-file"]
        return subprocess.run(
            ["nix", *words],
            cwd=flake or self.flake,
            env=self.environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )

    def _clear(self) -> None:
        for pid in self.inhabitants():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        # Nix takes the write permission from everything in its store.
        for folder, _, _ in os.walk(self.folder):
            with contextlib.suppress(OSError):
                os.chmod(folder, 0o755)
        shutil.rmtree(self.folder, ignore_errors=True)

    def inhabitants(self) -> list[int]:
        """What a failed build left running; seen only where there is a /proc."""
        found = []
        for link in Path("/proc").glob("[0-9]*/cwd"):
            with contextlib.suppress(OSError):
                if link.readlink().is_relative_to(self.folder):
                    found.append(int(link.parent.name))
        return found
