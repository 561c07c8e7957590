"""What the installer's progress looks like, with and without a terminal."""

import io
import unittest

from toolchain.progress import HEARTBEAT_SECONDS, Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


class ProgressLines(unittest.TestCase):
    def setUp(self):
        self.now = 0.0

    def clock(self):
        return self.now

    def test_without_a_terminal_a_long_step_gives_a_sign_of_life(self):
        stream = io.StringIO()
        progress = Progress(stream, self.clock)
        progress.start("bun", "downloading")
        progress.tick()
        self.now = HEARTBEAT_SECONDS
        progress.tick()
        progress.done("bun", "installed")

        self.assertEqual(
            stream.getvalue(),
            "  bun: downloading\n  bun: still downloading (15 s)\n  bun: installed (15.0 s)\n",
        )

    def test_on_a_terminal_the_line_is_redrawn_in_place(self):
        stream = Terminal()
        progress = Progress(stream, self.clock)
        progress.start("bun", "downloading")
        self.now = 2.0
        progress.tick()

        self.assertEqual(stream.getvalue(), "  bun: downloading ... 0 s\n\x1b[1F\x1b[J  bun: downloading ... 2 s\n")
