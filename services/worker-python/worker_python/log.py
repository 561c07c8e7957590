"""The worker's own log: one line a message on stderr, with the instance's name in it."""

import logging
import re
import sys
from datetime import UTC, datetime

# `postgresql://user:secret@host`, as the engine prints it when it loads its configuration.
# It also prints the first 30 characters of it, which may end within the password.
_URL_PASSWORD = re.compile(r"(\w+://[^\s:/@]+:)[^\s@]+@|(postgresql://[^\s:/@]+:)[^\s@]+")
# The engine's modules that log, once at its start, under which ids it records and shows this worker.
_IDENTITY_LOG = "tasker_worker::worker::actors::registry=info,tasker_worker::worker::services::shared=info"


def masked(text: str) -> str:
    """The text with the passwords of its URLs replaced."""
    return _URL_PASSWORD.sub(lambda url: f"{url[1]}***@" if url[1] else f"{url[2]}***", text)


def engine_filter(wanted: str) -> str:
    """The engine's log filter: what is wanted, and the lines in which it says what it calls itself.

    Its polls take five seconds each and would all be logged as slow statements.
    """
    return f"sqlx::query=error,{wanted},{_IDENTITY_LOG}"


def timestamp() -> str:
    """Now, as RFC 3339 in UTC with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class _InstanceFormatter(logging.Formatter):
    def __init__(self, instance: str) -> None:
        super().__init__()
        self._instance = instance

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.exc_info:
            message += " " + self.formatException(record.exc_info)
        # On one line, so that none stands in a log of several instances without a name.
        message = masked(" ".join(message.split()))
        return f"{timestamp()} {record.levelname:>5} {self._instance} {record.name}: {message}"


def configure(instance: str, log_filter: str) -> None:
    """Sends the worker's log to stderr. Its start and stop are told whatever level is asked for."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_InstanceFormatter(instance))
    logger = logging.getLogger("worker_python")
    logger.handlers = [handler]
    logger.propagate = False
    wanted = log_filter.split(",")[0].strip().lower()
    logger.setLevel(logging.DEBUG if wanted in ("debug", "trace") else logging.INFO)
