"""Installing with made-up components: what is kept, what is undone, who waits."""

import contextlib
import io
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

from toolchain import installation
from toolchain.component import Component
from toolchain.errors import InstallError
from toolchain.pins import TOOLS
from toolchain.progress import Progress
from toolchain.store import WORK_PREFIX, Store


def component(name, build):
    return Component(name=name, title=name, build=build, probe="file", folders={name: "."})


def writes(shop):
    (shop.stage / "file").write_text(shop.name, encoding="utf-8")


def breaks(shop):
    (shop.stage / "half").touch()
    raise InstallError("it broke")


class Installing(unittest.TestCase):
    def setUp(self):
        self.store = Store(Path(self.enterContext(tempfile.TemporaryDirectory())))
        self.said = io.StringIO()
        # The machine's own tools are another test's subject.
        self.enterContext(mock.patch.object(installation, "read_tools", return_value=()))
        self.enterContext(mock.patch.object(installation.Run, "prepare"))

    def install(self, *components):
        return installation.install(self.store, components, Progress(self.said))

    def test_a_complete_installation_is_not_touched_again(self):
        good = component("bun", writes)
        folder = self.install(good)
        before = folder.stat().st_ino

        self.assertEqual(self.install(good), folder)
        self.assertEqual(folder.stat().st_ino, before)
        self.assertEqual((folder / "bun" / "file").read_text(encoding="utf-8"), "bun")

    def test_what_was_finished_before_a_failure_is_kept(self):
        built = []

        def counts(shop):
            built.append(shop.name)
            writes(shop)

        finished = threading.Event()

        def first(shop):
            counts(shop)
            finished.set()

        def second(shop):
            finished.wait(10)
            while not self.store.holds(component("bun", writes)):
                pass
            breaks(shop)

        with self.assertRaises(InstallError):
            self.install(component("bun", first), component("pgmq", second))
        self.assertFalse(self.store.installation().exists())

        self.install(component("bun", counts), component("pgmq", counts))
        self.assertEqual(built, ["bun", "pgmq"])

    def test_a_failure_leaves_nothing_half_done(self):
        with self.assertRaises(InstallError):
            self.install(component("pgmq", breaks))

        self.assertEqual(list(self.store.components.iterdir()), [])

    def test_what_a_killed_installation_left_is_removed(self):
        left_over = self.store.components / f"{WORK_PREFIX}killed" / "pgmq"
        left_over.mkdir(parents=True)

        self.install(component("pgmq", writes))

        self.assertFalse(left_over.exists())

    def test_a_component_whose_file_vanished_is_made_again(self):
        good = component("bun", writes)
        folder = self.install(good)
        (folder / "bun" / "file").unlink()

        self.install(good)

        self.assertTrue((folder / "bun" / "file").exists())

    def test_too_little_room_is_said_before_anything_is_downloaded(self):
        with (
            mock.patch.object(installation, "ROOM_BYTES", 1 << 62),
            self.assertRaisesRegex(InstallError, "MB free; installing needs"),
        ):
            self.install(component("bun", writes))

    def test_the_second_of_two_waits_and_says_so(self):
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD_LOCK, str(self.store.root.parent)],
            cwd=TOOLS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with holder:
            self.assertEqual(holder.stdout.readline(), "held\n")
            waiting = threading.Thread(target=self.install, args=(component("bun", writes),))
            waiting.start()
            while "waiting for it" not in self.said.getvalue():
                self.assertTrue(waiting.is_alive())
            self.assertIn(f"pid {holder.pid}", self.said.getvalue())
            with contextlib.suppress(BrokenPipeError):
                holder.stdin.close()
            waiting.join(30)
        self.assertTrue(self.store.installation().exists())


HOLD_LOCK = """
import sys
from pathlib import Path
from toolchain.progress import Progress
from toolchain.store import Store

with Store(Path(sys.argv[1])).locked(Progress()):
    print("held", flush=True)
    sys.stdin.read()
"""
