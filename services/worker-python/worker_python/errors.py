"""What stops the worker, and the exit status that each kind of it leads to."""


class WorkerError(Exception):
    """Stops the worker. The message is one sentence, ends with what to do, and holds no password."""

    exit_status = 1


class ConfigurationError(WorkerError):
    """The environment or a configuration file is wrong."""

    exit_status = 3
