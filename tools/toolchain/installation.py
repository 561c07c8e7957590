"""The whole of one installation: look, prepare, build side by side, check, publish."""

import os
import shutil
import sys
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path

from .command import Commands
from .component import Component, Workshop
from .errors import InstallError, explain_os
from .progress import Progress
from .requirements import Tool, observe, read_tools
from .store import Store
from .system import check_platform, provide

# What the largest installation needs while it builds; a third of it stays.
ROOM_BYTES = 1_300_000_000
# One builds, the others mostly download.
AT_ONCE = 4
TICK_SECONDS = 0.2


def install(store: Store, components: tuple[Component, ...], progress: Progress) -> Path:
    """The folder of the complete installation, whoever completed it."""
    if store.is_complete(components):
        return store.installation()
    check_platform()
    with store.locked(progress):
        if store.is_complete(components):
            progress.say("the other installation has finished")
            return store.installation()
        started = time.monotonic()
        try:
            with store.work_folder() as work:
                Run(store, progress, work).complete(components)
        except OSError as error:
            raise explain_os("installing the tools", error) from error
        progress.say(f"tools installed in {time.monotonic() - started:.0f} s")
        return store.installation()


class Run:
    """One attempt, in one work folder that is removed at its end."""

    def __init__(self, store: Store, progress: Progress, work: Path):
        self.store = store
        self.progress = progress
        self.work = work
        self.commands = Commands(progress.say)

    def complete(self, components: tuple[Component, ...]) -> None:
        missing = [component for component in components if not self.store.holds(component)]
        tools = read_tools()
        self.progress.say(f"installing the tools into {self.store.root} (once; about a minute and a half)")
        try:
            self.make_room(missing)
            self.side_by_side([lambda: self.prepare(tools, missing)])
            self.side_by_side([partial(self.make, component) for component in missing])
            self.check(tools, self.store.link(components, self.work))
        finally:
            self.commands.stop()

    def make_room(self, missing: list[Component]) -> None:
        free = shutil.disk_usage(self.work).free
        if missing and free < ROOM_BYTES:
            raise InstallError(
                f"{self.store.root} has {free // 1_000_000} MB free; "
                f"installing needs {ROOM_BYTES // 1_000_000} MB for a while",
                "free some space, or set XDG_CACHE_HOME to a folder on a larger disk",
            )

    def prepare(self, tools: tuple[Tool, ...], missing: list[Component]) -> None:
        """The machine's own part, and a pip whose options are known."""
        shop = self.workshop("system", "system", self.work / "system")
        shop.scratch.mkdir()
        provide(tools, shop)
        if missing:
            shop.doing("preparing pip")
            shop.run("preparing pip", [sys.executable, "-m", "venv", self.work / "pip"])
        self.progress.done("system", "ready")

    def side_by_side(self, jobs: list[Callable[[], None]]) -> None:
        """The first failure ends the other jobs; what is finished by then stays."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            pending: set[Future] = {pool.submit(job) for job in jobs}
            try:
                while pending:
                    done, pending = wait(pending, TICK_SECONDS, return_when=FIRST_COMPLETED)
                    self.progress.tick()
                    for future in done:
                        future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self.commands.stop()
                raise

    def make(self, component: Component) -> None:
        shop = self.workshop(component.name, component.title, self.store.folder(component))
        shop.stage.mkdir(parents=True)
        shop.scratch.mkdir(parents=True)
        try:
            component.build(shop)
        except OSError as error:
            raise explain_os(f"installing {component.title}", error) from error
        self.store.publish(component, shop.stage)
        self.progress.done(component.name, "installed")

    def workshop(self, name: str, title: str, final: Path) -> Workshop:
        return Workshop(
            name=name,
            title=title,
            stage=self.work / name,
            final=final,
            scratch=self.work / f"{name}.scratch",
            log=self.store.logs / f"{name}.log",
            python=self.work / "pip" / "bin" / "python3",
            commands=self.commands,
            progress=self.progress,
        )

    def check(self, tools: tuple[Tool, ...], installation: Path) -> None:
        """What was installed answers, and is the version that the list asks for."""
        folders = [installation / name for name in ("bin", "postgres/bin", "python/bin")]
        path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", os.defpath)])
        for tool in tools:
            if not tool.command or tool.optional:
                continue
            found = observe(tool, path)
            if found is None or not tool.accepts(found):
                raise InstallError(
                    f"{tool.name} {tool.version} was expected, {found or 'nothing'} was found",
                    f"see the logs in {self.store.logs}",
                )
