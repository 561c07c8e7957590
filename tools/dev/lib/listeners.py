"""Prints `port pid` for each process that listens on one of the given TCP ports.

The pid is `?` where this user may not see it. From /proc on Linux, since `ss` is not
everywhere; from lsof elsewhere.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LISTEN = "0A"


def on_linux(ports: set[int]) -> Iterator[tuple[int, str]]:
    by_socket = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if not os.path.exists(table):
            continue
        for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            port = int(fields[1].rsplit(":", 1)[1], 16)
            if fields[3] == LISTEN and port in ports:
                by_socket[f"socket:[{fields[9]}]"] = port
    unseen = set(by_socket.values())
    for pid in filter(str.isdigit, os.listdir("/proc") if by_socket else ()):
        for port in {by_socket.get(link) for link in links(pid)} - {None}:
            unseen.discard(port)
            yield port, pid
    for port in unseen:
        yield port, "?"


def links(pid: str) -> Iterator[str]:
    try:
        for number in os.listdir(f"/proc/{pid}/fd"):
            yield os.readlink(f"/proc/{pid}/fd/{number}")
    except OSError:
        # It ended meanwhile, or belongs to somebody else.
        return


def with_lsof(ports: set[int]) -> Iterator[tuple[int, str]]:
    wanted = ",".join(map(str, sorted(ports)))
    command = ["lsof", "-nP", f"-iTCP:{wanted}", "-sTCP:LISTEN", "-Fpn"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    pid = "?"
    for line in done.stdout.splitlines():
        if line.startswith("p"):
            pid = line[1:]
        elif found := re.search(r":(\d+)$", line):
            yield int(found.group(1)), pid


def main() -> None:
    ports = {int(word) for word in sys.argv[1:]}
    look = on_linux if os.path.isdir("/proc/self") else with_lsof
    for port, pid in sorted(set(look(ports))):
        print(port, pid)


if __name__ == "__main__":
    main()
