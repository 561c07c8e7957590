"""The life of the worker: start, serve, stop."""

import logging
import time

from . import identity, registry, templates
from .dispatch import Dispatcher
from .engine import Engine
from .errors import WorkerError
from .runner import StepRunner
from .settings import Settings
from .stop_signal import StopSignal
from .witness import Witness

LOG = logging.getLogger(__name__)

# From the signal on: steps may end for so long, and the engine be ended. The supervisor kills after ten seconds.
DRAIN_SECONDS = 8.6
STOP_SECONDS = 9.3
READY_SECONDS = 30
# The engine logs three lines each time that it is asked and is not ready.
READY_FIRST_PAUSE_SECONDS = 0.02
READY_LAST_PAUSE_SECONDS = 1.0


def serve(settings: Settings, started_at: str, stop: StopSignal) -> None:
    """Runs the worker until it is asked to stop."""
    handlers = registry.discover()
    known = templates.find(settings.template_path)
    for path, name in templates.without_handler(known, list(handlers)):
        LOG.warning("%s calls %s, which is not here: its steps will fail", path, name)
    witness = Witness(settings.witness_file, settings.instance)
    engine = Engine(settings)
    dispatcher = Dispatcher(engine, StepRunner(handlers, witness, settings.instance), settings.concurrency)
    if stop.received_at is not None:
        return
    known_as = engine.start()
    # Whatever goes wrong from here on: steps may be claimed by now, which only an orderly stop brings to an end.
    try:
        templates.require_served(known, known_as.namespaces)
        if _is_ready(engine, stop):
            identity.write(settings.run_dir, identity.record(settings, known_as, list(handlers), started_at))
            LOG.info("ready on %s, serving %s", settings.web, ", ".join(sorted(known_as.namespaces)))
        while stop.received_at is None:
            dispatcher.turn()
    finally:
        _finish(engine, dispatcher, time.monotonic() if stop.received_at is None else stop.received_at)


def _is_ready(engine: Engine, stop: StopSignal) -> bool:
    """Waits until the engine is ready; False when the worker is to stop before."""
    deadline = time.monotonic() + READY_SECONDS
    pause = READY_FIRST_PAUSE_SECONDS
    while stop.received_at is None:
        problem = engine.unready()
        if problem is None:
            return True
        if time.monotonic() > deadline:
            raise WorkerError(f"not ready after {READY_SECONDS} s: {problem}; `cluster-verify check` looks further")
        time.sleep(pause)
        pause = min(2 * pause, READY_LAST_PAUSE_SECONDS)
    return False


def _finish(engine: Engine, dispatcher: Dispatcher, stop_at: float) -> None:
    LOG.info("stopping with %d steps in hand", dispatcher.in_hand)
    engine.stop_claiming()
    with engine.results_followed():
        if not dispatcher.drain(stop_at + DRAIN_SECONDS):
            LOG.warning("%d steps did not end in time; they fail here and are retried", dispatcher.give_back())
        if dispatcher.last_completed:
            engine.wait_until_sent(dispatcher.last_completed, stop_at + STOP_SECONDS)
    dispatcher.close()
    engine.stop()
    LOG.info("stopped")
