"""What the stand-in for nixpkgs hands over to: the tools that this machine has."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
NOBODY = 65534
# What a script may expect of any machine, as nixpkgs' own builders do.
ORDINARY = ("bash", "cp", "diff", "find", "grep", "sed", "sort")
# Rust's launchers find their tool chain through the home folder, and a build has none.
KEPT = {"RUSTUP_HOME": ".rustup", "CARGO_HOME": ".cargo"}
# PostgreSQL refuses to run as root.
AS_NOBODY = ("initdb", "pg_ctl", "postgres")
# A server that was not built with its extensions is told where the chosen ones are.
USE_EXTENSIONS = """\
chosen=$(dirname "$0")/../extension_control_path
for data do :; done
if [ -e "$chosen" ]; then
  echo "extension_control_path = '$(cat "$chosen")'" >> "$data/postgresql.conf"
fi
"""
# Nix gives a build a home that must never exist; as root, and without a sandbox, a tool would
# make it, and Nix then refuses every further build.
HOME_OF_A_BUILD = '[ "${HOME:-}" != /homeless-shelter ] || export HOME="$PWD"'
# No registry has the formatter of Nix files: where it is missing, each file must at least parse.
PARSE_ONLY = """\
find . -name '*.nix' -type f | while read -r file; do
  nix-instantiate --store dummy:// --parse "$file" >/dev/null || exit
done
"""


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
        launcher.write_text(launcher_text(command, shutil.which(command, path=path)))
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
        raise NotReadyError("the project does not build; the compiler's message is above")
    return Path(os.environ["CARGO_TARGET_DIR"]) / "debug"


def commands() -> list[str]:
    """Every command that a package of the stand-in brings."""
    listed = (HERE / "nixpkgs" / "attributes.nix").read_text()
    return sorted({*re.findall(r'"([\w-]+)"', listed), "bash", "cc"})


def launcher_text(command: str, found: str | None) -> str:
    lines = ["#!/bin/sh"]
    if found is None and command == "treefmt":
        return "\n".join([*lines, PARSE_ONLY])
    if found is None:
        return "\n".join([*lines, f"echo '{command}: not on PATH on this machine' >&2", "exit 127", ""])
    lines.append(HOME_OF_A_BUILD)
    for name, folder in KEPT.items():
        value = Path(os.environ.get(name) or Path.home() / folder)
        if value.is_dir():
            lines.append(f"export {name}='{value}'")
    program = f"'{found}' \"$@\""
    if command in AS_NOBODY and os.geteuid() == 0:
        # The folder of the build is root's, and the server has to write into it.
        lines.append(f"chown {NOBODY} .")
        program = f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups {program}"
    if command == "initdb":
        lines += [f"{program} || exit", USE_EXTENSIONS]
    else:
        lines += [f"exec {program}", ""]
    return "\n".join(lines)
