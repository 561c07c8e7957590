"""The flake as it is: everything evaluates everywhere, and its own checks pass here."""

from flake_test import FlakeTest

SYSTEMS = ["aarch64-darwin", "aarch64-linux", "x86_64-linux"]


class Flake(FlakeTest):
    def test_its_checks_pass(self):
        self.passes("flake", "check", "path:.", "--print-build-logs")

    def test_every_system_has_every_output(self):
        for output in ("packages", "devShells", "checks"):
            names = self.evaluates(
                output,
                "builtins.mapAttrs (_: builtins.mapAttrs (_: value: builtins.substring 0 0 value.drvPath))",
            )
            self.assertEqual(sorted(names), SYSTEMS)
            self.assertEqual(len({tuple(sorted(of_one)) for of_one in names.values()}), 1)

    def test_every_app_is_described(self):
        for system in SYSTEMS:
            described = self.evaluates(f"apps.{system}", "builtins.mapAttrs (_: app: app.meta.description)")
            self.assertEqual(sorted(described), ["check", "cluster", "cluster-verify", "default"])
            self.assertNotIn("", described.values())

    def test_one_postgresql_serves_the_packages_the_shell_and_the_checks(self):
        system = self.room.system
        package = self.evaluates(f"packages.{system}.postgresql", "package: package.drvPath")
        for holder in (f"devShells.{system}.default", f"devShells.{system}.ci", f"checks.{system}.pgmq"):
            inputs = self.evaluates(holder, "holder: map (input: input.drvPath) holder.nativeBuildInputs")
            self.assertIn(package, inputs, holder)

    def test_the_verifier_runs(self):
        said = self.passes("run", "path:.#cluster-verify", "--", "--version")
        self.assertTrue(said.startswith("cluster-verify "), said)

    def test_the_cluster_starts_in_the_project_that_it_was_called_in(self):
        folder = self.room.flake / "services"
        said = self.passes("run", "path:..#cluster", "--", "--tui=false", "--dry-run", flake=folder)
        self.assertIn("Validated", said)
        # With what Nix built, in the place where `./dev` would put what cargo built.
        store = self.room.folder / "store"
        for program in ("cluster-verify", "orchestration", f"libworker_ffi{self.room.library_suffix}"):
            self.assertTrue((self.room.programs / program).readlink().is_relative_to(store), program)

    def test_the_check_runs_in_the_project_that_it_was_called_in(self):
        folder = self.room.flake / "services"
        said = self.passes("run", "path:..#check", "--", "--help", flake=folder)
        self.assertIn("Verify the cluster", said)

    def test_outside_a_project_the_cluster_says_where_to_go(self):
        self.fails(
            "run",
            f"path:{self.room.flake}#cluster",
            flake=self.room.folder / "home",
            because="not in the project's folder",
        )

    def test_the_services_and_the_library_are_packaged(self):
        for package, file in (
            ("services", "bin/cluster-database"),
            ("services", "bin/orchestration"),
            ("services", "bin/worker-rust"),
            ("worker-ffi", f"lib/libworker_ffi{self.room.library_suffix}"),
        ):
            self.passes("build", "--out-link", str(self.room.folder / package), f"path:.#{package}")
            links = list(self.room.folder.glob(f"{package}*/{file}"))
            self.assertTrue(links, f"{package} has no {file}")
