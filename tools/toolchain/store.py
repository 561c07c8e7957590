"""The folder of installed components, shared by every checkout of a user.

<cache>/tools/store/<component>-<key>/   a component; renamed into place when whole
<cache>/tools/<key>/                     links to the components of one set of pins
<cache>/tools/log/<component>.log        what the package managers printed
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .component import Component
from .errors import explain_os
from .pins import component_key, installation_key
from .progress import Progress

WORK_PREFIX = ".work-"


def cache_folder(environment=os.environ) -> Path:
    base = environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME") or Path.home(), ".cache")
    return Path(base) / "tasker-cluster"


class Store:
    """Paths and atomic steps; what is put into it is decided elsewhere."""

    def __init__(self, cache: Path):
        self.root = cache / "tools"
        self.components = self.root / "store"
        self.logs = self.root / "log"

    def installation(self) -> Path:
        return self.root / installation_key()

    def folder(self, component: Component) -> Path:
        return self.components / f"{component.name}-{component_key(component.name)}"

    def holds(self, component: Component) -> bool:
        return os.access(self.folder(component) / component.probe, os.R_OK)

    def is_complete(self, components: tuple[Component, ...]) -> bool:
        marker = self.installation() / "complete"
        return marker.exists() and all(self.holds(component) for component in components)

    @contextlib.contextmanager
    def locked(self, progress: Progress) -> Iterator[None]:
        """One installation at a time; the second waits for the first, and says so."""
        try:
            for folder in (self.components, self.logs):
                folder.mkdir(parents=True, exist_ok=True)
            lock = (self.root / "lock").open("a+", encoding="utf-8")
        except OSError as error:
            raise explain_os("making the cache folder", error) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                progress.say(f"another installation is running (pid {lock.read().strip()}); waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            lock.truncate(0)
            lock.write(f"{os.getpid()}\n")
            lock.flush()
            yield

    @contextlib.contextmanager
    def work_folder(self) -> Iterator[Path]:
        """For what is not whole yet; on the store's disk, so that a rename can publish it."""
        for left_over in self.components.glob(f"{WORK_PREFIX}*"):
            shutil.rmtree(left_over, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix=WORK_PREFIX, dir=self.components))
        work.chmod(0o755)
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def publish(self, component: Component, stage: Path) -> None:
        final = self.folder(component)
        if final.exists():
            shutil.rmtree(final)
        stage.rename(final)

    def link(self, components: tuple[Component, ...], work: Path) -> Path:
        """Makes the installation's folder, whose last file says that all of it is there."""
        stage = work / "installation"
        (stage / "bin").mkdir(parents=True)
        for component in components:
            folder = Path("..") / self.components.name / self.folder(component).name
            for name, path in component.folders.items():
                (stage / name).symlink_to(folder / path)
            for name, path in component.programs.items():
                (stage / "bin" / name).symlink_to(Path("..") / folder / path)
        (stage / "complete").touch()
        final = self.installation()
        if final.exists():
            shutil.rmtree(final)
        stage.rename(final)
        return final
