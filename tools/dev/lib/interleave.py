"""Prints the last lines of several logs in the order of their time, each behind its log's name.

    interleave.py LINES FILE ...        of files, and ends
    interleave.py --prefixed NAME ...   of what process-compose follows, on standard input

A line without a time belongs to the one before it. Of one log alone no name is printed.
"""

import os
import re
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,]?\d*")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# As process-compose writes it before each line of several processes.
PREFIX = re.compile(r"^\[([a-z0-9-]+)\s*\] ?")
# It sends what was there before as one burst, log after log.
BURST_SECONDS = 0.3


def dated(lines: list[str], moment: str = "") -> Iterator[tuple[str, str]]:
    """Each line with its time, or that of the line before it."""
    for line in lines:
        plain = COLOUR.sub("", line)
        if found := TIME.search(plain[:60]):
            moment = found.group().replace(" ", "T").replace(",", ".")
        yield moment, plain


def last_lines(file: Path, count: int) -> list[str]:
    with file.open(encoding="utf-8", errors="replace") as text:
        return [line.rstrip("\n") for line in deque(text, maxlen=count)]


def interleaved(logs: dict[str, list[str]]) -> Iterator[str]:
    width = max(map(len, logs))
    every = [(time, name, line) for name, lines in logs.items() for time, line in dated(lines)]
    # A stable sort: the lines of one log keep their order.
    every.sort(key=lambda entry: entry[0])
    for _, name, line in every:
        yield line if len(logs) == 1 else f"{name:<{width}} | {line}"


def bursts(source: int) -> Iterator[list[str]]:
    """The lines that come within a moment of each other, so that they can be put in order."""
    rest, lines, ends = b"", [], None
    while True:
        if not select.select([source], [], [], ends and max(0.0, ends - time.monotonic()))[0]:
            yield lines
            lines, ends = [], None
            continue
        chunk = os.read(source, 1 << 16)
        *whole, rest = (rest + chunk).split(b"\n")
        if not chunk and rest:
            whole = [rest]
        lines += [line.decode(errors="replace") for line in whole]
        if not chunk:
            yield lines
            return
        ends = ends or time.monotonic() + BURST_SECONDS


def followed(names: list[str], source: int) -> Iterator[str]:
    width = max(map(len, names))
    # Of one process alone the lines come without its name.
    name = names[0] if len(names) == 1 else ""
    last: dict[str, str] = {}
    for burst in bursts(source):
        every = []
        for line in burst:
            found = PREFIX.match(line) if len(names) > 1 else None
            name = found.group(1) if found else name
            for moment, plain in dated([line[found.end() :] if found else line], last.get(name, "")):
                last[name] = moment
                every.append((moment, name, plain))
        every.sort(key=lambda entry: entry[0])
        for _, of, plain in every:
            yield f"{of:<{width}} | {plain}" if len(names) > 1 else plain


def main() -> None:
    # A reader that goes away, as `head` does, ends it without a word.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.argv[1] == "--prefixed":
        lines = followed(sys.argv[2:], sys.stdin.fileno())
    else:
        lines = interleaved({Path(file).stem: last_lines(Path(file), int(sys.argv[1])) for file in sys.argv[2:]})
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    main()
