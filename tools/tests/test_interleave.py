"""tools/dev/lib/interleave.py: what process-compose follows, put in the order of its time."""

import subprocess
import sys
import unittest

from toolchain.pins import TOOLS

INTERLEAVE = TOOLS / "dev" / "lib" / "interleave.py"


class Followed(unittest.TestCase):
    def followed(self, lines, *names):
        command = [sys.executable, INTERLEAVE, "--prefixed", *names]
        return subprocess.run(command, input=lines, capture_output=True, text=True, check=True).stdout.splitlines()

    def test_what_was_there_before_comes_log_after_log_and_is_put_in_order(self):
        lines = (
            "[one  ] 2026-01-01T00:00:01Z first\n"
            "[one  ] 2026-01-01T00:00:03Z third\n"
            "[three] 2026-01-01T00:00:02Z second\n"
            "[three]   of two lines\n"
            "[three] 2026-01-01T00:00:04Z last, and not whole"
        )

        self.assertEqual(
            self.followed(lines, "one", "three"),
            [
                "one   | 2026-01-01T00:00:01Z first",
                "three | 2026-01-01T00:00:02Z second",
                "three |   of two lines",
                "one   | 2026-01-01T00:00:03Z third",
                "three | 2026-01-01T00:00:04Z last, and not whole",
            ],
        )

    def test_of_one_alone_no_name_is_told_and_none_is_looked_for(self):
        self.assertEqual(self.followed("[x] 1\nready\n", "postgres"), ["[x] 1", "ready"])

    def test_a_new_line_is_told_while_the_log_goes_on(self):
        command = [sys.executable, "-u", INTERLEAVE, "--prefixed", "one", "two"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as follower:
            for word in ("before", "after"):
                follower.stdin.write(f"[two] {word}\n")
                follower.stdin.flush()
                self.assertEqual(follower.stdout.readline(), f"two | {word}\n")
            follower.stdin.close()
