"""The wish to stop."""

import logging
import signal
import time
from types import FrameType

LOG = logging.getLogger(__name__)


class StopSignal:
    """Listens for SIGTERM from the supervisor and SIGINT from a terminal from the moment it is made.

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
