"""One line a component: what is being done, and for how many seconds."""

import sys
import threading
import time
from typing import TextIO

# Between two signs of life where the lines cannot be redrawn.
HEARTBEAT_SECONDS = 15.0


class Progress:
    """Redraws its lines on a terminal; elsewhere prints one when something changes."""

    def __init__(self, stream: TextIO = sys.stderr, clock=time.monotonic):
        self._stream = stream
        self._clock = clock
        self._live = stream.isatty()
        self._running: dict[str, tuple[str, float]] = {}
        self._drawn = 0
        self._said = clock()
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        with self._lock:
            self._erase()
            self._line(text)
            self._draw()

    def start(self, name: str, doing: str) -> None:
        with self._lock:
            self._erase()
            started = self._running.get(name, ("", self._clock()))[1]
            self._running[name] = (doing, started)
            if not self._live:
                self._line(f"  {name}: {doing}")
            self._draw()

    def done(self, name: str, outcome: str) -> None:
        with self._lock:
            self._erase()
            started = self._running.pop(name, ("", self._clock()))[1]
            self._line(f"  {name}: {outcome} ({self._clock() - started:.1f} s)")
            self._draw()

    def tick(self) -> None:
        """Called several times a second while something runs."""
        with self._lock:
            if self._live:
                self._erase()
                self._draw()
            elif self._running and self._clock() - self._said >= HEARTBEAT_SECONDS:
                for name, (doing, started) in self._running.items():
                    self._line(f"  {name}: still {doing} ({self._clock() - started:.0f} s)")

    def clear(self) -> None:
        """Takes the live lines away, so that a message stands alone."""
        with self._lock:
            self._erase()
            self._running.clear()
            self._stream.flush()

    def _line(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()
        self._said = self._clock()

    def _draw(self) -> None:
        if not self._live:
            return
        for name, (doing, started) in self._running.items():
            self._stream.write(f"  {name}: {doing} ... {self._clock() - started:.0f} s\n")
        self._drawn = len(self._running)
        self._stream.flush()

    def _erase(self) -> None:
        if self._live and self._drawn:
            self._stream.write(f"\x1b[{self._drawn}F\x1b[J")
            self._drawn = 0
