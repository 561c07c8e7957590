"""The PGMQ extension, as files that PostgreSQL 18 finds through extension_control_path."""

import json
import re
import shutil
from pathlib import Path

from ..component import Component, Workshop
from ..errors import InstallError

# Where the crate keeps what an installation from source would copy.
IN_CRATE = "src/install/embedded"


def build(shop: Workshop) -> None:
    shop.doing("downloading PGMQ")
    manifest = shop.tools / "pgmq" / "Cargo.toml"
    shop.run("downloading PGMQ", ["cargo", "fetch", "--locked", "--manifest-path", manifest])
    described = shop.run(
        "finding PGMQ",
        ["cargo", "metadata", "--format-version=1", "--locked", "--offline", "--manifest-path", manifest],
    )
    lay_out(crate_folder(described) / IN_CRATE, shop.stage / "extension")


def crate_folder(described: str) -> Path:
    """Where cargo unpacked the crate."""
    packages = json.loads(described)["packages"]
    return Path(next(p["manifest_path"] for p in packages if p["name"] == "pgmq")).parent


def lay_out(source: Path, extension: Path) -> None:
    """The control file, the full script of its version, and the upgrade scripts."""
    control = next(iter(source.rglob("pgmq.control")), None)
    script = next(iter(source.rglob("pgmq.sql")), None)
    if control is None or script is None:
        raise InstallError("the pgmq crate carries no extension files", "pin another version of it")
    extension.mkdir(parents=True)
    named = re.search(r"default_version\s*=\s*'([^']+)'", control.read_text(encoding="utf-8"))
    version = named.group(1)
    shutil.copyfile(control, extension / "pgmq.control")
    shutil.copyfile(script, extension / f"pgmq--{version}.sql")
    for upgrade in source.rglob("pgmq--*--*.sql"):
        shutil.copyfile(upgrade, extension / upgrade.name)


PGMQ = Component(
    name="pgmq",
    title="PGMQ extension",
    build=build,
    probe="extension/pgmq.control",
    folders={"pgmq": "."},
)
