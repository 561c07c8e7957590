"""The witness file: its lines, its bound, and that threads do not mix in it."""

import json
import os
import threading
from pathlib import Path
from typing import Any
from unittest import TestCase

from worker_python.witness import StepRun, Witness

from .support import folder

STEP = StepRun(task="t", step="s", step_name="step", namespace="n", attempt=2)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


class Lines(TestCase):
    def setUp(self) -> None:
        self.path = folder(self) / "new" / "worker-python-1.jsonl"

    def test_a_run_leaves_a_started_and_a_finished_line(self) -> None:
        with Witness(self.path, "worker-python-1").run(STEP) as outcome:
            outcome.ok = True

        started, finished = lines(self.path)
        self.assertEqual(
            list(started),
            [
                *("v", "event", "run", "task", "step", "step_name", "namespace", "attempt"),
                *("instance", "pid", "wall", "mono_ns"),
            ],
        )
        self.assertEqual(list(finished), [*started, "ok"])
        self.assertEqual((started["event"], finished["event"], finished["ok"]), ("started", "finished", True))
        self.assertEqual(started["run"], finished["run"])
        self.assertEqual((started["attempt"], started["pid"], started["v"]), (2, os.getpid(), 1))
        self.assertLessEqual(started["mono_ns"], finished["mono_ns"])
        self.assertRegex(started["wall"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")

    def test_the_started_line_is_there_while_the_handler_runs(self) -> None:
        with Witness(self.path, "i").run(STEP):
            self.assertEqual([line["event"] for line in lines(self.path)], ["started"])

    def test_a_run_that_raises_has_failed(self) -> None:
        with self.assertRaises(KeyError), Witness(self.path, "i").run(STEP):
            raise KeyError

        self.assertIs(lines(self.path)[1]["ok"], False)

    def test_a_full_file_is_kept_once_and_begun_anew(self) -> None:
        witness = Witness(self.path, "i", max_bytes=1)

        for _ in range(3):
            with witness.run(STEP):
                pass

        self.assertEqual(len(lines(self.path)), 1)
        self.assertEqual(len(lines(Path(f"{self.path}.1"))), 1)
        self.assertEqual(len(list(self.path.parent.iterdir())), 2)

    def test_a_line_cut_short_by_an_earlier_process_is_not_continued(self) -> None:
        self.path.parent.mkdir()
        self.path.write_text('{"v":1,"ev')

        with Witness(self.path, "i").run(STEP):
            pass

        text = self.path.read_text().splitlines()
        self.assertEqual((len(text), text[0]), (3, '{"v":1,"ev'))

    def test_lines_of_several_threads_do_not_mix_when_the_file_is_rotated(self) -> None:
        witness = Witness(self.path, "i", max_bytes=100_000)

        def work() -> None:
            for _ in range(50):
                with witness.run(STEP):
                    pass

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        kept = lines(self.path) + lines(Path(f"{self.path}.1"))
        self.assertEqual({line["event"] for line in kept}, {"started", "finished"})

    def test_a_step_is_worth_more_than_its_witness(self) -> None:
        witness = Witness(self.path, "i")
        os.close(witness._descriptor)

        with self.assertLogs("worker_python.witness", "ERROR") as logs, witness.run(STEP) as outcome:
            outcome.ok = True

        self.assertEqual(len(logs.output), 2)
