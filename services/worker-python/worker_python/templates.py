"""A look at the templates before the engine's.

A file that does not parse the engine leaves out; without any it serves the namespace `default`. Either way the worker
serves other namespaces than it should and calls itself healthy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .errors import ConfigurationError, WorkerError


@dataclass(frozen=True)
class Template:
    """As much of a template as decides what this worker serves."""

    path: Path
    namespace: str
    callables: Sequence[str]


def find(folder: Path) -> list[Template]:
    """The templates in the folder, all of which parse."""
    files = sorted(path for ending in ("yaml", "yml") for path in folder.rglob(f"*.{ending}"))
    if not files:
        raise ConfigurationError(
            f"TASKER_TEMPLATE_PATH is {folder}, where there is no .yaml file; "
            "give the folder of this worker's templates"
        )
    return [_read(path) for path in files]


def require_served(templates: Sequence[Template], served: Sequence[str]) -> None:
    """Fails when the engine serves less than the templates need.

    When two workers register templates at the same moment, it looks for a namespace, fails to insert it, warns, and
    serves the rest.
    """
    left_out = sorted({template.namespace for template in templates} - set(served))
    if left_out:
        raise WorkerError(
            f"the engine left out the namespaces {', '.join(left_out)}: another worker registered its templates at "
            "the same moment, or none of their files is a template to it; start this one again"
        )


def without_handler(templates: Sequence[Template], handlers: Sequence[str]) -> list[tuple[Path, str]]:
    """What the templates call that is not here: a step of theirs would fail for good."""
    called = ((template.path, name) for template in templates for name in template.callables)
    return [(path, name) for path, name in called if name not in handlers]


def _read(path: Path) -> Template:
    try:
        template: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        callables = [step["handler"]["callable"] for step in template["steps"]]
        return Template(path, template["namespace_name"], callables)
    except OSError as error:
        reason = str(error.strerror)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = str(error)
    except KeyError as error:
        reason = f"it has no {error}"
    except (TypeError, IndexError):
        reason = "it is not of the form of a template"
    raise ConfigurationError(f"{path}: {reason}; correct it, or take it out of TASKER_TEMPLATE_PATH")
