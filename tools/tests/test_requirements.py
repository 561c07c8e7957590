"""`tools.toml`, and how a tool's answer is compared with it."""

import dataclasses
import unittest

from toolchain.components import COMPONENTS
from toolchain.requirements import Tool, read_tools, version_in

TOOL = Tool("x", "x", (), version="1.8", match="minimum", nix="x", source="system")


class Versions(unittest.TestCase):
    def test_a_minimum_accepts_newer_and_refuses_older(self):
        self.assertTrue(TOOL.accepts("1.8"))
        self.assertTrue(TOOL.accepts("1.11.1"))
        self.assertFalse(TOOL.accepts("1.7.9"))

    def test_a_major_accepts_only_itself(self):
        tool = dataclasses.replace(TOOL, version="18", match="major")

        self.assertTrue(tool.accepts("18.6"))
        self.assertFalse(tool.accepts("19.0"))
        self.assertFalse(tool.accepts("1.8"))

    def test_the_version_is_found_in_what_tools_print(self):
        for output, version in (
            ("postgres (PostgreSQL) 18.6", "18.6"),
            ("v1.85.0", "1.85.0"),
            ("libprotoc 30.2", "30.2"),
            ("ruby 3.1.2p20 (2022-04-12 revision 4491bb740a)", "3.1.2"),
            ("ShellCheck - shell script analysis tool\nversion: 0.11.0\n", "0.11.0"),
        ):
            with self.subTest(output):
                self.assertEqual(version_in(output), version)


class TheList(unittest.TestCase):
    def test_every_source_is_a_component_or_the_system(self):
        known = {component.name for component in COMPONENTS} | {"system"}

        for tool in read_tools():
            self.assertIn(tool.source, known, tool.name)
            self.assertIn(tool.match, ("major", "minimum"), tool.name)
