"""Which handler a template's `callable` means."""

import importlib
import inspect
import pkgutil
from collections.abc import Mapping

from . import handlers
from .handler import Handler

Handlers = Mapping[str, Handler]


def discover() -> Handlers:
    """Every handler of the package `handlers`, by the dotted path of its class.

    Handlers have no state, so that one object serves all threads.
    """
    found: dict[str, Handler] = {}
    for module_info in pkgutil.walk_packages(handlers.__path__, f"{handlers.__name__}."):
        module = importlib.import_module(module_info.name)
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, Handler) and kind.__module__ == module.__name__ and not inspect.isabstract(kind):
                found[kind.handler_name] = kind()
    return found
