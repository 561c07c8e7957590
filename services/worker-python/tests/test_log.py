"""Log lines carry the instance and no password."""

import contextlib
import io
import logging
from unittest import TestCase

from worker_python import log


class Masked(TestCase):
    def test_the_password_of_a_url_is_hidden(self) -> None:
        self.assertEqual(
            log.masked("DATABASE_URL=postgresql://tasker:a/b:c@127.0.0.1:15432/tasker (found)"),
            "DATABASE_URL=postgresql://tasker:***@127.0.0.1:15432/tasker (found)",
        )

    def test_a_password_that_is_cut_off_is_hidden(self) -> None:
        self.assertEqual(log.masked("pool: postgresql://tasker:s3cr..."), "pool: postgresql://tasker:***")

    def test_other_addresses_stay(self) -> None:
        for text in ("http://127.0.0.1:8300/health", "postgresql://127.0.0.1/tasker", "a:b@c"):
            self.assertEqual(log.masked(text), text)


class Lines(TestCase):
    def setUp(self) -> None:
        self.addCleanup(logging.getLogger("worker_python").handlers.clear)

    def logged(self, log_filter: str, level: int) -> str:
        with contextlib.redirect_stderr(io.StringIO()) as stderr:
            log.configure("worker-python-1", log_filter)
            logging.getLogger("worker_python.x").log(level, "seen at %s", "postgresql://u:s3cret@h/d")
        return stderr.getvalue()

    def test_a_line_names_time_level_instance_and_module(self) -> None:
        self.assertRegex(
            self.logged("info", logging.WARNING),
            r"^\S+Z WARNING worker-python-1 worker_python\.x: seen at postgresql://u:\*\*\*@h/d\n$",
        )

    def test_a_message_of_several_lines_stays_on_one(self) -> None:
        try:
            raise KeyError("gone\n  away")
        except KeyError:
            with contextlib.redirect_stderr(io.StringIO()) as stderr:
                log.configure("worker-python-1", "info")
                logging.getLogger("worker_python.x").exception("two\nlines")

        self.assertEqual(stderr.getvalue().count("\n"), 1)
        self.assertRegex(stderr.getvalue(), r": two lines Traceback .* KeyError: ")

    def test_the_worker_s_own_start_and_stop_are_always_told(self) -> None:
        self.assertIn("seen", self.logged("error,sqlx=off", logging.INFO))
        self.assertEqual(self.logged("info,sqlx=debug", logging.DEBUG), "")
        self.assertIn("seen", self.logged("debug", logging.DEBUG))
