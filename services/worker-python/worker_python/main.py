"""The frame of the process: arguments, settings, log, and one line and an exit status when it fails."""

import os
import sys
import traceback
from importlib.metadata import PackageNotFoundError, version

from . import __version__, log
from .errors import ConfigurationError, WorkerError
from .settings import SERVICE, Settings
from .stop_signal import StopSignal

USAGE = f"""{SERVICE} {__version__}

Takes no arguments: everything is in the environment, which `services/launch` sets.
"""


def main() -> int:
    """Runs the worker and returns its exit status: 0 stopped when asked to, 3 wrong configuration, 1 else."""
    if len(sys.argv) > 1:
        return _answer(sys.argv[1])
    started_at = log.timestamp()
    instance = os.environ.get("TASKER_INSTANCE_ID") or SERVICE
    try:
        settings = Settings.from_environment(os.environ)
        log.configure(settings.instance, settings.log_filter)
        _run(settings, started_at)
    except WorkerError as error:
        print(f"{instance}: {log.masked(' '.join(str(error).split()))}", file=sys.stderr)
        return error.exit_status
    except Exception as error:  # noqa: BLE001 (one line for whatever it is)
        place = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"a fault of the worker itself: {type(error).__name__}: {error} ({place.filename}:{place.lineno})"
        print(f"{instance}: {log.masked(' '.join(reason.split()))}", file=sys.stderr)
        return 1
    return 0


def _run(settings: Settings, started_at: str) -> None:
    stop = StopSignal()
    # The wheel sets up its log when it is first imported, at level `debug` unless this is set.
    os.environ["LOG_LEVEL"] = log.engine_filter(settings.log_filter)
    try:
        from .service import serve
    except ModuleNotFoundError as error:
        raise WorkerError(
            f"{sys.executable} has no module {error.name}; `./dev shell` has a Python with tasker-py"
        ) from error
    serve(settings, started_at, stop)


def _answer(argument: str) -> int:
    match argument:
        case "--version" | "-V":
            print(f"{SERVICE} {__version__} (tasker {_engine_version()})")
            return 0
        case "--help" | "-h":
            print(USAGE, end="")
            return 0
        case _:
            print(
                f"{SERVICE}: unknown argument `{argument}`: it takes --version, --help or nothing",
                file=sys.stderr,
            )
            return ConfigurationError.exit_status


def _engine_version() -> str:
    try:
        return version("tasker-py")
    except PackageNotFoundError:
        return "not installed"
