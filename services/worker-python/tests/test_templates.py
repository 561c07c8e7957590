"""The templates and the handlers fit together."""

from pathlib import Path
from typing import Any
from unittest import TestCase

import yaml
from worker_python.templates import find, without_handler

from .support import HANDLERS

TEMPLATES = Path(__file__).resolve().parents[3] / "config" / "templates" / "python"


def templates() -> list[dict[str, Any]]:
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(TEMPLATES.glob("*.yaml"))]


class Templates(TestCase):
    def test_every_callable_is_a_handler_and_every_handler_is_called(self) -> None:
        called = {step["handler"]["callable"] for template in templates() for step in template["steps"]}

        self.assertEqual(called, set(HANDLERS))

    def test_a_callable_that_is_not_here_is_found_with_its_file(self) -> None:
        handlers = [name for name in HANDLERS if not name.endswith("slow.Sleep")]

        self.assertEqual(without_handler(find(TEMPLATES), list(HANDLERS)), [])
        ((path, name),) = without_handler(find(TEMPLATES), handlers)
        self.assertEqual((path.name, name), ("slow_py.yaml", "worker_python.handlers.slow.Sleep"))

    def test_the_workloads_are_there_under_their_public_names(self) -> None:
        self.assertEqual(
            {f"{template['namespace_name']}/{template['name']}" for template in templates()},
            {
                "diamond_workflow_py/parallel_computation_py",
                "domain_events_py/domain_event_publishing_py",
                "fan_out_py/fan_out_py",
                "linear_workflow_py/mathematical_sequence_py",
                "slow_py/slow_py",
                "test_scenarios_py/permanent_error_only_py",
                "test_scenarios_py/retryable_error_only_py",
                "test_scenarios_py/success_only_py",
            },
        )

    def test_dependencies_name_steps_of_the_same_template(self) -> None:
        for template in templates():
            names = {step["name"] for step in template["steps"]}
            for step in template["steps"]:
                self.assertLessEqual(set(step["dependencies"]), names, step["name"])

    def test_step_names_are_used_once(self) -> None:
        names = [step["name"] for template in templates() for step in template["steps"]]

        self.assertEqual(len(names), len(set(names)))

    def test_every_step_says_how_often_it_is_tried(self) -> None:
        attempts = {step["name"]: step["retry"]["max_attempts"] for t in templates() for step in t["steps"]}

        self.assertEqual({name for name, count in attempts.items() if count != 3}, {"permanent_error_step_py"})
        self.assertEqual(attempts["permanent_error_step_py"], 1)
