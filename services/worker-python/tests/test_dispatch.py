"""The dispatcher runs several steps at once and gives each result back once."""

import signal
import threading
import time
from collections import deque
from types import FrameType
from typing import Any
from unittest import TestCase, mock

from worker_python import dispatch
from worker_python.dispatch import Dispatcher
from worker_python.runner import Completion, Event, StepRunner
from worker_python.witness import Witness

from .support import HANDLERS, event, folder


class Queue:
    """An engine that has claimed these steps. A real one cannot be told to refuse a result."""

    def __init__(self, steps: list[dict[str, Any]]) -> None:
        self.steps = deque(steps)
        self.results: list[tuple[str, Completion]] = []
        self.callers: set[int] = set()
        self.refuse: list[Exception] = []
        self.accept = True

    def poll(self) -> Event | None:
        self.callers.add(threading.get_ident())
        return self.steps.popleft() if self.steps else None

    def complete(self, step: Event, completion: Completion) -> bool:
        self.callers.add(threading.get_ident())
        if self.refuse:
            raise self.refuse.pop()
        self.results.append((step["event_id"], completion))
        return self.accept


class Broken:
    """A runner with a fault of its own."""

    def run(self, event: Event) -> Completion:
        raise ZeroDivisionError(event["step_uuid"])


def sleeping(milliseconds: int) -> dict[str, Any]:
    return event("worker_python.handlers.slow.Sleep", {"sleep_ms": milliseconds})


class Dispatching(TestCase):
    def dispatcher(self, engine: Queue, concurrency: int = 4) -> Dispatcher:
        witness = Witness(folder(self) / "w.jsonl", "i")
        dispatcher = Dispatcher(engine, StepRunner(HANDLERS, witness, "i"), concurrency)
        self.addCleanup(dispatcher.close)
        return dispatcher

    def test_steps_run_side_by_side_and_one_thread_talks_to_the_engine(self) -> None:
        steps = [sleeping(200) for _ in range(4)]
        engine = Queue(steps)
        start = time.monotonic()

        self.assertTrue(self.dispatcher(engine).drain(start + 5))

        self.assertLess(time.monotonic() - start, 0.6)
        self.assertEqual({done for done, _ in engine.results}, {step["event_id"] for step in steps})
        self.assertTrue(all(result["success"] for _, result in engine.results))
        self.assertEqual(engine.callers, {threading.get_ident()})

    def test_everything_claimed_is_taken_even_when_all_threads_are_busy(self) -> None:
        engine = Queue([sleeping(50) for _ in range(6)])
        dispatcher = self.dispatcher(engine, concurrency=1)

        dispatcher.turn()

        self.assertEqual((len(engine.steps), dispatcher.in_hand), (0, 6))
        self.assertTrue(dispatcher.drain(time.monotonic() + 5))

    def test_a_step_that_outlives_the_deadline_is_given_back_once(self) -> None:
        engine = Queue([sleeping(300)])
        dispatcher = self.dispatcher(engine)

        self.assertFalse(dispatcher.drain(time.monotonic() + 0.05))
        self.assertEqual(dispatcher.in_hand, 1)
        self.assertEqual(dispatcher.give_back(), 1)

        ((_, result),) = engine.results
        self.assertEqual((result["success"], result["error"]["retryable"]), (False, True))
        self.assertEqual(result["error"]["error_type"], "WorkerStopping")
        dispatcher.close()
        for thread in threading.enumerate():
            if thread.name.startswith("handler"):
                thread.join()
        dispatcher.turn()
        self.assertEqual(len(engine.results), 1)

    def test_a_result_that_the_engine_cannot_read_is_replaced_by_a_failure(self) -> None:
        engine = Queue([sleeping(0)])
        engine.refuse = [RuntimeError("number out of range")]

        with self.assertLogs("worker_python.dispatch", "ERROR"):
            self.dispatcher(engine).drain(time.monotonic() + 5)

        ((_, result),) = engine.results
        self.assertIs(result["success"], False)
        self.assertIn("number out of range", result["error"]["message"])

    def test_a_failure_that_the_engine_cannot_read_either_costs_no_other_step(self) -> None:
        engine = Queue([sleeping(0), sleeping(0)])
        engine.refuse = [TypeError("no"), ValueError("no")]

        with self.assertLogs("worker_python.dispatch", "ERROR"):
            self.assertTrue(self.dispatcher(engine, concurrency=1).drain(time.monotonic() + 5))

        ((_, result),) = engine.results
        self.assertIs(result["success"], True)

    def test_a_fault_of_the_runner_is_logged_and_holds_nobody_up(self) -> None:
        engine = Queue([{"event_id": "e", "step_uuid": "s"}])
        dispatcher = Dispatcher(engine, Broken(), concurrency=1)  # type: ignore[arg-type]
        self.addCleanup(dispatcher.close)

        with self.assertLogs("worker_python.dispatch", "ERROR") as logs:
            self.assertTrue(dispatcher.drain(time.monotonic() + 5))

        self.assertIn("ZeroDivisionError", logs.output[0])
        self.assertEqual(engine.results, [])

    def test_a_result_that_the_engine_drops_is_an_error_in_the_log(self) -> None:
        engine = Queue([sleeping(0)])
        engine.accept = False

        with self.assertLogs("worker_python.dispatch", "ERROR") as logs:
            self.dispatcher(engine).drain(time.monotonic() + 5)

        self.assertIn("stays in_progress", logs.output[0])

    def test_a_turn_ends_though_a_signal_took_longer_than_it_would_wait(self) -> None:
        dispatcher = self.dispatcher(Queue([]))

        def slow(number: int, frame: FrameType | None) -> None:
            del number, frame
            time.sleep(0.4)

        self.addCleanup(signal.signal, signal.SIGALRM, signal.signal(signal.SIGALRM, slow))
        # Ends the turn should it never end by itself.
        watchdog = threading.Timer(5, dispatcher._finished.put, [(event("nobody", {}), None)])
        watchdog.start()
        self.addCleanup(watchdog.cancel)
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        start = time.monotonic()

        with mock.patch.object(dispatch, "IDLE_SECONDS", 0.2):
            dispatcher.turn()

        self.assertLess(time.monotonic() - start, 3)
