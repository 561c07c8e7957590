"""One summary of the suite: passed, failed, skipped with reasons, known findings and warnings with counts.

    suite_summary.py OUTCOMES REPORT.xml ...

Reads the JUnit reports of nextest, one a level, and the lines of JSON that the tests themselves wrote
(tests/common/outcome.rs). A level without a report, or with one of no test, did not run.
"""

import json
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path


class Outcomes:
    """What the tests have to say besides passed and failed."""

    def __init__(self, path: Path) -> None:
        # Counts by code and reason, or by code and title.
        self.known: Counter = Counter()
        self.warned: Counter = Counter()
        # Tests by reason.
        self.skipped: dict[str, list[str]] = {}
        lines = path.read_text().splitlines() if path.exists() else []
        for line in map(json.loads, lines):
            if line["outcome"] == "known":
                self.known[line["code"], line["reason"]] += line["count"]
            elif line["outcome"] == "warned":
                self.warned[line["code"], line["title"]] += line["count"]
            else:
                self.skipped.setdefault(line["reason"], []).append(line["test"])


def read_report(path: Path) -> tuple[int, list[str], float]:
    """How many tests ran, the names of those that failed, and how long all took."""
    root = ElementTree.parse(path).getroot()
    # nextest reports its setup script as a suite of its own.
    suites = [suite for suite in root.findall("testsuite") if not suite.get("name", "").startswith("@setup-script")]
    cases = [case for suite in suites for case in suite.findall("testcase")]
    failed = [
        case.get("name", "") for case in cases if case.find("failure") is not None or case.find("error") is not None
    ]
    return len(cases), failed, float(root.get("time", 0))


def summary(outcomes: Path, reports: list[Path]) -> str:
    said = Outcomes(outcomes)
    ran, failed, seconds, not_run = 0, [], 0.0, []
    for report in reports:
        count, names, took = read_report(report) if report.exists() else (0, [], 0.0)
        ran, failed, seconds = ran + count, failed + names, seconds + took
        if count == 0:
            not_run.append(report.stem)
    out_of = sum(len(tests) for tests in said.skipped.values())
    passed = ran - len(failed) - out_of
    lines = [f"the suite: {passed} passed, {len(failed)} failed, {out_of} skipped, in {seconds:.0f} s"]
    lines += [f"  NOT RUN  {name}" for name in not_run]
    lines += [f"  FAILED   {name}" for name in failed]
    for reason, tests in sorted(said.skipped.items()):
        lines.append(f"  skipped  {len(tests)}: {reason}")
    if said.known:
        lines.append(f"known findings, {said.known.total()} in all; TASKER_TEST_STRICT=1 counts them as failures")
    for (code, reason), count in sorted(said.known.items()):
        lines.append(f"  {code} {count:5}  {reason}")
    if said.warned:
        lines.append(f"warnings, {said.warned.total()} in all: what was not so, and is no fault")
    for (code, title), count in sorted(said.warned.items()):
        lines.append(f"  {code} {count:5}  {title}")
    return "\n".join(lines)


def main() -> None:
    outcomes, *reports = map(Path, sys.argv[1:])
    # Of a suite that ended early some are there, which tell more than that others are not.
    if not any(report.exists() for report in reports):
        sys.exit(f"the suite: no test ran, there is no report {' '.join(map(str, reports))}")
    print(summary(outcomes, reports))


if __name__ == "__main__":
    main()
