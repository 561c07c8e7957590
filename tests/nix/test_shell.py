"""The shell: the tools of the list, the variables of the other tool chain, nothing started."""

import subprocess
from unittest import mock

from flake_test import FlakeTest
from toolchain.requirements import observe, read_tools

SHELLS = ("default", "ci")
# What tools/env.sh sets, apart from where the tools themselves are.
ABOUT_TOOLS = {"TASKER_NIX_SHELL", "TASKER_TOOLS", "TASKER_POSTGRES_BIN", "TASKER_PGMQ_EXTENSION_PATH"}


class Shell(FlakeTest):
    def test_its_tools_are_the_ones_that_the_other_tool_chain_installs(self):
        listed = read_tools()
        for shell in SHELLS:
            names = self.evaluates(f"devShells.{self.room.system}.{shell}", "shell: map (tool: tool.name) shell.tools")
            self.assertEqual(names, [tool.name for tool in listed])
        installed = {tool.name for tool in listed if not tool.command or observe(tool)}
        self.assertEqual(installed, {tool.name for tool in listed})

    def test_every_tool_comes_from_the_shell_and_not_from_the_machine(self):
        commands = [tool.command for tool in read_tools() if tool.command]
        for shell in SHELLS:
            where = f'for tool in {" ".join(commands)}; do type -P "$tool" || echo "no $tool"; done'
            found = self.passes("develop", f"path:.#{shell}", "-c", "bash", "-c", where).splitlines()
            self.assertEqual(len(found), len(commands))
            store = str(self.room.folder / "store")
            self.assertEqual([path for path in found if not path.startswith(store)], [])

    def test_the_verifier_answers(self):
        said = self.passes("develop", "path:.", "-c", "cluster-verify", "--version")
        self.assertTrue(said.startswith("cluster-verify "), said)

    def test_it_has_the_verifier_before_anything_was_built(self):
        said = self.passes("develop", "path:.", "-c", "bash", "-c", "type -a -P cluster-verify")
        self.assertRegex(said.splitlines()[-1], r"/store/[^/]+-cluster-verify/bin/cluster-verify$")

    def test_its_variables_are_those_of_the_other_tool_chain(self):
        inside = variables(self.passes("develop", "path:.", "-c", "env", "-0"))
        done = subprocess.run(
            ["bash", "-c", ". tools/env.sh && env -0"],
            cwd=self.room.flake,
            env=self.room.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual(inside, variables(done.stdout))
        self.assertEqual(inside["TASKER_CLUSTER_ROOT"], str(self.room.flake))

    def test_from_a_folder_below_it_is_the_same_shell(self):
        below = self.room.flake / "services"
        said = self.passes("develop", "path:..", "-c", "env", "-0", flake=below)
        self.assertEqual(variables(said)["TASKER_CLUSTER_ROOT"], str(self.room.flake))

    def test_dev_opens_it_from_any_folder(self):
        where = {"DEV_ROOT": str(self.room.flake)}
        with mock.patch.dict(self.room.environment, where):
            said = self.passes("develop", f"path:{self.room.flake}", "-c", "env", "-0", flake=self.room.folder / "home")
        self.assertEqual(variables(said)["TASKER_CLUSTER_ROOT"], str(self.room.flake))
        # Or the shell of another checkout, opened in this one, would be this one's.
        self.assertNotIn("\0DEV_ROOT=", said)

    def test_dev_takes_the_tools_of_the_shell(self):
        said = self.passes("develop", "path:.", "-c", "./dev", "shell", "--", "bash", "-c", "type -P bun")
        self.assertTrue(said.startswith(str(self.room.folder / "store")), said)

    def test_opening_it_starts_nothing(self):
        self.passes("develop", "path:.", "-c", "true")
        self.assertEqual(self.room.inhabitants(), [])


def variables(printed: str) -> dict[str, str]:
    pairs = dict(pair.split("=", 1) for pair in printed.split("\0") if "=" in pair)
    ours = {name: value for name, value in pairs.items() if name.startswith(("TASKER_", "PC_", "PROC_COMP_"))}
    return {name: value for name, value in ours.items() if name not in ABOUT_TOOLS}
