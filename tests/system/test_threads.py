"""CPU threads of torch and of BLAS: set together, restored, and no more than there are free cores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import scipy.linalg  # noqa: F401  its BLAS is one of those that are set
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from steadygan import evaluation
from steadygan.system import threads
from steadygan.system.threads import on_free_cores, restored_threads, set_threads

ALL = 3


def numbers() -> set[int]:
    """Of threads: torch's, and those of each BLAS."""
    return {torch.get_num_threads(), *(each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas")}


@pytest.fixture(autouse=True)
def many() -> Iterator[None]:
    before = torch.get_num_threads()
    with threadpool_limits(ALL, user_api="blas"):
        torch.set_num_threads(ALL)
        yield
        torch.set_num_threads(before)


def test_torch_and_blas_have_the_number_and_get_theirs_back() -> None:
    with restored_threads(2):
        assert numbers() == {2}
        set_threads(1)
        assert numbers() == {1}
    assert numbers() == {ALL}


def test_they_get_it_back_after_an_error_and_where_no_number_was_given() -> None:
    @restored_threads()
    def broken() -> float:
        assert numbers() == {ALL}
        set_threads(1)
        return 1 / 0

    with pytest.raises(ZeroDivisionError):
        broken()
    assert numbers() == {ALL}


def test_blas_gets_no_more_than_the_environment_gave_it() -> None:
    with threadpool_limits(1, user_api="blas"):
        set_threads(2)
        assert numbers() == {1, 2}


@pytest.mark.parametrize(("free", "expected"), [(2, 2), (ALL + 4, ALL)])
def test_an_evaluation_runs_on_the_free_cores(monkeypatch: pytest.MonkeyPatch, free: int, expected: int) -> None:
    monkeypatch.setattr(threads, "free_cores", lambda: free)
    seen: list[Any] = []
    on_free_cores()(lambda: seen.append(numbers()))()
    assert seen == [{expected}] and numbers() == {ALL}
    monkeypatch.setattr("steadygan.evaluation.run_evaluation.find_run", lambda run: seen.append(numbers()) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        evaluation.evaluate("some run")
    assert seen[-1] == {expected}
