"""./dev where nothing runs and nothing is built: what it says, and how it ends."""

import fcntl

from tests.dev_case import DEV, DevCase

COMMANDS = ("up", "stop", "restart", "down", "status", "logs", "check", "test", "shell")


class Dev(DevCase):
    def test_every_command_is_listed_and_explains_itself(self):
        overview = self.dev("--help").stdout

        for command in COMMANDS:
            with self.subTest(command):
                told = self.dev(command, "--help")
                self.assertEqual(told.returncode, 0)
                self.assertTrue(told.stdout.startswith(f"Usage: ./dev {command}"), told.stdout)
                self.assertIn(f"\n  {command} ", overview)

    def test_help_is_given_wherever_it_is_asked_for_and_nothing_is_done(self):
        for words in (["check", "-o", "json", "--help"], ["up", "--wait", "-h"], ["down", "--help"]):
            with self.subTest(words):
                told = self.dev(*words)
                self.assertEqual((told.returncode, told.stderr), (0, ""))
                self.assertTrue(told.stdout.startswith(f"Usage: ./dev {words[0]}"), told.stdout)
        for words in (["shell", "--"], ["shell"]):
            self.assertEqual(self.dev(*words, "sh", "-c", 'echo "$0"', "--help").stdout, "--help\n")

    def test_a_wrong_command_or_option_ends_with_3_and_names_the_help(self):
        for words in (
            ["frob"],
            ["up", "--frob"],
            ["down", "now"],
            ["logs", "--frob"],
            ["logs", "-n", "few"],
            ["stop"],
            ["restart", "--frob"],
            ["test", "no-such-stage"],
            ["test", "--frob"],
        ):
            with self.subTest(words):
                told = self.dev(*words)
                self.assertEqual((told.returncode, told.stdout), (3, ""))
                self.assertRegex(told.stderr, r"^dev: .*(--help|tools/dev/stages/|./dev down)")
                self.assertEqual(told.stderr.count("\n"), 1)

    def test_down_with_nothing_running_is_fine(self):
        told = self.dev("down")

        self.assertEqual((told.returncode, told.stderr), (0, "nothing was running\n"))

    def test_down_leaves_the_script_that_called_it_alone(self):
        self.variables["PC_SOCKET_PATH"] = str(self.state / "pc.sock")

        # Its command line is one of those that a supervisor might have.
        told = self.run_command("bash", "-c", f"{DEV} down; echo survived", "process-compose", "up")

        self.assertEqual((told.returncode, told.stdout), (0, "survived\n"))

    def test_a_state_folder_may_be_named_from_here(self):
        self.variables["TASKER_CLUSTER_STATE"] = "of-its-own/state"

        told = self.run_command(DEV, "shell", "--", "sh", "-c", "echo $TASKER_CLUSTER_STATE", cwd=self.state)

        self.assertEqual(told.stdout, f"{self.state}/of-its-own/state\n")

    def test_status_and_logs_of_nothing_name_the_next_command(self):
        for command in ("status", "logs"):
            with self.subTest(command):
                told = self.dev(command)
                if command == "status" and told.returncode == 0:
                    self.skipTest("cluster-verify is on PATH")
                self.assertIn("./dev up", told.stdout + told.stderr)
                self.assertEqual(told.returncode, 1)

    def test_one_service_cannot_be_stopped_where_nothing_runs(self):
        for command in ("stop", "restart"):
            with self.subTest(command):
                told = self.dev(command, "worker-rust")
                self.assertEqual((told.returncode, told.stdout), (1, ""))
                self.assertEqual(told.stderr, "dev: no cluster runs here; ./dev up --wait starts one\n")

    def test_a_port_offset_that_is_none_is_refused_wherever_it_stands(self):
        for words in (["--port-offset", "many", "up"], ["up", "--port-offset=60000"], ["down", "--port-offset", "-1"]):
            with self.subTest(words):
                told = self.dev(*words)
                self.assertEqual((told.returncode, told.stdout), (3, ""))
                self.assertRegex(told.stderr, r"^dev: --port-offset \S+: expected a number from 0 to 50000\n$")
        self.assertIn("needs a number", self.dev("up", "--port-offset").stderr)

    def test_a_port_offset_that_is_too_high_for_the_tests_is_refused(self):
        told = self.dev("test", "10", "--port-offset", "49001")

        self.assertEqual((told.returncode, told.stdout), (3, ""))
        self.assertEqual(told.stderr, "dev: --port-offset 49001: of the tests the highest is 49000\n")

    def test_a_time_limit_with_a_unit_is_refused(self):
        self.variables["TASKER_START_TIMEOUT"] = "5m"

        told = self.dev("up", "--wait")

        self.assertEqual(told.returncode, 3)
        self.assertEqual(told.stderr, "dev: TASKER_START_TIMEOUT=5m: expected a number of seconds\n")

    def test_the_tests_run_once_at_a_time(self):
        lock = self.state / "test" / "run.lock"
        lock.parent.mkdir()
        with lock.open("w", encoding="utf-8") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            held.write("4711\n")
            held.flush()
            told = self.dev("test", "10")

        self.assertEqual((told.returncode, told.stdout), (3, ""))
        self.assertIn("run already, as pid 4711", told.stderr)

    def test_without_a_build_there_is_nothing_to_start(self):
        told = self.dev("up", "--wait", "--no-build")

        self.assertEqual((told.returncode, told.stdout), (3, ""))
        self.assertEqual(
            told.stderr,
            "dev: --no-build starts what was built before, and nothing was built here yet: ./dev up --wait builds it\n",
        )

    def test_an_engine_that_is_none_is_refused_before_anything_starts(self):
        told = self.dev("up", "--wait", "--engine", str(self.state / "none"))

        self.assertEqual((told.returncode, told.stdout), (3, ""))
        self.assertIn("is no folder; it should be a checkout of tasker-core", told.stderr)
        self.assertEqual(self.dev("up", "--no-build", "--engine", "x").returncode, 3)

    def test_a_port_offset_after_a_double_dash_is_somebody_elses(self):
        told = self.dev("shell", "--", "echo", "--port-offset", "7")

        self.assertEqual(told.stdout, "--port-offset 7\n")

    def logs(self):
        folder = self.state / "logs"
        folder.mkdir()
        lines = "2026-01-01T00:00:0{}Z INFO {}\n"
        (folder / "worker-rust-1.log").write_text(lines.format(1, "first") + lines.format(3, "third"), encoding="utf-8")
        (folder / "worker-rust-2.log").write_text(
            lines.format(2, "second") + "  of two lines\n" + lines.format(4, "fourth"), encoding="utf-8"
        )
        (folder / "postgres.log").write_text("ready\n", encoding="utf-8")

    def test_the_logs_of_a_service_are_put_in_the_order_of_their_time(self):
        self.logs()

        told = self.dev("logs", "worker-rust")

        self.assertEqual(
            [line.partition(" | ")[::2] for line in told.stdout.splitlines()],
            [
                ("worker-rust-1", "2026-01-01T00:00:01Z INFO first"),
                ("worker-rust-2", "2026-01-01T00:00:02Z INFO second"),
                ("worker-rust-2", "  of two lines"),
                ("worker-rust-1", "2026-01-01T00:00:03Z INFO third"),
                ("worker-rust-2", "2026-01-01T00:00:04Z INFO fourth"),
            ],
        )

    def test_the_log_of_one_needs_no_name_before_its_lines(self):
        self.logs()

        self.assertEqual(self.dev("logs", "postgres").stdout, "ready\n")
        self.assertEqual(self.dev("logs", "worker-rust-2", "-n", "1").stdout, "2026-01-01T00:00:04Z INFO fourth\n")

    def test_a_log_that_is_none_is_answered_with_those_that_are(self):
        self.logs()

        told = self.dev("logs", "worker-go")

        self.assertEqual(
            (told.returncode, told.stderr),
            (3, "dev: there is no log of 'worker-go'; there are: postgres worker-rust-1 worker-rust-2\n"),
        )

    def test_a_state_folder_of_another_version_is_refused_and_kept(self):
        (self.state / "version").write_text("0\n", encoding="utf-8")
        (self.state / "precious").touch()

        told = self.dev("up", "--wait", "--no-build")

        self.assertEqual(told.returncode, 3)
        self.assertIn(f"rm -rf '{self.state}'", told.stderr)
        self.assertTrue((self.state / "precious").exists())

    def test_a_database_of_another_major_is_refused(self):
        data = self.state / "postgres" / "data"
        data.mkdir(parents=True)
        (data / "PG_VERSION").write_text("15\n", encoding="utf-8")

        told = self.dev("up", "--wait", "--no-build")

        self.assertEqual(told.returncode, 3)
        self.assertIn("PostgreSQL 15", told.stderr)
