"""The scripts through which a package of the stand-in starts this machine's own program."""

import os
import shutil
from pathlib import Path

NOBODY = 65534
# Rust's launchers find their tool chain through the home folder, and a build has none.
KEPT = {"RUSTUP_HOME": ".rustup", "CARGO_HOME": ".cargo"}
AS_NOBODY = ("initdb", "pg_ctl", "postgres")
# PostgreSQL refuses to run as root; the folder of a build is root's, and the server writes into it.
UNPRIVILEGED = f"""\
unprivileged=
if [ "$(id -u)" = 0 ]; then
  chown {NOBODY} .
  unprivileged="setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups"
fi"""
# A server that was not built with its extensions is told where the chosen ones are.
USE_EXTENSIONS = """\
chosen=$(dirname "$0")/../extension_control_path
previous=
for word do
  case $previous in -D | --pgdata) data=$word ;; esac
  case $word in --pgdata=*) data=${word#*=} ;; esac
  previous=$word
done
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
  {nix} --store dummy:// --parse "$file" >/dev/null || exit
done
"""


def text(command: str, found: str | None) -> str:
    lines = ["#!/bin/sh"]
    if found is None and command == "treefmt":
        return "\n".join([*lines, PARSE_ONLY.format(nix=shutil.which("nix-instantiate"))])
    if found is None:
        return "\n".join([*lines, f"echo '{command}: not on PATH on this machine' >&2", "exit 127", ""])
    lines.append(HOME_OF_A_BUILD)
    for name, folder in KEPT.items():
        value = Path(os.environ.get(name) or Path.home() / folder)
        if value.is_dir():
            lines.append(f"export {name}='{value}'")
    program = f"'{found}' \"$@\""
    if command in AS_NOBODY:
        lines.append(UNPRIVILEGED)
        program = f"$unprivileged {program}"
    if command == "initdb":
        lines += [f"{program} || exit", USE_EXTENSIONS]
    else:
        lines += [f"exec {program}", ""]
    return "\n".join(lines)
