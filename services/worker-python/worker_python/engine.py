"""The engine inside this process: the one module that calls into the wheel's native code."""

import logging
import re
import time

import tasker_core
from tasker_core import _tasker_core as native

from . import network
from .capture import EngineOutput
from .errors import ConfigurationError, WorkerError
from .identity import EngineIdentity
from .runner import Completion, Event
from .settings import Settings

LOG = logging.getLogger(__name__)

READY_SECONDS = 30
READY_PAUSE_SECONDS = 0.02
SENT_PAUSE_SECONDS = 0.02
# For a result to be sent when the log level hides the line that tells.
SENT_UNSEEN_SECONDS = 1.0

_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_WORKER_UUID = re.compile(rf"\bworker_({_UUID})")
_REST_ID = re.compile(rf"\b(worker-{_UUID})")
_SENT = ("sent to orchestration successfully", "Failed to send step result")
_CONFIGURATION_FAULT = re.compile(r"configuration|environment variable|toml", re.IGNORECASE)


class Engine:
    """A worker of the engine. There can be one in a process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._output = EngineOutput(settings.run_dir / "engine-output.log")

    def start(self) -> EngineIdentity:
        """Starts the engine and waits until it calls itself ready."""
        network.require_free(self._settings.web)
        network.require_listener(self._settings.database, "PostgreSQL")
        with self._output:
            self._bootstrap()
            printed = self._output.text()
        rest_id, worker_uuid = _REST_ID.search(printed), _WORKER_UUID.search(printed)
        if worker_uuid is None:
            LOG.warning("the engine did not log its worker id; no result can be traced to this instance")
        identity = EngineIdentity(
            version=tasker_core.version(),
            worker_uuid=worker_uuid.group(1) if worker_uuid else None,
            rest_id=rest_id.group(1) if rest_id else None,
            namespaces=native.get_worker_status()["supported_namespaces"],
        )
        self._wait_until_ready()
        return identity

    def poll(self) -> Event | None:
        """The next claimed step, if there is one."""
        return native.poll_step_events()

    def complete(self, event: Event, completion: Completion) -> bool:
        """Hands a result to the engine."""
        return native.complete_step_event(event["event_id"], completion)

    def stop_claiming(self) -> None:
        """Has the engine claim nothing more; what it has claimed can still be polled and completed.

        The engine waits five seconds in here for its last result, in vain: that wait ends early only without the
        channel that we still need. All of Python stands still meanwhile, since the wheel does not let go of its lock.
        """
        native.transition_to_graceful_shutdown()

    def stop(self) -> None:
        """Ends the engine. A result that it has taken and not yet sent is lost."""
        native.stop_worker()

    def _bootstrap(self) -> None:
        try:
            native.bootstrap_worker(None)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 (a panic is one)
            text = f"the engine does not start: {error}"
            if _CONFIGURATION_FAULT.search(text):
                raise ConfigurationError(f"{text}; look at {self._settings.config_path}") from None
            raise WorkerError(f"{text}; `./dev logs {self._settings.instance}` has more") from None

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not network.answers(self._settings.web, "/health/ready"):
            if time.monotonic() > deadline:
                url = f"http://{self._settings.web}/health/detailed"
                raise WorkerError(f"the engine is not ready after {READY_SECONDS} s; `curl {url}` says why")
            time.sleep(READY_PAUSE_SECONDS)
