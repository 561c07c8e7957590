"""The handlers compute what the workloads promise, and refuse what they cannot compute with."""

import time
from typing import Any
from unittest import TestCase

from tasker_core import PermanentError, RetryableError, StepValidationError

from .support import run

ORDER = {"order_id": "o-1", "customer_id": "c-1", "amount": 99.5}


class Linear(TestCase):
    def test_six_becomes_sixty_nine(self) -> None:
        one = run("linear.Square", {"even_number": 6})
        two = run("linear.Add", results={"one": one}, initialization={"constant": 10})
        three = run("linear.Multiply", results={"two": two}, initialization={"factor": 3})
        four = run("linear.Divide", results={"three": three}, initialization={"divisor": 2})

        self.assertEqual([step["result"] for step in (one, two, three, four)], [36, 46, 138, 69])
        self.assertIsInstance(four["result"], int)

    def test_a_missing_odd_or_fractional_number_is_a_permanent_failure(self) -> None:
        for context in ({}, {"even_number": 7}, {"even_number": 6.0}, {"even_number": "6"}, {"even_number": True}):
            with self.subTest(context), self.assertRaises(StepValidationError):
                run("linear.Square", context)

    def test_only_the_parent_counts_and_not_its_ancestors(self) -> None:
        results = {"root": {"result": 1000}, "parent": {"result": 1}}

        added = run("linear.Add", results=results, dependencies=["parent"], initialization={"constant": 10})

        self.assertEqual(added["result"], 11)

    def test_a_result_that_is_not_there_yet_is_waited_for(self) -> None:
        with self.assertRaises(RetryableError):
            run("linear.Add", dependencies=["parent"], initialization={"constant": 10})

    def test_a_parent_without_a_number_is_a_permanent_failure(self) -> None:
        for result in ({}, {"result": None}, {"result": "six"}, {"result": True}, {"result": "nan"}):
            with self.subTest(result), self.assertRaises(PermanentError):
                run("linear.Add", results={"parent": result}, initialization={"constant": 10})


class Diamond(TestCase):
    def test_six_becomes_sixty_six_and_a_half(self) -> None:
        start = run("diamond.Start", {"even_number": 6})
        left = run("diamond.BranchB", results={"start": start}, initialization={"constant": 25})
        right = run("diamond.BranchC", results={"start": start}, initialization={"factor": 2})
        end = run("diamond.End", results={"left": left, "right": right})

        self.assertEqual([step["result"] for step in (start, left, right, end)], [36, 61, 72, 66.5])

    def test_the_mean_of_large_numbers_is_exact(self) -> None:
        start = run("diamond.Start", {"even_number": 10**12})
        left = run("diamond.BranchB", results={"start": start}, initialization={"constant": 25})
        right = run("diamond.BranchC", results={"start": start}, initialization={"factor": 2})
        end = run("diamond.End", results={"left": left, "right": right})

        self.assertEqual(start["result"], "1" + 24 * "0")
        self.assertEqual(end["result"], "1500000000000000000000012.5")


class FanOut(TestCase):
    def batch(self, context: dict[str, Any]) -> dict[str, Any]:
        return run("fan_out.Root", {"even_number": 6} | context)["batch_processing_outcome"]

    def test_the_root_asks_for_as_many_parts_as_the_task_is_wide(self) -> None:
        for context, width in (({}, 10), ({"width": 1}, 1), ({"width": 100}, 100)):
            with self.subTest(context):
                batch = self.batch(context)
                self.assertEqual((batch["worker_count"], len(batch["cursor_configs"])), (width, width))
                self.assertEqual((batch["type"], batch["worker_template_name"]), ("create_batches", "fan_out_py_part"))

    def test_a_width_out_of_range_is_a_permanent_failure(self) -> None:
        for width in (0, 101, "10", 2.5, True):
            with self.subTest(width), self.assertRaises(StepValidationError):
                self.batch({"width": width})

    def test_a_part_multiplies_by_its_place(self) -> None:
        cursor = self.batch({})["cursor_configs"][6]

        part = run("fan_out.Part", results={"fan_out_py_root": {"result": 6}}, inputs={"cursor": cursor})

        self.assertEqual((cursor["batch_id"], part), ("007", {"result": 42, "operation": "multiply"}))

    def test_the_join_adds_the_parts_up(self) -> None:
        results = {f"fan_out_py_part_{place:03}": {"result": 6 * place} for place in range(1, 11)}

        joined = run(
            "fan_out.Join",
            results=results | {"fan_out_py_root": {"result": 6}},
            dependencies=["fan_out_py_part"],
        )

        self.assertEqual((joined["result"], joined["width"]), (330, 10))

    def test_a_join_waits_for_its_parts(self) -> None:
        with self.assertRaisesRegex(RetryableError, "fan_out_py_part"):
            run("fan_out.Join", dependencies=["fan_out_py_part"])


class Scenarios(TestCase):
    def test_success_passes_the_message_on(self) -> None:
        self.assertEqual(run("test_scenarios.Success", {"message": "hello"}), {"result": "hello", "status": "success"})

    def test_failures_have_the_type_that_decides_about_the_retry(self) -> None:
        with self.assertRaisesRegex(RetryableError, "^later$"):
            run("test_scenarios.RetryableFailure", {"error_message": "later"})
        with self.assertRaisesRegex(PermanentError, "^never$"):
            run("test_scenarios.PermanentFailure", {"error_message": "never"})


class DomainEvents(TestCase):
    def test_an_order_goes_through(self) -> None:
        self.assertEqual(run("domain_events.ValidateOrder", ORDER)["result"], "validated")
        self.assertEqual(run("domain_events.ProcessPayment", ORDER)["transaction_id"], "TXN-o-1")
        self.assertEqual(len(run("domain_events.UpdateInventory", ORDER)["items"]), 2)
        sent = run("domain_events.SendNotification", ORDER, initialization={"channel": "email"})
        self.assertEqual((sent["notification_id"], sent["recipient"]), ("NOTIF-o-1", "c-1"))

    def test_an_order_without_id_or_amount_is_a_permanent_failure(self) -> None:
        for context in ({"amount": 1}, {"order_id": "o", "amount": 0}, {"order_id": "o", "amount": "1"}):
            with self.subTest(context), self.assertRaises(StepValidationError):
                run("domain_events.ValidateOrder", context)

    def test_a_payment_that_is_to_fail_may_be_retried(self) -> None:
        with self.assertRaises(RetryableError):
            run("domain_events.ProcessPayment", ORDER | {"simulate_failure": True})


class Slow(TestCase):
    def test_it_sleeps_as_long_as_the_task_says(self) -> None:
        start = time.monotonic()

        self.assertEqual(run("slow.Sleep", {"sleep_ms": 30}), {"result": 30, "operation": "sleep"})

        self.assertGreaterEqual(time.monotonic() - start, 0.03)

    def test_a_time_that_is_none_is_a_permanent_failure(self) -> None:
        for context in ({}, {"sleep_ms": -1}, {"sleep_ms": "30"}, {"sleep_ms": True}, {"sleep_ms": 50_001}):
            with self.subTest(context), self.assertRaises(StepValidationError):
                run("slow.Sleep", context)
