"""Who holds a port: asked of the system about a listener of this test's own."""

import os
import socket
import subprocess
import sys
import unittest

from toolchain.pins import TOOLS

SCRIPT = TOOLS / "dev" / "lib" / "listeners.py"


def holders(*ports):
    command = [sys.executable, SCRIPT, *map(str, ports)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


class Listeners(unittest.TestCase):
    def listen(self, family, address):
        listener = self.enterContext(socket.socket(family))
        try:
            listener.bind((address, 0))
        except OSError as error:
            self.skipTest(f"{address}: {error}")
        return listener

    def test_the_process_that_listens_is_named(self):
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with self.subTest(address):
                listener = self.listen(family, address)
                port = listener.getsockname()[1]
                listener.listen()

                self.assertEqual(holders(port), f"{port} {os.getpid()}\n")

    def test_a_port_that_is_only_bound_is_free(self):
        port = self.listen(socket.AF_INET, "127.0.0.1").getsockname()[1]

        self.assertEqual(holders(port), "")
