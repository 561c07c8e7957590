#!/usr/bin/env python3
"""What a call of a handler costs in each language: the same four steps of arithmetic, one task at a time, in one run.

Needs a running cluster on which nothing else happens; after `./dev up --wait`, in `./dev shell`:

    services/worker-ffi/benches/handler_call.py --tasks 100

Of each step that was run once: the time from the worker's claim (written before the handler is called) to the first
line of the handler's witness, in the handler, and from its last line to the stored result. In Rust a handler is called
directly; Ruby and TypeScript poll `libworker_ffi`, Python polls its wheel.
"""

import argparse
import json
import os
import statistics
import subprocess
from datetime import UTC, datetime
from pathlib import Path

WORKLOADS = {
    "rust": ("rust_e2e_linear", "mathematical_sequence"),
    "ruby": ("linear_workflow", "mathematical_sequence"),
    "typescript": ("linear_workflow_ts", "mathematical_sequence_ts"),
    "python": ("linear_workflow_py", "mathematical_sequence_py"),
}
QUERY = """
SELECT json_object_agg(step, json_build_array(claimed, stored)) FROM (
    SELECT workflow_step_uuid AS step,
           min(extract(epoch FROM created_at)) FILTER (WHERE to_state = 'in_progress') AS claimed,
           min(extract(epoch FROM created_at)) FILTER (WHERE to_state = 'enqueued_for_orchestration') AS stored
    FROM tasker.workflow_step_transitions GROUP BY 1
    HAVING count(*) FILTER (WHERE to_state = 'in_progress') = 1
       AND min(created_at) >= timezone('utc', to_timestamp({since}))
) AS steps
"""


def verify(*arguments: str) -> str:
    """What the verifier prints; known findings are no reason to stop measuring."""
    done = subprocess.run(["cluster-verify", *arguments], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr.strip())
    return done.stdout


def runs(since: float) -> dict[str, list[tuple[str, float, float]]]:
    """Steps that were run once since then, with start and end in seconds, by namespace."""
    lines: dict[str, list[dict[str, str]]] = {}
    witness = Path(os.environ.get("TASKER_CLUSTER_STATE", ".cluster")) / "witness"
    for file in witness.glob("*.jsonl"):
        for line in map(json.loads, file.read_text().splitlines()):
            if datetime.fromisoformat(line["wall"]).timestamp() >= since:
                lines.setdefault(line["step"], []).append(line)
    by_namespace: dict[str, list[tuple[str, float, float]]] = {}
    for step, of_step in lines.items():
        at = {line["event"]: datetime.fromisoformat(line["wall"]).timestamp() for line in of_step}
        if len(of_step) == 2 and len(at) == 2:
            run = (step, at["started"], at["finished"])
            by_namespace.setdefault(of_step[0]["namespace"], []).append(run)
    return by_namespace


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=100, help="of each language")
    tasks = parser.parse_args().tasks
    since = datetime.now(UTC).timestamp()
    # By turns, so that what drifts falls on all alike.
    for count in (tasks // 2, tasks - tasks // 2):
        for namespace, template in WORKLOADS.values():
            verify("run", f"{namespace}/{template}", "-n", str(count), "-c", "1")
    written = json.loads(verify("psql", "-A", "-t", "-c", QUERY.format(since=since)))
    seen = runs(since)
    print(f"{'':>11} {'steps':>6} {'claim to call, ms':>26} {'in the handler, ms':>26} {'return to result, ms':>26}")
    for language, (namespace, _) in WORKLOADS.items():
        parts: list[list[float]] = [[], [], []]
        for step, started, finished in seen.get(namespace, []):
            claimed, stored = written.get(step, (None, None))
            if claimed is not None and stored is not None:
                took = (started - claimed, finished - started, stored - finished)
                for part, seconds in zip(parts, took, strict=True):
                    part.append(seconds * 1000)
        shown = "  ".join(f"{statistics.median(part):>8.2f} (P95 {percentile(part):>7.2f})" for part in parts)
        print(f"{language:>11} {len(parts[0]):>6}  {shown}")


def percentile(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


if __name__ == "__main__":
    main()
