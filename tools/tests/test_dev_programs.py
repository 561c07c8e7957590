"""./dev and the programs that it calls: what of them it passes on, and what it does when they refuse."""

import os
import shutil
import signal
import subprocess
import time

from toolchain.pins import TOOLS

from tests.dev_case import DEV, DevCase

LIBRARY = TOOLS / "dev" / "lib"


class Built(DevCase):
    """With stand-ins for cargo and for what it builds."""

    def setUp(self):
        super().setUp()
        target = self.state / "target"
        (target / "debug").mkdir(parents=True)
        self.variables["CARGO_TARGET_DIR"] = str(target)
        self.variables["CALLS"] = str(self.state / "calls")
        self.stand_in("cargo", "exit 0")
        self.build("cluster-verify", 'echo "$@" >>"$CALLS"; case $* in *--frob*) echo no --frob >&2; exit 3 ;; esac')
        for name in ("cluster-database", "orchestration", "worker-rust"):
            self.build(name, "exit 0")

    def build(self, name, script):
        shutil.copy(self.stand_in(name, script), self.state / "target" / "debug" / name)

    def calls(self):
        return (self.state / "calls").read_text(encoding="utf-8").splitlines()

    def test_a_wrong_option_of_check_ends_it_before_anything_starts(self):
        told = self.dev("check", "--frob")

        self.assertEqual((told.returncode, told.stdout), (3, ""))
        self.assertTrue(told.stderr.endswith("no --frob\n"), told.stderr)
        self.assertEqual(self.calls(), ["check --frob --help"])

    def test_a_check_that_asks_no_cluster_starts_none_and_waits_for_none(self):
        for words in (["--offline"], ["--replay", "f"], ["--cluster=f", "-o", "json"]):
            with self.subTest(words):
                (self.state / "calls").write_text("")
                told = self.dev("check", *words)
                self.assertEqual(told.returncode, 0)
                self.assertEqual(self.calls(), [f"check {' '.join(words)} --help", f"check {' '.join(words)}"])
                self.assertNotIn("goes on running", told.stderr)

    def test_files_that_are_not_what_they_are_rendered_from_are_not_started(self):
        self.build("cluster-verify", 'case $* in "render --check") echo "cluster.toml:3: broken" >&2; exit 1 ;; esac')

        told = self.dev("up", "--wait")

        self.assertEqual((told.returncode, told.stdout), (3, ""))
        self.assertTrue(told.stderr.endswith("cluster.toml:3: broken\n"), told.stderr)

    def test_without_servers_no_worker_is_started_and_no_database(self):
        self.build(
            "cluster-verify",
            'case $* in "render --run"*) printf "command: exec services/launch worker-rust-1 x\\n" '
            '>"$TASKER_CLUSTER_STATE/process-compose.yaml" ;; esac',
        )

        told = self.dev("up", "--wait", "worker-rust")

        self.assertEqual((told.returncode, told.stdout), (3, ""))
        self.assertIn("there is no service or instance 'orchestration' in this cluster", told.stderr)
        self.assertFalse((self.state / "logs" / "process-compose.log").exists())

    def test_too_little_room_is_said_before_the_first_build(self):
        shutil.rmtree(self.state / "target")
        self.stand_in("df", "echo header; echo disk 9000000 8000000 1000000 89% /")

        told = self.dev("up", "--wait")

        self.assertEqual((told.returncode, told.stdout), (1, ""))
        self.assertIn("has 1024 MB free, and the first build takes 2500 MB", told.stderr)

    def library(self, script):
        """Runs it with the parts of ./dev loaded."""
        parts = "".join(
            f'. "{LIBRARY}/{part}.sh"\n' for part in ("say", "processes", "supervisor", "build", "selection")
        )
        self.variables |= {"DEV_ROOT": str(TOOLS.parent), "PC_SOCKET_PATH": str(self.state / "pc.sock")}
        return self.run_command("bash", "-c", f"set -euo pipefail\n{parts}{script}")

    def test_a_wait_ends_at_once_where_the_configuration_cannot_be_read(self):
        self.stand_in("cluster-verify", "echo cluster.toml:3: broken >&2; exit 3")

        told = self.library("wait_until_healthy")

        self.assertEqual(told.returncode, 3)
        self.assertTrue(told.stderr.startswith("cluster.toml:3: broken\ndev: "), told.stderr)

    def test_a_source_that_is_newer_than_the_build_is_named(self):
        stamp = self.state / "built"
        stamp.touch()
        self.assertEqual(self.library("tell_what_is_newer").stderr, "")

        os.utime(stamp, (0, 0))
        self.assertRegex(self.library("tell_what_is_newer").stderr, r"^\S+ was changed since the last build here")

    def test_counts_are_seen_also_in_a_large_environment(self):
        for number in range(2000):
            self.variables[f"ZZ_{number}"] = "x" * 500
        self.variables["TASKER_WORKER_RUST_INSTANCES"] = "3"

        told = self.library("wished_by_variables")

        self.assertEqual(told.stdout, "TASKER_WORKER_RUST_INSTANCES=3 --port-offset=27000 ")


class WithoutNix(DevCase):
    """A `nix develop` that does not work is not asked again, for a day."""

    def setUp(self):
        super().setUp()
        self.variables |= {"DEV_TOOLCHAIN": "", "TASKER_NIX_SHELL": ""}
        self.stand_in("nix", f'case $* in *develop*) echo x >>"{self.state}/asked"; exit 1 ;; esac; echo 2.8')

    def asked(self):
        return len((self.state / "asked").read_text(encoding="utf-8").splitlines())

    def test_a_refusal_is_remembered_and_forgotten_after_a_day_or_on_request(self):
        self.dev("stop", "worker-rust")
        self.dev("stop", "worker-rust")
        self.assertEqual(self.asked(), 1)

        a_day_ago = time.time() - 25 * 3600
        os.utime(self.state / "nix-answer", (a_day_ago, a_day_ago))
        self.dev("stop", "worker-rust")
        self.assertEqual(self.asked(), 2)

        self.variables["DEV_TOOLCHAIN"] = "nix"
        self.dev("stop", "worker-rust")
        self.assertFalse((self.state / "nix-answer").exists())

    def test_an_interrupted_question_is_no_answer(self):
        # Nix ends with 1 when it is interrupted.
        self.stand_in(
            "nix", f"""case $* in *develop*) trap 'exit 1' INT; touch "{self.state}/asking"; sleep 30 & wait ;; esac"""
        )
        dev = subprocess.Popen(
            [DEV, "stop", "worker-rust"],
            env={**os.environ, **self.variables},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        with dev:
            while not (self.state / "asking").exists():
                self.assertIsNone(dev.poll())
            os.killpg(dev.pid, signal.SIGINT)
            dev.communicate(timeout=30)

        self.assertEqual(dev.returncode, 130)
        self.assertFalse((self.state / "nix-answer").exists())
