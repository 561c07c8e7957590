"""A wrong environment is refused in one sentence that names the variable."""

from pathlib import Path
from unittest import TestCase

from worker_python.errors import ConfigurationError
from worker_python.settings import Address, Settings

from .support import folder

CONFIGURATION = "[worker.mpsc_channels.handler_dispatch]\nmax_concurrent_handlers = 7\n"


class FromEnvironment(TestCase):
    def setUp(self) -> None:
        self.folder = folder(self)
        self.config = self.folder / "worker.toml"
        self.config.write_text(CONFIGURATION)
        self.environment = {
            "TASKER_INSTANCE_ID": "worker-python-2",
            "TASKER_WEB_BIND_ADDRESS": "127.0.0.1:8301",
            "DATABASE_URL": "postgresql://tasker:s3cret@127.0.0.1:15432/tasker",
            "TASKER_CONFIG_PATH": str(self.config),
            "TASKER_TEMPLATE_PATH": str(self.folder),
            "TASKER_RUN_DIR": str(self.folder),
            "TASKER_WITNESS_FILE": str(self.folder / "w.jsonl"),
        }

    def refusal(self, **change: str) -> str:
        with self.assertRaises(ConfigurationError) as refused:
            Settings.from_environment(self.environment | change)
        self.assertEqual(refused.exception.exit_status, 3)
        return str(refused.exception)

    def test_a_complete_environment_is_read(self) -> None:
        settings = Settings.from_environment(self.environment | {"RUST_LOG": "warn", "LOG_LEVEL": "info"})

        self.assertEqual(settings.instance, "worker-python-2")
        self.assertEqual((settings.web, settings.database), (Address("127.0.0.1", 8301), Address("127.0.0.1", 15432)))
        self.assertEqual((settings.log_filter, settings.concurrency), ("warn", 7))

    def test_every_variable_is_needed_and_named(self) -> None:
        for name in self.environment:
            with self.subTest(name):
                self.assertIn(f"{name} is not set; ", self.refusal(**{name: " "}))

    def test_folders_must_be_there(self) -> None:
        for name in ("TASKER_TEMPLATE_PATH", "TASKER_RUN_DIR"):
            with self.subTest(name):
                self.assertIn(f"{name} is no folder: /nowhere", self.refusal(**{name: "/nowhere"}))

    def test_the_address_needs_a_host_and_a_port(self) -> None:
        for value in ("8301", ":8301", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:0", "127.0.0.1:65536"):
            with self.subTest(value):
                self.assertIn("TASKER_WEB_BIND_ADDRESS", self.refusal(TASKER_WEB_BIND_ADDRESS=value))

    def test_a_wrong_database_url_is_not_repeated(self) -> None:
        for value in ("mysql://u:s3cret@h/d", "postgresql://u:s3cret@h:x/d", "postgresql://u:s3cret@h", "s3cret"):
            with self.subTest(value):
                refusal = self.refusal(DATABASE_URL=value)
                self.assertIn("DATABASE_URL", refusal)
                self.assertNotIn("s3cret", refusal)

    def test_the_configuration_must_be_a_workers(self) -> None:
        self.assertIn("cannot be read", self.refusal(TASKER_CONFIG_PATH="/nowhere.toml"))
        self.config.write_text("[orchestration]\n")
        self.assertIn("no [worker] section", self.refusal())
        self.config.write_text("[worker\n")
        self.assertIn("no valid TOML", self.refusal())

    def test_a_value_at_which_the_engine_would_abort_is_refused(self) -> None:
        self.config.write_text(CONFIGURATION + 'url = "${DATABASE_URL:-x}"\n')
        wrong = "postgresql://tasker:s3@cret@127.0.0.1/tasker"

        refusal = self.refusal(DATABASE_URL=wrong)

        self.assertIn("DATABASE_URL", refusal)
        self.assertNotIn("cret@", refusal)

    def test_without_a_limit_of_its_own_the_engine_s_default_holds(self) -> None:
        for text in ("[worker]\n", "[worker]\nmpsc_channels = 1\n", CONFIGURATION.replace("7", "0")):
            with self.subTest(text):
                Path(self.config).write_text(text)
                self.assertEqual(Settings.from_environment(self.environment).concurrency, 10)
