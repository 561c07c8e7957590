"""The ports that the worker needs: its own free, the database's taken."""

import errno
import http.client
import socket

from .errors import ConfigurationError, WorkerError
from .settings import Address

CONNECT_SECONDS = 3
ANSWER_SECONDS = 5


def require_free(address: Address) -> None:
    """Fails when the address cannot be listened on.

    By the time the engine finds that out, it has begun to claim steps.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise WorkerError(
                    f"{address} is taken by another process: stop it (`lsof -i :{address.port}` names it), "
                    "or start the cluster with another port offset"
                ) from error
            raise ConfigurationError(f"cannot listen on {address}: {error}") from error


def require_listener(address: Address, what: str) -> None:
    """Fails when nothing listens; the engine itself would try for half a minute, deaf to signals."""
    try:
        socket.create_connection((address.host, address.port), CONNECT_SECONDS).close()
    except OSError as error:
        raise WorkerError(
            f"{what} at {address} cannot be reached: {error}; start it, or correct DATABASE_URL"
        ) from error


def get(address: Address, path: str) -> tuple[int, str]:
    """The status and the body of the answer to a GET; 0 and the reason when there is no answer."""
    connection = http.client.HTTPConnection(address.host, address.port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, f"{path}: {error}"
    finally:
        connection.close()
