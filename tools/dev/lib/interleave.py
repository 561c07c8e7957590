"""Prints the last lines of several logs in the order of their time, each behind its log's name.

    interleave.py LINES FILE ...        of files, and ends
    interleave.py --prefixed NAME ...   of what process-compose follows, on standard input

A line without a time belongs to the one before it. Of one log alone no name is printed.
"""

import re
import signal
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path

TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,]?\d*")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# As process-compose writes it before each line of several processes.
PREFIX = re.compile(r"^\[([a-z0-9-]+)\s*\] ?")


def dated(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Each line with its time, or that of the line before it."""
    time = ""
    for line in lines:
        plain = COLOUR.sub("", line)
        if found := TIME.search(plain[:60]):
            time = found.group().replace(" ", "T").replace(",", ".")
        yield time, plain


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


def followed(names: list[str]) -> Iterator[str]:
    width = max(map(len, names))
    for line in sys.stdin:
        text = line.rstrip("\n")
        if found := PREFIX.match(text):
            yield f"{found.group(1):<{width}} | {text[found.end() :]}"
        else:
            yield text


def main() -> None:
    # A reader that goes away, as `head` does, ends it without a word.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.argv[1] == "--prefixed":
        lines = followed(sys.argv[2:])
    else:
        lines = interleaved({Path(file).stem: last_lines(Path(file), int(sys.argv[1])) for file in sys.argv[2:]})
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    main()
