"""Every component of the fallback tool chain."""

from .binaries import BINARIES
from .bun import BUN
from .pgmq import PGMQ
from .postgres import POSTGRES
from .process_compose import PROCESS_COMPOSE
from .python_env import PYTHON_ENV

# The slowest first: they are built side by side, a few at a time.
COMPONENTS = (PROCESS_COMPOSE, BUN, POSTGRES, PYTHON_ENV, BINARIES, PGMQ)
