"""The end of `./dev test`: the table of the stages, what a stage wants to be read there, and what failed."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from toolchain.pins import TOOLS

RUN = '. "$REPOSITORY/tools/dev/lib/stages.sh"; run_stages "$@"'


class Stages(unittest.TestCase):
    def setUp(self):
        self.root = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.state = self.root / "state"
        self.state.mkdir()
        self.stages = self.root / "tools" / "dev" / "stages"
        self.stages.mkdir(parents=True)

    def stage(self, name, *lines):
        text = "\n".join(["# shellcheck shell=bash", f"# The stage {name}.", *lines])
        (self.stages / f"{name}.sh").write_text(text + "\n", encoding="utf-8")

    def run_stages(self, *names):
        environment = {
            **os.environ,
            "REPOSITORY": str(TOOLS.parent),
            "DEV_ROOT": str(self.root),
            "TASKER_CLUSTER_ROOT": str(self.root),
            "TASKER_TEST_STATE": str(self.state),
        }
        return subprocess.run(
            ["bash", "-c", RUN, "bash", *names],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def test_the_summary_of_a_stage_stands_between_the_table_and_the_last_line(self):
        trap = """trap 'echo "the suite: 1 passed" >"$TASKER_TEST_STATE/summary.txt"' EXIT"""
        self.stage("61-suite", "set -e", trap, "false", "echo never")
        self.stage("70-other", "true")

        told = self.run_stages("61-suite", "70-other")

        self.assertEqual(told.returncode, 1)
        self.assertRegex(
            told.stdout,
            r"\nFAILED   61-suite +\d+ s\nok       70-other +\d+ s\n"
            r"\nthe suite: 1 passed\n"
            r"\n1 passed, 1 failed, 0 skipped\n$",
        )

    def test_what_failed_of_a_stages_rust_tests_is_told_once_more_at_the_end(self):
        told_by_cargo = r"failures:\n\nboom at x.rs:7\n\nfailures:\n    x\n\ntest result: FAILED. 1 passed\n\nrerun\n"
        use = '. "$REPOSITORY/tools/dev/lib/stage.sh"'
        tests = f"tests() {{ printf '{told_by_cargo}'; return 101; }}"
        self.stage("31-good", use, "run_tests true")
        self.stage("60-bad", use, tests, "run_tests tests", "echo never")

        told = self.run_stages("31-good", "60-bad")

        self.assertEqual(told.returncode, 1)
        self.assertRegex(told.stdout, r"\nok       31-good +\d+ s\nFAILED   60-bad +\d+ s\n")
        _, _, last = told.stdout.partition("\nFAILED   60-bad")
        self.assertIn("\nfailures:\n\nboom at x.rs:7\n", last)
        self.assertTrue(last.endswith("FAILED. 1 passed\n\n1 passed, 1 failed, 0 skipped\n"), last)
        self.assertNotIn("never", told.stdout)

    def test_a_summary_of_an_earlier_run_is_not_told_again(self):
        for name in ("summary.txt", "failures.txt"):
            (self.state / name).write_text("the suite: 9 passed\n", encoding="utf-8")
        self.stage("10-quick", "exit 77")

        told = self.run_stages("10-quick")

        self.assertEqual(told.returncode, 0)
        self.assertNotIn("suite", told.stdout)
        self.assertTrue(told.stdout.endswith("\n0 passed, 0 failed, 1 skipped\n"), told.stdout)


if __name__ == "__main__":
    unittest.main()
