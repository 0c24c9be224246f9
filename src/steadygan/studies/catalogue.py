"""The experiments by name: one module each in ``experiments/``, with its Study as ``STUDY``."""

from __future__ import annotations

import importlib
import pkgutil

from steadygan.errors import unknown_name
from steadygan.studies import experiments
from steadygan.studies.study import Study


def experiment_names() -> list[str]:
    """The names on the command line, sorted."""
    return sorted(
        found.name.replace("_", "-") for found in pkgutil.iter_modules(experiments.__path__) if found.name[0] != "_"
    )


def find(name: str) -> Study:
    """The study of a name.

    Raises:
        UsageError: one line with the nearest name.
    """
    names = experiment_names()
    if name not in names:
        raise unknown_name("study", name, names)
    module = importlib.import_module(f"{experiments.__name__}.{name.replace('-', '_')}")
    study: Study = module.STUDY
    return study
