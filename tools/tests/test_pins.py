"""The key of an installation: what changes it, and that the shell agrees."""

import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from toolchain.components import COMPONENTS
from toolchain.pins import TOOLS, component_key, installation_key, pin_files


class InstallationKey(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        for _, name in pin_files():
            (self.folder / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(TOOLS / name, self.folder / name)
        shutil.copyfile(TOOLS / "pins.list", self.folder / "pins.list")

    def test_the_shell_computes_the_same_key(self):
        script = f". {TOOLS}/env.sh; tasker_tools_key"
        told = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)

        self.assertEqual(told.stdout.strip(), installation_key())

    def test_any_pin_changes_it(self):
        before = installation_key(self.folder)
        for _, name in pin_files():
            with self.subTest(name):
                pin = self.folder / name
                kept = pin.read_bytes()
                pin.write_bytes(kept + b"\n")
                self.assertNotEqual(installation_key(self.folder), before)
                pin.write_bytes(kept)

    def test_another_platform_changes_it(self):
        self.assertNotEqual(installation_key(on="Linux-x86_64"), installation_key(on="Darwin-arm64"))

    def test_a_component_keeps_its_key_when_the_pin_of_another_changes(self):
        before = component_key("postgres", self.folder)
        (self.folder / "bun" / "package.json").write_text("{}", encoding="utf-8")

        self.assertEqual(component_key("postgres", self.folder), before)


class PinFiles(unittest.TestCase):
    def test_every_component_has_pins_and_every_pin_has_a_component(self):
        self.assertEqual({owner for owner, _ in pin_files()}, {c.name for c in COMPONENTS})

    def test_every_python_package_has_a_hash(self):
        for _, name in pin_files():
            if not name.endswith(".txt"):
                continue
            with self.subTest(name):
                text = (TOOLS / name).read_text(encoding="utf-8")
                for requirement in text.replace("\\\n", "").splitlines():
                    if not requirement.startswith("#"):
                        self.assertRegex(requirement, r"^\S+==\S+ +--hash=sha256:[0-9a-f]{64}")

    def test_every_npm_package_has_an_integrity_hash_and_no_address(self):
        text = (TOOLS / "bun" / "package-lock.json").read_text(encoding="utf-8")

        self.assertNotIn("://", text)
        self.assertEqual(text.count('"version"'), text.count('"integrity": "sha512-'))
