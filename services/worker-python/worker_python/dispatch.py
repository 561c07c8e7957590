"""Carries steps from the engine to the handlers and their results back.

The wheel's own `Worker` runs one handler at a time, on the thread that polls, and forgets at its end the steps that
the engine has claimed and nobody has polled. Here handlers run on a pool of threads, and one thread alone talks to the
engine: the wheel takes its own lock while it holds Python's, so that two threads inside of it can stop each other.
"""

import logging
import queue
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from .runner import Completion, Event, StepRunner

LOG = logging.getLogger(__name__)

# The wheel cannot wait for a step, it can only be asked. Its own poller asks as often.
IDLE_SECONDS = 0.01
ENGINE_ERROR_SECONDS = 1.0


class StepSource(Protocol):
    """What the dispatcher needs of the engine."""

    def poll(self) -> Event | None:
        """The next claimed step, if there is one."""

    def complete(self, event: Event, completion: Completion) -> bool:
        """Hands a result to the engine; False if it does not take it any more."""


class Dispatcher:
    """Runs steps until it is told to stop. Used by one thread."""

    def __init__(self, engine: StepSource, runner: StepRunner, concurrency: int) -> None:
        self._engine = engine
        self._runner = runner
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="handler")
        # No `SimpleQueue`: its `get` waits for ever when a signal's handler takes longer than was left of the timeout.
        self._finished: queue.Queue[tuple[Event, Completion | None]] = queue.Queue()
        self._taken: dict[str, Event] = {}
        # The step whose result was handed over last, since the drain began.
        self.last_completed: str | None = None

    @property
    def in_hand(self) -> int:
        """How many steps are taken and have no result yet."""
        return len(self._taken)

    def turn(self) -> None:
        """Takes what the engine has claimed, then waits a moment for results and hands them over.

        Everything claimed is taken at once and waits here: the engine's own buffer is small, and what does not fit
        into it stays `in_progress` for ever. For the same reason `cleanup_timeouts` is not called: after 30 s it
        reports a step as timed out that still waits or runs, and has it run again beside the first run.
        """
        self._take()
        try:
            self._hand_over(*self._finished.get(timeout=IDLE_SECONDS))
            while True:
                self._hand_over(*self._finished.get_nowait())
        except queue.Empty:
            pass

    def drain(self, deadline: float) -> bool:
        """Runs what is in hand to its end, if that comes before the deadline (of `time.monotonic`)."""
        self.last_completed = None
        while time.monotonic() < deadline:
            self.turn()
            if self.in_hand == 0:
                return True
        return False

    def give_back(self) -> int:
        """Reports the steps in hand as failed and to be retried, so that another worker takes them over.

        Else they would stay `in_progress` for ever. How many there were is returned.
        """
        steps = list(self._taken.values())
        for event in steps:
            self._hand_over(event, self._runner.given_back(event))
        return len(steps)

    def close(self) -> None:
        """Ends the idle threads of the pool; what has not begun does not begin any more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _take(self) -> None:
        try:
            while (event := self._engine.poll()) is not None:
                self._taken[event["event_id"]] = event
                self._pool.submit(self._run, event)
        except RuntimeError as error:
            LOG.error("the engine cannot hand out a step: %s", error)
            time.sleep(ENGINE_ERROR_SECONDS)

    def _run(self, event: Event) -> None:
        completion = None
        try:
            completion = self._runner.run(event)
        except Exception:
            # The runner answers for the handlers' errors, so this one is its own; the pool would keep it to itself.
            LOG.exception("step %s has no result and stays in_progress", event["step_uuid"])
        finally:
            self._finished.put((event, completion))

    def _hand_over(self, event: Event, completion: Completion | None) -> None:
        if self._taken.pop(event["event_id"], None) is None or completion is None:
            return
        step = event["step_uuid"]
        try:
            accepted = self._complete(event, completion)
        except Exception as error:  # noqa: BLE001 (the other steps are none the worse for it)
            LOG.error("the engine does not even accept the failure of step %s: %s", step, error)
            accepted = False
        if accepted:
            self.last_completed = step
        else:
            LOG.error("the engine dropped the result of step %s; it stays in_progress", step)

    def _complete(self, event: Event, completion: Completion) -> bool:
        try:
            return self._engine.complete(event, completion)
        except Exception as error:  # noqa: BLE001 (the wheel raises several kinds)
            LOG.error("the engine does not accept the result of step %s: %s", event["step_uuid"], error)
            return self._engine.complete(event, self._runner.unacceptable(event, str(error)))
