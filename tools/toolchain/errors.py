"""What can stop an installation, said in one line with its remedy."""

import errno
import re
from pathlib import Path

FAILED = 1
NOT_READY = 3
INTERRUPTED = 130


class InstallError(Exception):
    """Stops the installation; `status` is the exit status of the whole run."""

    def __init__(self, message: str, remedy: str = "", status: int = FAILED):
        super().__init__(message)
        self.remedy = remedy
        self.status = status


class StoppedError(Exception):
    """Somebody asked the installation to stop."""


# The first pattern that matches decides, so a full disk comes before the
# complaints about broken downloads that it causes.
CAUSES = (
    (
        re.compile(r"no space left on device|ENOSPC|disk quota exceeded", re.IGNORECASE),
        "the disk is full",
        "free some space, or point XDG_CACHE_HOME at a larger disk; then run it again",
    ),
    (
        re.compile(
            r"do not match the hashes|EINTEGRITY|checksum mismatch|SECURITY ERROR"
            r"|failed to verify the checksum",
            re.IGNORECASE,
        ),
        "a downloaded package is not the pinned one",
        "do not go on with it: check which package index this machine is set to use",
    ),
    (
        re.compile(
            r"failed to establish a new connection|name resolution|could not resolve"
            r"|no such host|connection refused|connection timed out|i/o timeout|read timed out"
            r"|network is unreachable|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT"
            r"|spurious network error|couldn't connect to server",
            re.IGNORECASE,
        ),
        "the package index cannot be reached",
        "check the network and the proxy settings, then run it again: what is installed is kept",
    ),
)


def explain(what: str, output: str, log: Path | None) -> InstallError:
    """The cause of a failed command, from what it printed."""
    for pattern, cause, remedy in CAUSES:
        if pattern.search(output):
            return InstallError(f"{what}: {cause}", remedy)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    last = lines[-1] if lines else "it printed nothing"
    return InstallError(f"{what} failed: {last}", f"its whole output is in {log}" if log else "")


def explain_os(what: str, error: OSError) -> InstallError:
    """The cause of a failed file operation."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return explain(what, "no space left on device", None)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return InstallError(
            f"{what}: cannot write to {error.filename}",
            "make that folder writable, or set XDG_CACHE_HOME to one that is",
        )
    return InstallError(f"{what}: {error.strerror or error}: {error.filename}")
