"""Nix itself: Debian's package where there is none, which takes root and a minute."""

import os
import shutil
import subprocess

from machine import NotReadyError

PACKAGE = "nix-bin"


def provide_nix() -> None:
    if shutil.which("nix"):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise NotReadyError(
            f"there is no `nix` on PATH: install it (Debian: apt-get install {PACKAGE}), then run it again"
        )
    print(f"tests/nix/run: installing {PACKAGE} with apt", flush=True)
    # Not the recommended daemon, its service and its users: a store in a folder needs none.
    for command in (
        ("apt-get", "update", "-q"),
        ("apt-get", "install", "-q", "-y", "--no-install-recommends", PACKAGE),
    ):
        done = subprocess.run(
            command,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode != 0:
            last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise NotReadyError(f"`{' '.join(command)}` failed: {' '.join(last)}; install {PACKAGE}, then run it again")
