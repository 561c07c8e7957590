"""One summary of the suite: passed, failed, skipped with reasons, known findings with counts.

    suite_summary.py OUTCOMES REPORT.xml ...

Reads the JUnit reports of nextest, and the lines of JSON that the tests themselves wrote (tests/common/outcome.rs).
"""

import json
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path


def read_outcomes(path: Path) -> tuple[Counter, dict[str, list[str]]]:
    """Counts of known findings by code and reason, and the tests that were skipped by reason."""
    known: Counter = Counter()
    skipped: dict[str, list[str]] = {}
    lines = path.read_text().splitlines() if path.exists() else []
    for line in map(json.loads, lines):
        if line["outcome"] == "known":
            known[line["code"], line["reason"]] += line["count"]
        else:
            skipped.setdefault(line["reason"], []).append(line["test"])
    return known, skipped


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
    known, skipped = read_outcomes(outcomes)
    ran, failed, seconds = 0, [], 0.0
    for report in reports:
        count, names, took = read_report(report)
        ran, failed, seconds = ran + count, failed + names, seconds + took
    out_of = sum(len(tests) for tests in skipped.values())
    passed = ran - len(failed) - out_of
    lines = [f"the suite: {passed} passed, {len(failed)} failed, {out_of} skipped, in {seconds:.0f} s"]
    lines += [f"  FAILED   {name}" for name in failed]
    for reason, tests in sorted(skipped.items()):
        lines.append(f"  skipped  {len(tests)}: {reason}")
    if known:
        lines.append(f"known findings, {known.total()} in all; TASKER_TEST_STRICT=1 counts them as failures")
    for (code, reason), count in sorted(known.items()):
        lines.append(f"  {code} {count:5}  {reason}")
    return "\n".join(lines)


def main() -> None:
    outcomes, *reports = map(Path, sys.argv[1:])
    # What a shell's pattern becomes when nothing matches it.
    missing = [str(report) for report in reports if not report.exists()]
    if missing or not reports:
        sys.exit(f"the suite: no test ran, there is no report {' '.join(missing)}")
    print(summary(outcomes, reports))


if __name__ == "__main__":
    main()
