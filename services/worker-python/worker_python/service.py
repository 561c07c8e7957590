"""The life of the worker: start, serve, stop."""

import logging
import signal
import time
from types import FrameType

from tasker_core import HandlerDiscovery

from . import identity, registry
from .dispatch import Dispatcher
from .engine import Engine
from .errors import WorkerError
from .runner import StepRunner
from .settings import Settings
from .witness import Witness

LOG = logging.getLogger(__name__)

# From the signal to the end: the supervisor kills after ten seconds.
STOP_SECONDS = 9.3


class StopSignal:
    """The wish to stop: SIGTERM from the supervisor, SIGINT from a terminal.

    Only the first counts: Ctrl-C reaches the process twice, from the terminal and from the supervisor.
    """

    def __init__(self) -> None:
        self.received_at: float | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._receive)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self.received_at is None:
            self.received_at = time.monotonic()
            LOG.info("%s received", signal.Signals(number).name)


def serve(settings: Settings, started_at: str) -> None:
    """Runs the worker until it is asked to stop."""
    stop = StopSignal()
    handlers = registry.discover()
    _warn_of_unknown_handlers(settings, handlers)
    witness = Witness(settings.witness_file, settings.instance)
    engine = Engine(settings)
    dispatcher = Dispatcher(engine, StepRunner(handlers, witness, settings.instance), settings.concurrency)
    known_as = engine.start()
    identity.write(settings.run_dir, identity.record(settings, known_as, list(handlers), started_at))
    LOG.info("ready on %s, serving %s", settings.web, ", ".join(sorted(known_as.namespaces)))
    while stop.received_at is None:
        dispatcher.turn()
    _finish(engine, dispatcher, stop.received_at + STOP_SECONDS)
    witness.close()


def _finish(engine: Engine, dispatcher: Dispatcher, deadline: float) -> None:
    LOG.info("stopping with %d steps in hand", dispatcher.in_hand)
    engine.stop_claiming()
    finished = dispatcher.drain(deadline)
    dispatcher.close()
    engine.stop()
    if not finished:
        raise WorkerError(f"{dispatcher.in_hand} steps did not end in time; they stay in_progress")
    LOG.info("stopped")


def _warn_of_unknown_handlers(settings: Settings, handlers: registry.Handlers) -> None:
    named = HandlerDiscovery.discover_all_handlers(settings.template_path)
    if not named:
        LOG.warning("no template in %s; this worker will be sent nothing", settings.template_path)
    for name in sorted(set(named) - set(handlers)):
        LOG.warning("a template in %s names a handler that is not here: %s", settings.template_path, name)
