"""The Python environment that the Python worker runs in."""

import sys
from pathlib import Path

from ..component import Component, Workshop


def build(shop: Workshop) -> None:
    shop.doing("making the Python environment")
    shop.run(
        "making the Python environment",
        [sys.executable, "-m", "venv", "--without-pip", "--symlinks", shop.stage],
    )
    shop.doing("downloading Tasker for Python")
    shop.pip_into("python/requirements.txt", shop.stage)
    shop.must_answer("bin/python3", "-c", "import tasker_core")
    move_scripts(shop.stage / "bin", str(shop.stage), str(shop.final))


def move_scripts(folder: Path, old: str, new: str) -> None:
    """An environment writes its own path into its scripts, and this one is about to move."""
    for script in folder.iterdir():
        if script.is_symlink() or not script.is_file():
            continue
        content = script.read_bytes()
        if old.encode() in content:
            script.write_bytes(content.replace(old.encode(), new.encode()))


PYTHON_ENV = Component(
    name="python",
    title="Python with tasker-py",
    build=build,
    probe="bin/python3",
    folders={"python": "."},
)
