"""The summary at the end of the suite."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "dev" / "lib"))

import suite_summary
from suite_summary import summary

REPORT = """<testsuites time="12.4">
<testsuite name="@setup-script:running-cluster"><testcase name="script"/></testsuite>
<testsuite>
<testcase name="one"/><testcase name="two"><failure>no</failure></testcase><testcase name="three"/>
</testsuite></testsuites>"""
OUTCOMES = """{"test": "three", "outcome": "skipped", "reason": "there is one worker"}
{"test": "one", "outcome": "known", "code": "CV601", "count": 2, "reason": "a race"}
{"test": "two", "outcome": "known", "code": "CV601", "count": 3, "steps": 48, "reason": "a race"}
{"test": "two", "outcome": "warned", "code": "CV517", "count": 1, "title": "no create was turned away"}
"""


class SuiteSummary(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.outcomes = Path(folder.name) / "outcomes.jsonl"
        self.report = Path(folder.name) / "report.xml"
        self.report.write_text(REPORT)

    def test_a_skipped_test_is_not_a_passed_one_and_known_findings_add_up(self):
        self.outcomes.write_text(OUTCOMES)

        text = summary(self.outcomes, [self.report])

        self.assertEqual(
            text.splitlines(),
            [
                "the suite: 1 passed, 1 failed, 1 skipped, in 12 s",
                "  FAILED   two",
                "  skipped  1: there is one worker",
                "known findings, 5 in all; TASKER_TEST_STRICT=1 counts them as failures",
                "  CV601     5  a race",
                "warnings, 1 in all: what was not so, and is no fault",
                "  CV517     1  no create was turned away",
            ],
        )

    def test_several_reports_are_one_and_nothing_noted_is_nothing_known(self):
        text = summary(self.outcomes, [self.report, self.report])

        self.assertEqual(text.splitlines()[0], "the suite: 4 passed, 2 failed, 0 skipped, in 25 s")
        self.assertNotIn("known", text)
        self.assertNotIn("warnings", text)

    def test_a_level_that_did_not_run_is_named(self):
        text = summary(self.outcomes, [self.report, self.report.with_name("services-and-cluster.xml")])

        self.assertEqual(
            text.splitlines()[:2],
            ["the suite: 2 passed, 1 failed, 0 skipped, in 12 s", "  NOT RUN  services-and-cluster"],
        )

    def test_nor_did_one_whose_setup_failed(self):
        empty = self.report.with_name("without-races.xml")
        setup = (
            '<testsuite name="@setup-script:whole-cluster"><testcase name="script"><failure/></testcase></testsuite>'
        )
        empty.write_text(f'<testsuites time="0.1">{setup}</testsuites>')

        self.assertIn("  NOT RUN  without-races", summary(self.outcomes, [self.report, empty]))

    def test_without_a_report_it_says_so_and_fails(self):
        for reports in ([], ["/nowhere/*.xml"]):
            with self.subTest(reports):
                command = [sys.executable, suite_summary.__file__, self.outcomes, *reports]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertRegex(done.stderr, r"^the suite: no test ran, there is no report.*\n$")

    def test_one_report_of_a_suite_that_ended_early_is_told(self):
        self.outcomes.touch()
        command = [sys.executable, suite_summary.__file__, self.outcomes, self.report, "/nowhere/without-races.xml"]

        done = subprocess.run(command, capture_output=True, text=True, check=False)

        self.assertEqual(done.returncode, 0)
        self.assertIn("  NOT RUN  without-races", done.stdout)


if __name__ == "__main__":
    unittest.main()
