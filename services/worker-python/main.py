"""Entry point of the Python worker: `python services/worker-python/main.py`.

Started by path, so that the worker needs no installation and may run in any working folder.
"""

import os
import sys

from worker_python.main import main

if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # `sys.exit` would wait for handlers that did not end in time.
    os._exit(status)
