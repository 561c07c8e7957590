"""What the stand-in for nixpkgs hands over to: the tools that this machine has."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from launcher import text

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
# What a script may expect of any machine, as nixpkgs' own builders do.
ORDINARY = ("bash", "cp", "diff", "find", "grep", "sed", "sort")


class NotReadyError(Exception):
    """This machine cannot run the tests; the message says what to do."""


def describe(room: Path) -> dict[str, str]:
    """Writes a launcher for each command into the room; answers what `machine.json` holds."""
    server = os.environ.get("TASKER_POSTGRES_BIN")
    if server is None:
        raise NotReadyError("this is not the project's shell: run ./dev shell -- tests/nix/run")
    launchers = room / "launchers"
    launchers.mkdir()
    path = os.pathsep.join([server, os.environ["PATH"]])
    for command in commands():
        launcher = launchers / command
        launcher.write_text(text(command, shutil.which(command, path=path)))
        launcher.chmod(0o755)
    extensions = os.environ.get("TASKER_PGMQ_EXTENSION_PATH")
    return {
        "bash": shutil.which("bash"),
        "path": ordinary_path(),
        "launchers": str(launchers),
        "binaries": str(binaries()),
        "extension_control_path": f"{extensions}:$system" if extensions else "$system",
        "library_suffix": ".dylib" if sys.platform == "darwin" else ".so",
    }


def ordinary_path() -> str:
    """The folders of ordinary programs: on most machines /usr/bin and /bin alone."""
    folders = ["/usr/bin", "/bin"]
    for program in ORDINARY:
        if not shutil.which(program, path=os.pathsep.join(folders)):
            found = shutil.which(program) or ""
            folders.append(str(Path(found).parent))
    return os.pathsep.join(folders)


def binaries() -> Path:
    """The project's own programs: those that `./dev` built, else those that cargo builds now."""
    for variable in ("TASKER_TEST_STATE", "TASKER_CLUSTER_STATE"):
        folder = Path(os.environ.get(variable, ""), "bin")
        if (folder / "cluster-verify").exists() and (folder / "worker-rust").exists():
            return folder
    print("tests/nix/run: building the project with cargo", flush=True)
    done = subprocess.run(["cargo", "build", "--quiet", "--locked", "--workspace"], cwd=PROJECT, check=False)
    if done.returncode != 0:
        raise SystemExit("tests/nix/run: the project does not build; the compiler's message is above")
    return Path(os.environ["CARGO_TARGET_DIR"]) / "debug"


def commands() -> list[str]:
    """Every command that a package of the stand-in brings."""
    listed = (HERE / "nixpkgs" / "attributes.nix").read_text()
    return sorted({*re.findall(r'"([\w-]+)"', listed), "bash", "cc"})
