"""The identity record is one line, complete from the moment it exists."""

import json
import os
from pathlib import Path
from unittest import TestCase

from worker_python import identity
from worker_python.settings import Address, Settings

from .support import folder


class Record(TestCase):
    def test_it_is_one_line_with_every_key(self) -> None:
        run_dir = folder(self)
        settings = Settings(
            instance="worker-python-1",
            web=Address("127.0.0.1", 8300),
            database=Address("127.0.0.1", 15432),
            config_path=Path("c"),
            template_path=Path("t"),
            run_dir=run_dir,
            witness_file=Path("w"),
            log_filter="info",
            concurrency=1,
        )
        known_as = identity.EngineIdentity("0.1.8", "w", "worker-c", ["b", "a"])

        identity.write(run_dir, identity.record(settings, known_as, ["y", "x"], "2026-01-01T00:00:00.000000Z"))

        text = (run_dir / "identity.json").read_text()
        record = json.loads(text)
        self.assertEqual((text.count("\n"), text[-1]), (1, "\n"))
        self.assertEqual(
            list(record),
            [
                *("instance", "service", "pid", "version", "engine_version", "language", "executable"),
                *("started_at", "port", "processor_uuid", "worker_uuid", "rest_id", "namespaces", "handlers"),
            ],
        )
        self.assertEqual((record["pid"], record["port"]), (os.getpid(), 8300))
        self.assertEqual((record["namespaces"], record["handlers"]), (["a", "b"], ["x", "y"]))
        self.assertEqual([path.name for path in run_dir.iterdir()], ["identity.json"])
