"""Unit tests: `python -m unittest discover -s tests -t .` in services/worker-python."""

import os

# The wheel sets up its log when it is first imported.
os.environ["LOG_LEVEL"] = "off"
