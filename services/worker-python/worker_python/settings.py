"""The worker's settings: its environment, checked before the engine sees it.

The engine answers a wrong environment with a panic, or falls back without a word: without its template
folder a worker serves the namespace `default` and reports itself healthy.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import placeholders
from .errors import ConfigurationError

SERVICE = "worker-python"
LAUNCHER = "start the worker through `services/launch`"
RENDER = "`cluster-verify render` writes the files for workers"

# What the engine uses for `max_concurrent_handlers` when its file does not say.
DEFAULT_CONCURRENCY = 10


@dataclass(frozen=True)
class Address:
    """A host and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Settings:
    """Everything that the worker takes from its environment."""

    instance: str
    web: Address
    database: Address
    config_path: Path
    template_path: Path
    run_dir: Path
    witness_file: Path
    log_filter: str
    concurrency: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Reads and checks the environment; a `ConfigurationError` names the variable at fault."""
        config_path = Path(_required(environment, "TASKER_CONFIG_PATH", LAUNCHER))
        configuration = _read(config_path)
        settings = cls(
            instance=_required(environment, "TASKER_INSTANCE_ID", LAUNCHER),
            web=_web_address(environment),
            database=_database_address(environment),
            config_path=config_path,
            template_path=_folder(environment, "TASKER_TEMPLATE_PATH", "config/templates/python has ours"),
            run_dir=_folder(environment, "TASKER_RUN_DIR", LAUNCHER),
            witness_file=Path(_required(environment, "TASKER_WITNESS_FILE", LAUNCHER)).absolute(),
            log_filter=environment.get("RUST_LOG") or environment.get("LOG_LEVEL") or "warn",
            concurrency=_concurrency(config_path, configuration),
        )
        placeholders.check(configuration, environment)
        return settings


def _required(environment: Mapping[str, str], name: str, advice: str) -> str:
    value = environment.get(name, "").strip()
    if not value:
        raise ConfigurationError(f"{name} is not set; {advice}")
    return value


def _folder(environment: Mapping[str, str], name: str, advice: str) -> Path:
    path = Path(_required(environment, name, advice))
    if not path.is_dir():
        raise ConfigurationError(f"{name} is no folder: {path}; {advice}")
    return path.absolute()


def _web_address(environment: Mapping[str, str]) -> Address:
    value = _required(environment, "TASKER_WEB_BIND_ADDRESS", LAUNCHER)
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ConfigurationError(f"TASKER_WEB_BIND_ADDRESS is not of the form host:port: {value!r}")
    return Address(host, int(port))


def _database_address(environment: Mapping[str, str]) -> Address:
    value = _required(environment, "DATABASE_URL", LAUNCHER)
    expected = "DATABASE_URL is not of the form postgresql://user:password@host:port/database"
    try:
        url = urlsplit(value)
        port = url.port or 5432
    except ValueError as error:
        raise ConfigurationError(f"{expected}; {LAUNCHER}") from error
    if url.scheme != "postgresql" or not url.hostname or not url.path.strip("/"):
        raise ConfigurationError(f"{expected}; {LAUNCHER}")
    return Address(url.hostname, port)


def _concurrency(path: Path, configuration: str) -> int:
    """How many handlers run at once: the engine's own key, which the wheel itself does not read."""
    try:
        table: Any = tomllib.loads(configuration)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"TASKER_CONFIG_PATH is no valid TOML: {path}: {error}; {RENDER}") from error
    if "worker" not in table:
        raise ConfigurationError(f"TASKER_CONFIG_PATH has no [worker] section: {path}; {RENDER}")
    for key in ("worker", "mpsc_channels", "handler_dispatch", "max_concurrent_handlers"):
        table = table.get(key) if isinstance(table, dict) else None
    return table if isinstance(table, int) and table > 0 else DEFAULT_CONCURRENCY


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror
    except UnicodeDecodeError as error:
        reason = str(error)
    raise ConfigurationError(f"TASKER_CONFIG_PATH cannot be read: {path}: {reason}; {RENDER}")
