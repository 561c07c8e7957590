"""The life of the worker, with an engine that does what the test says: whatever happens, it is stopped in order."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import TestCase, mock

from worker_python import service
from worker_python.errors import ConfigurationError, WorkerError
from worker_python.identity import EngineIdentity
from worker_python.runner import Completion, Event
from worker_python.settings import Address, Settings

from .support import event, folder


class FakeEngine:
    """Claims these steps, and writes down in which order it is told to stop."""

    def __init__(self, *steps: dict[str, Any], namespaces: tuple[str, ...] = ("n",)) -> None:
        self.steps = list(steps)
        self.namespaces = namespaces
        self.calls: list[str] = []
        self.results: list[Completion] = []

    def start(self) -> EngineIdentity:
        self.calls.append("start")
        return EngineIdentity("0.1.8", "w", "worker-c", self.namespaces)

    def unready(self) -> str | None:
        return None

    def poll(self) -> Event | None:
        return self.steps.pop() if self.steps else None

    def complete(self, step: Event, completion: Completion) -> bool:
        del step
        self.results.append(completion)
        return True

    def stop_claiming(self) -> None:
        self.calls.append("stop claiming")

    @contextlib.contextmanager
    def results_followed(self) -> Iterator[None]:
        yield

    def wait_until_sent(self, step: str, deadline: float) -> None:
        del step, deadline
        self.calls.append("wait")

    def stop(self) -> None:
        self.calls.append("stop")


class Stop:
    """Received once the engine has that many results."""

    def __init__(self, engine: FakeEngine, results: int) -> None:
        self.engine, self.results, self.at = engine, results, None

    @property
    def received_at(self) -> float | None:
        if self.at is None and "start" in self.engine.calls and len(self.engine.results) >= self.results:
            self.at = time.monotonic()
        return self.at


class Serve(TestCase):
    def setUp(self) -> None:
        self.folder = folder(self)
        self.templates = self.folder / "templates"
        self.templates.mkdir()
        (self.templates / "t.yaml").write_text("{name: t, namespace_name: n, steps: []}\n")

    def serve(self, engine: FakeEngine, results: int = 0, run_dir: Path | None = None) -> None:
        address = Address("127.0.0.1", 1)
        settings = Settings(
            instance="worker-python-1",
            web=address,
            database=address,
            config_path=self.folder,
            template_path=self.templates,
            run_dir=run_dir or self.folder,
            witness_file=self.folder / "w.jsonl",
            log_filter="info",
            concurrency=1,
        )
        with mock.patch.object(service, "Engine", lambda _: engine):
            service.serve(settings, "2026-01-01T00:00:00.000000Z", Stop(engine, results))  # type: ignore[arg-type]

    def test_steps_are_run_and_then_it_stops_in_order(self) -> None:
        engine = FakeEngine(event("worker_python.handlers.slow.Sleep", {"sleep_ms": 0}))

        self.serve(engine, results=1)

        self.assertEqual([result["success"] for result in engine.results], [True])
        self.assertEqual(engine.calls, ["start", "stop claiming", "stop"])
        self.assertTrue((self.folder / "identity.json").exists())

    def test_a_step_in_hand_ends_before_the_engine_does(self) -> None:
        engine = FakeEngine(event("worker_python.handlers.slow.Sleep", {"sleep_ms": 100}))

        self.serve(engine)

        self.assertEqual([result["success"] for result in engine.results], [True])
        self.assertEqual(engine.calls, ["start", "stop claiming", "wait", "stop"])

    def test_what_does_not_end_in_time_is_given_back(self) -> None:
        engine = FakeEngine(event("worker_python.handlers.slow.Sleep", {"sleep_ms": 500}))

        with mock.patch.object(service, "DRAIN_SECONDS", 0.05), self.assertLogs("worker_python", "WARNING"):
            self.serve(engine)

        self.assertEqual([result["error"]["error_type"] for result in engine.results], ["WorkerStopping"])
        self.assertEqual(engine.calls[-1], "stop")

    def test_a_namespace_that_the_engine_left_out_ends_it_in_order(self) -> None:
        engine = FakeEngine(namespaces=("default",))

        with self.assertRaisesRegex(WorkerError, "left out the namespaces n: "):
            self.serve(engine)

        self.assertEqual(engine.calls, ["start", "stop claiming", "stop"])
        self.assertFalse((self.folder / "identity.json").exists())

    def test_any_other_failure_after_the_start_does_too(self) -> None:
        engine = FakeEngine(event("worker_python.handlers.slow.Sleep", {"sleep_ms": 0}))

        with self.assertRaises(OSError):
            self.serve(engine, results=1, run_dir=self.folder / "nowhere")

        self.assertEqual(engine.calls, ["start", "stop claiming", "wait", "stop"])
        self.assertEqual(len(engine.results), 1)

    def test_templates_are_looked_at_before_the_engine_is_started(self) -> None:
        (self.templates / "t.yaml").write_text("{name: t, steps: [{}]}")
        engine = FakeEngine()

        with self.assertRaisesRegex(ConfigurationError, r"t\.yaml: it has no 'handler'; "):
            self.serve(engine)

        self.assertEqual(engine.calls, [])
