"""Train generative adversarial networks so that they stay steady.

>>> import steadygan as sg                                   # doctest: +SKIP
>>> run = sg.train(sg.recipes.wgan_gp, data="digits")        # doctest: +SKIP
>>> images = run.sample(64, seed=1)                          # doctest: +SKIP

``sg.losses`` and ``sg.penalties`` need only torch. Everything is loaded when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steadygan import constraints as constraints
    from steadygan import data as data
    from steadygan import diagnostics as diagnostics
    from steadygan import ema as ema
    from steadygan import losses as losses
    from steadygan import metrics as metrics
    from steadygan import networks as networks
    from steadygan import objectives as objectives
    from steadygan import optimizers as optimizers
    from steadygan import penalties as penalties
    from steadygan import perturbations as perturbations
    from steadygan import priors as priors
    from steadygan import recipes as recipes
    from steadygan import representations as representations
    from steadygan import schedules as schedules
    from steadygan import studies as studies
    from steadygan.api import check, diagnose, load, prepare, resume, train
    from steadygan.errors import DataError, RunError, SteadyganError, UsageError
    from steadygan.evaluation.comparison import compare
    from steadygan.evaluation.run_evaluation import evaluate
    from steadygan.export.kinds import export_generator
    from steadygan.recipe import Recipe
    from steadygan.run import Run
    from steadygan.studies.session import study
    from steadygan.types import Batch, CriticOutput, SampleSpec, Scales

from steadygan.version import __version__ as __version__

_MODULES = (
    "constraints",
    "data",
    "diagnostics",
    "ema",
    "losses",
    "metrics",
    "networks",
    "objectives",
    "optimizers",
    "penalties",
    "perturbations",
    "priors",
    "recipes",
    "representations",
    "schedules",
    "studies",
)
_HOMES = {
    "Batch": "types",
    "CriticOutput": "types",
    "DataError": "errors",
    "Recipe": "recipe",
    "Run": "run",
    "RunError": "errors",
    "SampleSpec": "types",
    "Scales": "types",
    "SteadyganError": "errors",
    "UsageError": "errors",
    "compare": "evaluation.comparison",
    "evaluate": "evaluation.run_evaluation",
    "export_generator": "export.kinds",
    "load": "api",
    "prepare": "api",
    "resume": "api",
    "check": "api",
    "diagnose": "api",
    "study": "studies.session",
    "train": "api",
}

__all__ = [
    "Batch",
    "CriticOutput",
    "DataError",
    "Recipe",
    "Run",
    "RunError",
    "SampleSpec",
    "Scales",
    "SteadyganError",
    "UsageError",
    "check",
    "compare",
    "diagnose",
    "evaluate",
    "export_generator",
    "load",
    "losses",
    "penalties",
    "prepare",
    "recipes",
    "resume",
    "study",
    "train",
]

if not TYPE_CHECKING:  # a type checker knows the names, and finds a misspelt one

    def __getattr__(name: str) -> Any:
        if name in _MODULES:
            return importlib.import_module(f"steadygan.{name}")
        if name in _HOMES:
            return getattr(importlib.import_module(f"steadygan.{_HOMES[name]}"), name)
        raise AttributeError(f"module 'steadygan' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*__all__, *_MODULES, *_HOMES, "__version__"})
