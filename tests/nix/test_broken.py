"""A flake with something broken in it fails, and the reason is the one that was broken."""

import json

from flake_test import FlakeTest


class Broken(FlakeTest):
    def is_refused(self, variant, because: str) -> None:
        """`nix flake check` fails before it builds anything."""
        self.fails("flake", "check", "path:.", flake=variant.folder, because=because)

    def check_fails(self, variant, check: str, because: str) -> None:
        """One of what `nix flake check` builds; the others are left out to save time."""
        attribute = f"path:.#checks.{self.room.system}.{check}"
        self.fails("build", "--no-link", "-L", attribute, flake=variant.folder, because=because)

    def variant(self):
        return self.room.variant(self.id().rsplit(".", 1)[-1])

    def test_a_tool_whose_attribute_nixpkgs_does_not_have(self):
        variant = self.variant()
        variant.replace("tools/tools.toml", 'nix = "bun"', 'nix = "bunn"')
        self.is_refused(variant, "`bun` names `bunn`, which nixpkgs does not have")

    def test_a_tool_without_an_attribute(self):
        variant = self.variant()
        variant.replace("tools/tools.toml", 'nix = "bun"\n', "")
        self.is_refused(variant, "`bun` has no `nix` key")

    def test_a_part_that_asks_for_an_unknown_package(self):
        variant = self.variant()
        variant.replace("nix/postgresql.nix", "postgresql_18", "postgresql_81")
        self.is_refused(variant, "postgresql_81")

    def test_a_misspelt_extension(self):
        variant = self.variant()
        variant.replace("nix/postgresql.nix", "extensions.pgmq", "extensions.pgmqq")
        self.is_refused(variant, "attribute 'pgmqq' missing")

    def test_a_server_without_its_extension(self):
        variant = self.variant()
        variant.replace("nix/postgresql.nix", "[ extensions.pgmq ]", "[ ]")
        self.check_fails(variant, "pgmq", 'extension "pgmq" is not available')

    def test_an_extension_that_is_too_old(self):
        variant = self.variant()
        variant.replace("tools/tools.toml", 'version = "1.8"', 'version = "99.1"')
        self.check_fails(variant, "pgmq", "tools/tools.toml asks for 99.1 or newer")

    def test_a_tool_that_is_missing_in_the_shell(self):
        variant = self.variant()
        variant.replace(
            "nix/shell.nix",
            "map (tool: tool.package) tools",
            'map (tool: tool.package) (builtins.filter (tool: tool.name != "ruby") tools)',
        )
        self.check_fails(variant, "tools", "the shell has no `ruby` (ruby)")

    def test_a_tool_that_is_too_old(self):
        variant = self.variant()
        variant.replace("tools/tools.toml", 'version = "1.85"', 'version = "99.0"')
        self.check_fails(variant, "tools", "the list asks for 99.0 or newer")

    def test_a_server_of_another_major(self):
        variant = self.variant()
        variant.replace("tools/tools.toml", 'version = "18"', 'version = "17"')
        self.check_fails(variant, "tools", "the list asks for major 17")

    def test_an_input_that_is_not_locked(self):
        variant = self.variant()
        another = f'inputs.another.url = "path:{self.room.nixpkgs}";\n  inputs.nixpkgs.url'
        variant.replace("flake.nix", "inputs.nixpkgs.url", another)
        self.lock_is_refused(variant)

    def test_a_lock_for_another_input(self):
        variant = self.variant()
        variant.replace("flake.nix", "github:NixOS/nixpkgs/nixos-26.05", f"path:{self.room.nixpkgs}")
        self.lock_is_refused(variant)

    def test_a_lock_file_that_is_gone(self):
        variant = self.variant()
        variant.replace("flake.nix", "github:NixOS/nixpkgs/nixos-26.05", f"path:{self.room.nixpkgs}")
        (variant.folder / "flake.lock").unlink()
        self.lock_is_refused(variant)

    def test_a_lock_that_pins_nothing(self):
        variant = self.variant()
        lock = json.loads((variant.folder / "flake.lock").read_text())
        for pin in ("rev", "narHash"):
            del lock["nodes"]["nixpkgs"]["locked"][pin]
        variant.write("flake.lock", json.dumps(lock))
        self.fails(
            *("flake", "metadata", "path:."),
            flake=variant.folder,
            stand_in=False,
            because=("mutable", "unlocked input"),
        )

    def lock_is_refused(self, variant) -> None:
        self.fails(
            *("flake", "metadata", "path:.", "--no-update-lock-file"),
            flake=variant.folder,
            stand_in=False,
            because="requires lock file changes but they're not allowed",
        )

    def test_a_rendered_file_that_is_out_of_date(self):
        variant = self.variant()
        with_comment = (variant.folder / "process-compose.yaml").read_text() + "# edited by hand\n"
        variant.write("process-compose.yaml", with_comment)
        self.check_fails(variant, "rendered", "run `cluster-verify render` and commit")

    def test_a_rendered_file_that_process_compose_refuses(self):
        variant = self.variant()
        variant.replace("process-compose.yaml", "ordered_shutdown:", "orderly_shutdown:")
        self.check_fails(variant, "process-compose", "orderly_shutdown")

    def test_rust_that_is_not_formatted(self):
        variant = self.variant()
        main = variant.folder / "verifier" / "src" / "main.rs"
        variant.write("verifier/src/main.rs", main.read_text() + "fn  unformatted( ) {}\n")
        self.check_fails(variant, "formatting", "fn unformatted() {}")

    def test_nix_that_is_not_nix(self):
        variant = self.variant()
        variant.write("nix/unused.nix", "{ never = closed\n")
        self.check_fails(variant, "formatting", "unused.nix")

    def test_a_crate_that_the_workspace_does_not_have(self):
        variant = self.variant()
        variant.replace("nix/services.nix", '"worker-rust"', '"worker-rusty"')
        self.is_refused(variant, "package `worker-rusty` is not a member of the workspace")

    def test_a_source_that_lacks_a_member_of_the_workspace(self):
        variant = self.variant()
        variant.replace("nix/cargo-source.nix", "    ../verifier\n", "")
        self.is_refused(variant, "the source lacks verifier, a member of the workspace")

    def test_an_engine_that_is_built_without_protoc(self):
        variant = self.variant()
        variant.replace("nix/services.nix", "nativeBuildInputs = [ protobuf ];", "nativeBuildInputs = [ ];")
        self.is_refused(variant, "prost-build runs protoc, and nativeBuildInputs has no protobuf")

    def test_a_crate_from_outside_the_registry(self):
        variant = self.variant()
        lock = (variant.folder / "Cargo.lock").read_text()
        entry = '\n[[package]]\nname = "elsewhere"\nversion = "0.1.0"\nsource = "git+https://example.invalid/x#0"\n'
        variant.write("Cargo.lock", lock + entry)
        self.is_refused(variant, "elsewhere has no checksum")
