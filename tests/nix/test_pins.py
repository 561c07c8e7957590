"""What the flake takes from elsewhere is pinned, and nothing is that need not be."""

import base64
import json
import os
import re
import tomllib
from pathlib import Path

from flake_test import FlakeTest

SYSTEMS = ["aarch64-darwin", "aarch64-linux", "x86_64-linux"]


class Pins(FlakeTest):
    def test_one_input_and_it_is_locked(self):
        # Without the stand-in: Nix itself finds the lock complete, and downloads nothing for that.
        shown = self.passes("flake", "metadata", "--json", "--no-update-lock-file", "path:.", stand_in=False)
        nodes = json.loads(shown)["locks"]["nodes"]
        self.assertEqual(nodes["root"]["inputs"], {"nixpkgs": "nixpkgs"})
        self.assertEqual(sorted(nodes), ["nixpkgs", "root"])
        locked = nodes["nixpkgs"]["locked"]
        self.assertRegex(locked["rev"], r"^[0-9a-f]{40}$")
        self.assertRegex(locked["narHash"], r"^sha256-[A-Za-z0-9+/]{43}=$")
        self.assertEqual(nodes["nixpkgs"]["original"]["ref"], "nixos-26.05")

    def test_the_wheels_are_the_ones_that_the_other_tool_chain_pins(self):
        pinned = pinned_hashes(self.room.project / "tools" / "python" / "requirements.txt", "tasker-py")
        self.assertTrue(pinned)
        wheels = set()
        for system in SYSTEMS:
            source = self.evaluates(
                f"packages.{system}.python",
                "python: map (wheel: { inherit (wheel.src) name hash; }) python.chosen",
            )
            wheels |= {(wheel["name"], wheel["hash"]) for wheel in source}
        self.assertEqual({wheel_hash for _, wheel_hash in wheels}, pinned)
        for name, _ in wheels:
            self.assertRegex(name, r"^tasker_py-[\d.]+-cp310-abi3-(manylinux|macosx)\w+\.whl$")

    def test_the_source_has_every_file_that_cargo_reads(self):
        reads = {
            name
            for listing in (Path(os.environ["CARGO_TARGET_DIR"]) / "debug").glob("*.d")
            for name in files_below(self.room.project, listing.read_text())
        }
        if not reads:
            self.skipTest("cargo has not built this checkout")
        for package in ("services", "cluster-verify"):
            source = self.evaluates(f"packages.{self.room.system}.{package}", 'package: "${package.src}"')
            self.assertEqual(sorted(name for name in reads if not (Path(source) / name).exists()), [])

    def test_the_source_has_what_the_verifiers_tests_read_while_they_run(self):
        reads = read_at_run_time(self.room.project / "verifier")
        self.assertIn("process-compose.yaml", reads)
        source = self.evaluates(f"checks.{self.room.system}.verifier", 'check: "${check.src}"')
        self.assertEqual(sorted(name for name in reads if not (Path(source) / name).exists()), [])

    def test_a_worker_in_another_language_is_no_part_of_the_source(self):
        source = self.evaluates(f"packages.{self.room.system}.services", 'package: "${package.src}"')
        folders = {path.name for path in (Path(source) / "services").iterdir()}
        crates = {manifest.parent.name for manifest in self.room.project.glob("services/*/Cargo.toml")}
        self.assertEqual(folders, crates)
        self.assertFalse((Path(source) / "tests" / "nix").exists())

    def test_every_crate_of_the_workspace_with_a_program_is_packaged(self):
        crates = self.evaluates(
            f"packages.{self.room.system}",
            "packages: packages.services.crates ++ packages.cluster-verify.crates",
        )
        with_programs = [
            manifest.parent
            for manifest in self.room.project.glob("services/*/Cargo.toml")
            if (manifest.parent / "src" / "main.rs").exists() or "cdylib" in manifest.read_text()
        ]
        names = {crate_name(folder / "Cargo.toml") for folder in with_programs}
        self.assertEqual(set(crates), names | {"cluster-verify"})


def files_below(project: Path, listing: str) -> list[str]:
    """What a list of cargo's names of the project's own files; one that is gone was renamed since."""
    paths = (Path(word) for word in listing.split() if not word.endswith(":"))
    below = (path.relative_to(project) for path in paths if path.is_relative_to(project))
    return [str(name) for name in below if (project / name).is_file()]


def read_at_run_time(crate: Path) -> set[str]:
    """What is named in the files that speak of the crate's own folder, as far as the project has it."""
    named = set()
    for file in (path for folder in ("src", "tests") for path in (crate / folder).rglob("*.rs")):
        text = file.read_text()
        if "CARGO_MANIFEST_DIR" in text:
            named |= {word.lstrip("/") for word in re.findall(r'"([\w./-]+)"', text)}
    found = {(folder / word).resolve() for word in named for folder in (crate, crate.parent) if word.strip("./")}
    below = (path for path in found if path.exists() and path.is_relative_to(crate.parent))
    return {str(path.relative_to(crate.parent)) for path in below}


def crate_name(manifest) -> str:
    return tomllib.loads(manifest.read_text())["package"]["name"]


def pinned_hashes(requirements, package: str) -> set[str]:
    """The package's hashes in pip's list, written as Nix writes them."""
    entry = re.search(rf"^{re.escape(package)}==.*(?:\n +.*)*", requirements.read_text(), re.M)
    digests = re.findall(r"sha256:([0-9a-f]{64})", entry.group())
    return {"sha256-" + base64.b64encode(bytes.fromhex(digest)).decode() for digest in digests}
