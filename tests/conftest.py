"""What all tests share: one thread, the same examples of every property on each run, and data."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import settings

from steadygan.data import DataOptions, open_data
from steadygan.features.classifier import classifier_features
from steadygan.training.planning import speed
from tests.grammar import GRAMMAR

torch.set_num_threads(1)  # test workers fill the cores; more threads would only fight for them

settings.register_profile("steadygan", derandomize=True, deadline=None, max_examples=50, database=None)
settings.load_profile("steadygan")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked gpu are skipped where there is none."""
    if not torch.cuda.is_available():
        for item in items:
            if "gpu" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()  # what was imported stays: looking through it again and again took a sixth of the time of tracing
    gc.set_threshold(50_000, 50, 10)  # what tracing makes by the million mostly stays until it is done


def _briefly(measure: Callable[..., speed.Speed], *arguments: Any, budget: float = 1.0, **options: Any) -> speed.Speed:
    return measure(*arguments, budget=min(budget, 0.02), **options)


@pytest.fixture(scope="session", autouse=True)
def _no_waiting() -> Iterator[None]:
    """Runs are planned by 20 ms of measured steps in place of a second; no file has to outlast a power failure.

    A seed is not kept for devices that are not there: torch keeps it with a stack of lines that it looks up.
    """
    with pytest.MonkeyPatch.context() as patch:
        for device in (torch.cuda, torch.xpu):
            if not device.is_available():
                patch.setattr(device, "manual_seed_all", lambda seed: None)
        patch.setattr(speed, "measure_speed", partial(_briefly, speed.measure_speed))
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture(autouse=True)
def _same_random_numbers() -> None:
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets: STEADYGAN_TEST_DATA, or shared/data beside the checkout; skips without one."""
    named = os.environ.get("STEADYGAN_TEST_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no shared test data: set STEADYGAN_TEST_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def digits_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the classifier of digits, whose training takes ten seconds; workers of one session share it."""
    base = tmp_path_factory.getbasetemp()
    cache = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "digits-cache"
    classifier_features(open_data(DataOptions(cache=str(cache))), cache=str(cache))
    return cache


@pytest.fixture(scope="session")
def grammar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text file of short sentences."""
    path = tmp_path_factory.mktemp("text") / "grammar.txt"
    path.write_text("\n".join(GRAMMAR) + "\n", encoding="utf-8")
    return path
