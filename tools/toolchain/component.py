"""What the installer needs to know of one component, and what its builder gets."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .command import Commands
from .pins import TOOLS
from .progress import Progress


@dataclass
class Workshop:
    """`stage` is filled by the builder, and renamed to `final` once it is whole."""

    name: str
    title: str
    stage: Path
    final: Path
    scratch: Path
    log: Path
    # A Python whose pip is known; the one that runs the installer may have none.
    python: Path
    commands: Commands
    progress: Progress
    tools: Path = TOOLS

    def doing(self, text: str) -> None:
        self.progress.start(self.name, text)

    def run(
        self,
        what: str,
        arguments: list,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        *,
        whole: bool = False,
    ) -> str:
        words = [str(word) for word in arguments]
        # Temporary files go where they are removed with everything else that is not whole.
        surroundings = {"TMPDIR": str(self.scratch), **(env or {})}
        return self.commands.run(what, words, log=self.log, cwd=cwd, env=surroundings, whole=whole)

    def must_answer(self, program: str, *arguments: str) -> None:
        """What was downloaded runs here; a file cut short by a full disk does not."""
        self.run(f"trying {program}", [self.stage / program, *arguments])

    def pip_target(self, requirements: str, target: Path) -> None:
        """Unpacks the pinned wheels into a plain folder."""
        self._pip([], requirements, ["--target", target])

    def pip_into(self, requirements: str, environment: Path) -> None:
        """Installs the pinned wheels into a virtual environment."""
        self._pip(["--python", environment / "bin" / "python3"], requirements, [])

    def _pip(self, before: list, requirements: str, after: list) -> None:
        """Exactly the pinned packages with the pinned hashes, and none that they ask for."""
        self.run(
            f"downloading {self.title}",
            [
                *(self.python, "-m", "pip", "--disable-pip-version-check", "--no-input", *before),
                *("install", "--progress-bar=off", "--no-deps", "--require-hashes", "--only-binary=:all:"),
                *("--requirement", self.tools / requirements, *after),
            ],
            env={"PIP_ROOT_USER_ACTION": "ignore"},
        )


@dataclass(frozen=True)
class Component:
    """A folder of the store, made by `build` from the pin files listed under its name."""

    name: str
    title: str
    build: Callable[[Workshop], None]
    # Must be there for the component to count as installed.
    probe: str
    # Name in the installation's bin folder -> file in the component.
    programs: dict[str, str] = field(default_factory=dict)
    # Name in the installation's folder -> folder in the component.
    folders: dict[str, str] = field(default_factory=dict)
