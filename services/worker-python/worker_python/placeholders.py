"""The variables that the engine puts into its configuration file.

It takes only those on a list of its own and aborts the process, by a panic that Python cannot catch, when one of them
is not of the form that the list demands. The list is that of 0.1.8.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from .errors import ConfigurationError


class Form(NamedTuple):
    """What a value must match, and one that does."""

    pattern: str
    example: str


_HOST = r"[a-zA-Z0-9._-]+"
_LOGIN = r"([a-zA-Z0-9_-]+:[^@]+@)?"
_POSTGRES = rf"postgresql://{_LOGIN}{_HOST}(:[0-9]+)?/[a-zA-Z0-9_-]+(\?.*)?"
_POSTGRES_EXAMPLE = "postgresql://user:password@127.0.0.1:15432/database, with no @ in the password"
_ADDRESS = Form(rf"{_HOST}:[0-9]{{1,5}}", "127.0.0.1:8300")
_NAME = Form(r"[a-zA-Z0-9][a-zA-Z0-9-]{0,63}", "worker-python-1")
_PATH = r"[/\\]?[a-zA-Z0-9._/-]+"

FORMS = {
    "DATABASE_URL": Form(_POSTGRES, _POSTGRES_EXAMPLE),
    "PGMQ_DATABASE_URL": Form(rf"({_POSTGRES})?", _POSTGRES_EXAMPLE),
    "RABBITMQ_URL": Form(rf"amqp://{_LOGIN}{_HOST}(:[0-9]+)?(/[a-zA-Z0-9_%.-]*)?", "amqp://127.0.0.1:5672/"),
    "REDIS_URL": Form(rf"redis://{_LOGIN}{_HOST}(:[0-9]+)?(/[0-9]+)?", "redis://127.0.0.1:6379/0"),
    "MEMCACHED_URL": Form(rf"tcp://{_HOST}(:[0-9]+)?|unix:///.+", "tcp://127.0.0.1:11211"),
    "TASKER_ENV": Form("test|development|production", "test"),
    "TASKER_CONFIG_PATH": Form(rf"{_PATH}\.toml", "config/worker.toml, of letters, digits and . _ - /"),
    "TASKER_TEMPLATE_PATH": Form(_PATH, "config/templates, of letters, digits and . _ - /"),
    "TASKER_WEB_BIND_ADDRESS": _ADDRESS,
    "TASKER_ORCHESTRATION_GRPC_BIND_ADDRESS": _ADDRESS,
    "TASKER_WORKER_GRPC_BIND_ADDRESS": _ADDRESS,
    "TASKER_MESSAGING_BACKEND": Form("pgmq|rabbitmq", "pgmq"),
    "TASKER_INSTANCE_ID": _NAME,
    "TASKER_INSTANCE_PORT": Form("[0-9]{1,5}", "8300"),
    "TASKER_WORKER_ID": _NAME,
    "TASKER_JWT_PUBLIC_KEY": Form(
        r"(?s:-----BEGIN [A-Z ]+KEY-----.*-----END [A-Z ]+KEY-----\s*)", "a key in the format PEM"
    ),
    "TASKER_JWT_PUBLIC_KEY_PATH": Form(r"[/\\]?[a-zA-Z0-9._/ \\-]+\.pem", "keys/public.pem"),
}

_PLACEHOLDER = re.compile(r"\$\{(.*?)(?::-.*?)?\}", re.DOTALL)


def check(configuration: str, environment: Mapping[str, str]) -> None:
    """Refuses a variable that would make the engine abort; its value, which may hold a password, is not repeated."""
    for name in _PLACEHOLDER.findall(configuration):
        if name not in environment:
            continue
        form = FORMS.get(name)
        if form is None:
            raise ConfigurationError(
                f"the engine does not put {name} into its configuration; take ${{{name}}} out of TASKER_CONFIG_PATH"
            )
        if not re.fullmatch(form.pattern, environment[name]):
            raise ConfigurationError(f"the engine does not take this value of {name}; set one like {form.example}")
