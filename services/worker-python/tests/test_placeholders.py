"""Values at which the engine would abort are refused before it sees them."""

from unittest import TestCase

from worker_python import placeholders
from worker_python.errors import ConfigurationError

TOML = 'backend = "${TASKER_MESSAGING_BACKEND:-pgmq}"\nurl = "${DATABASE_URL}"\n'


class Check(TestCase):
    def test_variables_that_are_unset_or_of_the_right_form_pass(self) -> None:
        placeholders.check(TOML, {})
        placeholders.check(TOML, {"TASKER_MESSAGING_BACKEND": "pgmq", "DATABASE_URL": "postgresql://u:p@127.0.0.1:1/d"})

    def test_a_value_of_another_form_is_refused(self) -> None:
        for name, value in (
            ("TASKER_MESSAGING_BACKEND", "kafka"),
            ("TASKER_MESSAGING_BACKEND", ""),
            ("TASKER_MESSAGING_BACKEND", "pgmq\n"),
            ("DATABASE_URL", "postgresql://u:p@q@127.0.0.1/d"),
            ("DATABASE_URL", "postgresql://u:p@127.0.0.1/"),
        ):
            with self.subTest(value), self.assertRaisesRegex(ConfigurationError, name):
                placeholders.check(TOML, {name: value})

    def test_every_example_is_of_its_form(self) -> None:
        for name, form in placeholders.FORMS.items():
            if name != "TASKER_JWT_PUBLIC_KEY":
                self.assertRegex(form.example.split(", ")[0], f"^({form.pattern})$", name)

    def test_only_what_the_file_uses_is_looked_at(self) -> None:
        placeholders.check("", {"TASKER_MESSAGING_BACKEND": "kafka"})

    def test_a_variable_that_the_engine_does_not_know_is_refused(self) -> None:
        with self.assertRaisesRegex(ConfigurationError, "HOME"):
            placeholders.check('x = "${HOME}"', {"HOME": "/x"})
