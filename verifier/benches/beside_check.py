#!/usr/bin/env python3
"""How much longer tasks take while `cluster-verify check` runs back to back.

Each round measures alone, beside, beside, alone, so that what drifts falls on both alike: one task after the other by
`cluster-verify run WORKLOAD -n N -c 1`, whose P50 is by the database's clock. Nothing else may run on the machine.
Needs a running cluster; begin with `./dev up --wait`, then in `./dev shell`:

    verifier/benches/beside_check.py --rounds 5
    verifier/benches/beside_check.py --rounds 5 --check=--gentle
"""

import argparse
import json
import statistics
import subprocess
import threading
import time


def verify(*arguments: str) -> str:
    """What the verifier prints; findings are no reason to stop measuring."""
    done = subprocess.run(["cluster-verify", *arguments], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1, 2):
        raise SystemExit(done.stderr.strip() or f"cluster-verify {' '.join(arguments)}: {done.returncode}")
    return done.stdout


def latency(workload: str, tasks: int) -> int:
    """The P50 of tasks that were sent one after the other, in milliseconds."""
    report = json.loads(verify("run", workload, "-n", str(tasks), "-c", "1", "-o", "json"))
    return report["run"]["latency_ms"]["p50"]


class Checks:
    """Checks back to back, until they are no longer wanted."""

    def __init__(self, options: list[str]):
        self.options = options
        self.seconds: list[float] = []
        self.verdicts: set[str] = set()
        self.wanted = True
        self.thread = threading.Thread(target=self.go_on)

    def go_on(self) -> None:
        while self.wanted:
            begun = time.monotonic()
            report = json.loads(verify("check", "-o", "json", *self.options))
            self.seconds.append(time.monotonic() - begun)
            self.verdicts.add(report["verdict"])

    def __enter__(self) -> "Checks":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.wanted = False
        self.thread.join()


def measured(arguments: argparse.Namespace) -> list[float]:
    """Prints a line a round, and returns each round's ratio."""
    ratios = []
    print(f"{'round':>5}  {'alone ms':>13}  {'beside ms':>13}  {'ratio':>7}  checks")
    for number in range(1, arguments.rounds + 1):
        alone, beside, checks = [], [], []
        for is_beside in (False, True, True, False):
            if is_beside:
                with Checks(arguments.check) as running:
                    beside.append(latency(arguments.workload, arguments.tasks))
                checks.append(running)
            else:
                alone.append(latency(arguments.workload, arguments.tasks))
        ratio = sum(beside) / sum(alone)
        ratios.append(ratio)
        seconds = [each for running in checks for each in running.seconds]
        verdicts = sorted(set().union(*(running.verdicts for running in checks)))
        print(
            f"{number:>5}  {alone[0]:>6} {alone[1]:>6}  {beside[0]:>6} {beside[1]:>6}  {ratio - 1:>+7.1%}"
            f"  {len(seconds)} of {statistics.median(seconds):.1f} s, {', '.join(verdicts)}",
            flush=True,
        )
    return ratios


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tasks", type=int, default=100, help="of each of a round's four runs")
    parser.add_argument("--workload", default="mathematical_sequence")
    parser.add_argument("--check", action="append", default=[], metavar="OPTION", help="of check, such as --gentle")
    arguments = parser.parse_args()
    # What is measured is a check of a cluster that an earlier one has proven.
    verify("check")
    latency(arguments.workload, arguments.tasks)
    ratios = measured(arguments)
    overall = statistics.geometric_mean(ratios)
    print(
        f"beside a check the median is {overall - 1:+.1%}"
        f" (median round {statistics.median(ratios) - 1:+.1%}, from {min(ratios) - 1:+.1%} to {max(ratios) - 1:+.1%})"
    )


if __name__ == "__main__":
    main()
