"""The bound of what is held of one file."""

from __future__ import annotations

import os
import resource

import pytest

from steadygan.errors import UsageError
from steadygan.system.memory import memory_bytes, most_held


def test_the_bound_is_half_of_the_memory_or_what_the_variable_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STEADYGAN_MEMORY", raising=False)
    assert most_held() == memory_bytes() // 2
    assert memory_bytes() <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    monkeypatch.setenv("STEADYGAN_MEMORY", "8e9")
    assert most_held() == 8_000_000_000


@pytest.mark.parametrize("wrong", ["8GB", "-1", "0", "nan", "inf", "1e99"])
def test_a_bound_that_is_no_number_of_bytes_is_one_line(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADYGAN_MEMORY", wrong)
    with pytest.raises(UsageError, match="STEADYGAN_MEMORY"):
        most_held()


def test_a_limit_of_the_process_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {resource.RLIMIT_AS: (10**9, 10**9), resource.RLIMIT_DATA: (resource.RLIM_INFINITY,) * 2}
    monkeypatch.setattr(resource, "getrlimit", limits.__getitem__)
    assert memory_bytes() == 10**9
