"""Each Python workload of `config/workloads.toml` comes to what the file says, walked through its template."""

import tomllib
from pathlib import Path
from typing import Any
from unittest import TestCase

from worker_python.runner import StepRunner
from worker_python.witness import Witness

from .support import HANDLERS, event, folder
from .test_templates import templates

WORKLOADS = Path(__file__).resolve().parents[3] / "config" / "workloads.toml"


class Workloads(TestCase):
    def setUp(self) -> None:
        self.runner = StepRunner(HANDLERS, Witness(folder(self) / "w.jsonl", "i"), "i")

    def walk(self, template: dict[str, Any], context: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """What each step comes to, up to the first failure. A template lists its steps in an order they can run in."""
        done: dict[str, Any] = {}
        cursors: list[dict[str, Any]] = []
        for step in template["steps"]:
            # The engine makes the steps of a batch by its cursors.
            batch = step.get("type") == "batch_worker"
            instances = {f"{step['name']}_{cursor['batch_id']}": cursor for cursor in cursors}
            for name, cursor in instances.items() if batch else [(step["name"], None)]:
                completion = self.runner.run(
                    event(
                        step["handler"]["callable"],
                        context,
                        results=dict(done),
                        dependencies=step["dependencies"],
                        initialization=step["handler"].get("initialization"),
                        inputs={"cursor": cursor},
                    )
                )
                if not completion["success"]:
                    return done, False
                done[name] = completion["result"]
                cursors = done[name].get("batch_processing_outcome", {}).get("cursor_configs", cursors)
        return done, True

    def test_every_python_workload_comes_to_what_the_file_says(self) -> None:
        by_name = {(template["namespace_name"], template["name"]): template for template in templates()}
        workloads = tomllib.loads(WORKLOADS.read_text(encoding="utf-8"))["workload"]
        ours = [workload for workload in workloads if workload["language"] == "python"]

        for workload in ours:
            with self.subTest(workload["template"], context=workload["context"]):
                template = by_name[workload["namespace"], workload["template"]]
                done, complete = self.walk(template, workload["context"])

                self.assertEqual("complete" if complete else "blocked_by_failures", workload["outcome"])
                expected = workload.get("results", {})
                self.assertEqual({step: done[step]["result"] for step in expected}, expected)
        self.assertEqual({workload["template"] for workload in ours}, {name for _, name in by_name})
