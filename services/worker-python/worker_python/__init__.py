"""The cluster's Python worker, built on the wheel `tasker-py`."""

__version__ = "0.1.0"
