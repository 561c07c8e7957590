"""What the pages under docs/ name is there: files, commands, codes, methods."""

import re
import unittest
from pathlib import Path

from toolchain.pins import TOOLS

ROOT = TOOLS.parent
CODES = ROOT / "verifier" / "docs" / "codes"
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
TOP = "(?:config|docs|services|tests|tools|verifier|\\.ci|\\.config)"


def subcommands() -> set[str]:
    source = (ROOT / "verifier" / "src" / "cli.rs").read_text(encoding="utf-8")
    body = source.split("pub enum Command {", 1)[1].split("\n}", 1)[0]
    return {name.lower() for name in re.findall(r"(?m)^    ([A-Z]\w+)[ ({,]", body)}


def stages() -> str:
    return " ".join(file.stem for file in (TOOLS / "dev" / "stages").glob("*.sh"))


def ours(page: Path) -> str:
    """The text without the left columns of the tables, which speak of another repository."""
    lines = page.read_text(encoding="utf-8").splitlines()
    if page.name != "tas-73.md":
        return "\n".join(lines)
    return "\n".join(line.split(" | ", 1)[-1] if line.startswith("| ") else line for line in lines)


class Docs(unittest.TestCase):
    def each(self, pattern, holds):
        every = [(page.name, found) for page in PAGES for found in re.findall(pattern, ours(page))]
        self.assertGreater(len(every), 10)
        for page, found in every:
            with self.subTest(page=page, found=found):
                holds(found)

    def test_files_and_folders_are_there(self):
        ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()

        def is_there(path):
            self.assertTrue((ROOT / path).exists() or f"/{path}" in ignored)

        self.each(rf"`({TOP}/[\w./-]+)`", is_there)

    def test_commands_of_dev_are_there(self):
        def is_there(words):
            command, *rest = words.split()
            self.assertTrue((TOOLS / "dev" / f"{command}.sh").is_file())
            for word in rest if command == "test" else ():
                self.assertIn(word, stages())

        self.each(r"`\./dev ([a-z][^`]*)`", is_there)

    def test_commands_of_the_verifier_are_there(self):
        known = subcommands()
        self.assertIn("check", known)
        self.each(r"`cluster-verify ([a-z]+)", lambda command: self.assertIn(command, known))

    def test_codes_are_there(self):
        self.each(r"\bCV\d{3}\b", lambda code: self.assertTrue((CODES / f"{code}.md").is_file()))

    def test_methods_that_are_the_same_are_in_the_file_that_is_named(self):
        text = (ROOT / "docs" / "tas-73.md").read_text(encoding="utf-8").split("## Types and methods", 1)[1]
        rows = re.findall(r"(?m)^\| (.*) \| the same, in `([^`]+)`", text)
        self.assertGreater(len(rows), 8)
        for names, file in rows:
            source = (ROOT / file).read_text(encoding="utf-8")
            if "parse_urls_from_env" in names:
                names = names.split(";", 1)[0]
            for name in re.findall(r"`([\w-]+)`", names):
                with self.subTest(name=name, file=file):
                    self.assertRegex(source, rf"\b{name}\b")

    def test_variables_that_are_the_same_are_set_somewhere(self):
        text = (ROOT / "docs" / "tas-73.md").read_text(encoding="utf-8")
        rows = re.findall(r"(?m)^\| (`[A-Z].*) \| the same", text)
        places = [ROOT / "services" / "launch", *(ROOT / "config" / "env").rglob("*.env")]
        places += (ROOT / "verifier" / "src" / "topology").rglob("*.rs")
        sources = "\n".join(place.read_text(encoding="utf-8") for place in places)
        self.assertGreater(len(rows), 6)
        for name in re.findall(r"`([A-Z][A-Z_]+)`", " ".join(rows)):
            with self.subTest(name):
                # Counts are named by a rule, from the services' names.
                self.assertTrue(name in sources or name.endswith("_INSTANCES"), name)
