"""The experiments by name: one module each in ``experiments/``, with its Study as ``STUDY``."""

from __future__ import annotations

import importlib
import pkgutil

from steadygan.errors import UsageError, unknown_name
from steadygan.studies import experiments
from steadygan.studies.study import Study
from steadygan.system.import_path import imported


def experiment_names() -> list[str]:
    """The names on the command line, sorted."""
    return sorted(
        found.name.replace("_", "-") for found in pkgutil.iter_modules(experiments.__path__) if found.name[0] != "_"
    )


def find(name: str) -> Study:
    """The study of a name, or one of the user's own at an import path such as 'my_studies:STUDY'.

    Raises:
        UsageError: one line, with the nearest name, or on what cannot be imported.
    """
    if ":" in name:
        own = imported(name, "study")
        if not isinstance(own, Study):
            raise UsageError(f"study '{name}' is {type(own).__name__}; a steadygan.studies.Study is needed")
        return own
    names = experiment_names()
    if name not in names:
        raise unknown_name("study", name, names)
    module = importlib.import_module(f"{experiments.__name__}.{name.replace('-', '_')}")
    study: Study = module.STUDY
    return study
