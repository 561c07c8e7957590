"""What package managers print, in the words that a user gets."""

import errno
import unittest

from toolchain.errors import explain, explain_os


class Explanations(unittest.TestCase):
    def test_causes_are_recognised(self):
        for output, cause in (
            (
                "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
                "the disk is full",
            ),
            ("go: writing go.sum: write /x: disk quota exceeded", "the disk is full"),
            ("npm error code ENOTFOUND", "the package index cannot be reached"),
            ("dial tcp: lookup host: no such host", "the package index cannot be reached"),
            ("Failed to establish a new connection: [Errno 111]", "the package index cannot be reached"),
            ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "a downloaded package is not the pinned one"),
            ("npm error code EINTEGRITY", "a downloaded package is not the pinned one"),
            ("verifying x@v1: checksum mismatch", "a downloaded package is not the pinned one"),
        ):
            with self.subTest(output):
                error = explain("installing x", output, None)
                self.assertEqual(str(error), f"installing x: {cause}")
                self.assertTrue(error.remedy)

    def test_a_full_disk_wins_over_the_failures_it_causes(self):
        error = explain("x", "connection refused\nno space left on device", None)

        self.assertIn("disk is full", str(error))

    def test_anything_else_shows_its_last_line(self):
        self.assertEqual(str(explain("building x", "a\nundefined: y\n\n", None)), "building x failed: undefined: y")

    def test_a_read_only_folder_is_named(self):
        error = explain_os("x", OSError(errno.EROFS, "Read-only file system", "/there"))

        self.assertEqual(str(error), "x: cannot write to /there")
