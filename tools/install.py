#!/usr/bin/env python3
"""Installs the fallback tool chain: every tool of this project, pinned and hashed.

    python3 tools/install.py           installs what is missing, prints the folder
    python3 tools/install.py --check   only says whether it is complete

`./dev` runs it by itself. Everything goes to the user's cache folder
(XDG_CACHE_HOME, else ~/.cache). It may be interrupted at any moment and run again:
what was finished is kept.
"""

import sys

# In words that every Python 3 can read, and before anything that an old one cannot.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.stderr.write(
        "install: this is Python {}.{}; Python 3.11 or newer is needed: install it, and put it first on PATH\n".format(
            *sys.version_info
        )
    )
    sys.exit(3)

import argparse
import signal

from toolchain.components import COMPONENTS
from toolchain.errors import INTERRUPTED, InstallError, StoppedError
from toolchain.installation import install
from toolchain.progress import Progress
from toolchain.store import Store, cache_folder


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="install nothing; exit 1 if incomplete")
    options = parser.parse_args()
    store = Store(cache_folder())
    if options.check:
        complete = store.is_complete(COMPONENTS)
        print(f"{store.installation()}: {'complete' if complete else 'incomplete'}")
        return 0 if complete else 1
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # What `nohup` or a background job had ignored stays so; a request to end counts always.
        if number == signal.SIGTERM or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, interrupt)
    progress = Progress()
    try:
        print(install(store, COMPONENTS, progress))
    except InstallError as error:
        progress.clear()
        print(f"install: {error}", file=sys.stderr)
        if error.remedy:
            print(f"  {error.remedy}", file=sys.stderr)
        return error.status
    except (KeyboardInterrupt, StoppedError):
        progress.clear()
        print(
            "install: interrupted; what was finished is kept, run it again to go on",
            file=sys.stderr,
        )
        return INTERRUPTED
    return 0


def interrupt(*_) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
