"""Whatever a handler does, its step gets a result that the engine understands."""

import json
from collections.abc import Callable
from typing import Any
from unittest import TestCase

from tasker_core import PermanentError, RetryableError, StepContext, StepHandlerResult
from worker_python.handler import Handler
from worker_python.runner import StepRunner
from worker_python.witness import Witness

from .support import HANDLERS, event, folder


class Doing(Handler):
    """Does what the test says."""

    def __init__(self, what: Callable[[StepContext], Any]) -> None:
        self._what = what

    def run(self, context: StepContext) -> dict[str, Any]:
        return self._what(context)


def throw(error: BaseException) -> Callable[[StepContext], Any]:
    def what(_: StepContext) -> Any:
        raise error

    return what


class Runs(TestCase):
    def setUp(self) -> None:
        self.path = folder(self) / "w.jsonl"
        self.witness = Witness(self.path, "worker-python-1")

    def run_one(self, what: Callable[[StepContext], Any], **rest: Any) -> dict[str, Any]:
        runner = StepRunner({"x": Doing(what)}, self.witness, "worker-python-1")
        return runner.run(event("x", **rest))

    def witnessed(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def test_a_result_goes_back_with_the_instance_and_the_time_it_took(self) -> None:
        done = self.run_one(lambda context: {"seen": context.input_data}, context={"a": 1})

        self.assertEqual((done["success"], done["status"], done["result"]), (True, "completed", {"seen": {"a": 1}}))
        self.assertEqual(done["metadata"]["worker_id"], "worker-python-1")
        self.assertGreaterEqual(done["metadata"]["execution_time_ms"], 0)
        self.assertEqual([line.get("ok") for line in self.witnessed()], [None, True])

    def test_typed_errors_decide_about_the_retry(self) -> None:
        for error, retryable in (
            (RetryableError("later"), True),
            (PermanentError("never"), False),
            (ConnectionError("gone"), True),
            (KeyError("constant"), False),
            (SystemExit(2), True),
        ):
            with self.subTest(type(error).__name__):
                done = self.run_one(throw(error))

                self.assertIs(done["success"], False)
                self.assertIs(done["metadata"]["retryable"], retryable)
                self.assertEqual(done["error"]["error_type"], type(error).__name__)
                self.assertEqual(done["error"]["message"], str(error))
                self.assertIn(type(error).__name__, "".join(done["error"]["backtrace"]))
                self.assertIs(self.witnessed()[-1]["ok"], False)

    def test_an_error_without_words_is_called_by_its_type(self) -> None:
        self.assertEqual(self.run_one(throw(MemoryError()))["error"]["message"], "MemoryError")

    def test_the_attempt_is_one_more_than_the_engine_has_counted(self) -> None:
        for counted, attempt in ((None, 1), (0, 1), (2, 3)):
            self.run_one(lambda _: {}, attempts=counted)
            self.assertEqual(self.witnessed()[-1]["attempt"], attempt)

    def test_a_failure_that_is_returned_counts_like_one_that_is_raised(self) -> None:
        class Returning(Handler):
            def run(self, context: StepContext) -> dict[str, Any]:
                raise NotImplementedError

            def call(self, context: StepContext) -> StepHandlerResult:
                del context
                return StepHandlerResult.failure("no stock", error_type="StockError", retryable=False)

        done = StepRunner({"x": Returning()}, self.witness, "i").run(event("x"))

        self.assertIs(done["success"], False)
        self.assertEqual((done["error"]["message"], done["error"]["retryable"]), ("no stock", False))
        self.assertEqual(done["error"]["error_type"], "StockError")
        self.assertIs(self.witnessed()[-1]["ok"], False)

    def test_a_result_that_is_no_json_is_a_permanent_failure(self) -> None:
        cycle: dict[str, Any] = {}
        cycle["a"] = cycle
        for result in ({"a": object()}, {"a": float("nan")}, {"a": {1, 2}}, cycle):
            with self.subTest(str(result)):
                done = self.run_one(lambda _, result=result: result)

                self.assertIs(done["metadata"]["retryable"], False)
                self.assertIn("not JSON", done["error"]["message"])
                self.assertIs(self.witnessed()[-1]["ok"], False)

    def test_a_result_that_the_database_does_not_store_is_a_permanent_failure(self) -> None:
        for result in ({"a": ["\0"]}, {"a\0": 1}, {"a": "\\\0"}):
            with self.subTest(str(result)):
                done = self.run_one(lambda _, result=result: result)

                self.assertIs(done["metadata"]["retryable"], False)
                self.assertIn("U+0000", done["error"]["message"])
        self.assertIs(self.run_one(lambda _: {"a": "\\u0000"})["success"], True)

    def test_words_that_nobody_can_store_are_changed_and_leave_the_retry_as_it_was(self) -> None:
        done = self.run_one(throw(RetryableError("a\0b\udcff")))

        self.assertIs(done["metadata"]["retryable"], True)
        self.assertEqual(done["error"]["message"], "a\ufffdb?")
        json.dumps(done).encode()

    def test_an_error_that_cannot_even_be_told_still_ends_the_step(self) -> None:
        class BrokenError(RetryableError):
            def __str__(self) -> str:
                raise LookupError

        done = self.run_one(throw(BrokenError("x")))

        self.assertIs(done["metadata"]["retryable"], True)
        self.assertIn("LookupError", done["error"]["message"])

    def test_a_callable_that_is_not_here_is_a_permanent_failure_and_no_run(self) -> None:
        done = StepRunner(HANDLERS, self.witness, "i").run(event("nobody.Knows"))

        self.assertIs(done["metadata"]["retryable"], False)
        self.assertIn("nobody.Knows", done["error"]["message"])
        self.assertEqual(self.witnessed(), [])

    def test_a_step_without_a_result_of_its_own_fails_for_good_or_for_now(self) -> None:
        runner = StepRunner(HANDLERS, self.witness, "worker-python-1")
        step = event("x")

        for failure, retryable in ((runner.unacceptable(step, "too large"), False), (runner.given_back(step), True)):
            self.assertEqual(failure["step_uuid"], step["step_uuid"])
            self.assertEqual((failure["success"], failure["metadata"]["retryable"]), (False, retryable))
            self.assertEqual(failure["metadata"]["worker_id"], "worker-python-1")
