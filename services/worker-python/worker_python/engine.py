"""The engine inside this process: the one module that calls into the wheel's native code."""

import http
import json
import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import tasker_core
from tasker_core import _tasker_core as native

from . import network
from .engine_log import EngineLog
from .errors import ConfigurationError, WorkerError
from .identity import EngineIdentity
from .runner import Completion, Event
from .settings import Settings

LOG = logging.getLogger(__name__)

SENT_PAUSE_SECONDS = 0.02
UNSEEN_SECONDS = 1.0

_ANY_SENT = "Step result processed and sent"
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_WORKER_UUID = re.compile(rf"\bworker_({_UUID})")
_REST_ID = re.compile(rf"\b(worker-{_UUID})")
_CONFIGURATION_FAULT = re.compile(r"configuration|environment variable|toml", re.IGNORECASE)


class Engine:
    """A worker of the engine. There can be one in a process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._log = EngineLog(settings.run_dir / "engine.log")

    def start(self) -> EngineIdentity:
        """Starts the engine, which claims steps from then on."""
        network.require_free(self._settings.web)
        network.require_listener(self._settings.database, "PostgreSQL")
        with self._log:
            self._bootstrap()
            logged = self._log.text()
        rest_id, worker_uuid = _REST_ID.search(logged), _WORKER_UUID.search(logged)
        if worker_uuid is None:
            LOG.warning("the engine did not log its worker id; no result can be traced to this instance")
        return EngineIdentity(
            version=tasker_core.version(),
            worker_uuid=worker_uuid.group(1) if worker_uuid else None,
            rest_id=rest_id.group(1) if rest_id else None,
            namespaces=native.get_worker_status()["supported_namespaces"],
        )

    def unready(self) -> str | None:
        """What keeps the engine from calling itself ready; nothing, once it is."""
        status, answer = network.get(self._settings.web, "/health/ready")
        if status == http.HTTPStatus.OK:
            return None
        try:
            checks = json.loads(answer)["details"]["checks"]
            return "; ".join(
                f"{name}: {check['message']}" for name, check in checks.items() if check["status"] != "healthy"
            )
        except (ValueError, KeyError, TypeError):
            return answer

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

    @contextmanager
    def results_followed(self) -> Iterator[None]:
        """Makes the engine's log readable for `wait_until_sent`."""
        with self._log:
            yield

    def wait_until_sent(self, step: str, deadline: float) -> None:
        """Waits until the engine has sent the result of this step, and so of those before it: it sends in order.

        Only its log tells, at level `info`. Above that the time has to do in which it never was seen to take longer.
        """
        sent = re.compile(rf"(Step result processed and sent|Failed to send step result).*\b{step}\b")
        unseen = min(deadline, time.monotonic() + UNSEEN_SECONDS)
        while time.monotonic() < deadline:
            logged = self._log.text()
            if sent.search(logged) or (_ANY_SENT not in logged and time.monotonic() > unseen):
                return
            time.sleep(SENT_PAUSE_SECONDS)

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
