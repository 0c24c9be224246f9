"""Cores of a container, from control group files."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from steadygan.system import cores as module
from steadygan.system.cores import cores, free_cores, quota


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.mark.parametrize(
    ("own", "files", "expected"),
    [
        ("0::/\n", {"cpu.max": "200000 100000\n"}, 2.0),
        ("0::/\n", {"cpu.max": "max 100000\n"}, math.inf),
        ("0::/\n", {}, math.inf),
        ("0::/a/b\n", {"a/cpu.max": "150000 100000", "a/b/cpu.max": "max 100000"}, 1.5),
        ("0::/a/b\n", {"a/cpu.max": "800000 100000", "a/b/cpu.max": "50000 100000"}, 0.5),
        ("0::/of/the/host\n", {"cpu.max": "300000 100000"}, 3.0),
        ("4:memory:/m\n3:cpu,cpuacct:/d\n", {"cpu/cpu.cfs_quota_us": "400000", "cpu/cpu.cfs_period_us": "100000"}, 4.0),
        ("3:cpu,cpuacct:/\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, math.inf),
        ("0::/\n", {"cpu.max": "nonsense"}, math.inf),
    ],
)
def test_the_tightest_quota_counts(tmp_path: Path, own: str, files: dict[str, str], expected: float) -> None:
    written(tmp_path, {"own": own})
    assert quota(written(tmp_path / "groups", files), tmp_path / "own") == expected


def test_where_there_are_no_control_groups_nothing_limits(tmp_path: Path) -> None:
    assert quota(tmp_path / "groups", tmp_path / "own") == math.inf


@pytest.mark.parametrize(("limit", "expected"), [(math.inf, 64), (2.0, 2), (2.5, 3), (0.5, 1), (100.0, 64)])
def test_a_container_has_as_many_cores_as_its_quota(
    monkeypatch: pytest.MonkeyPatch, limit: float, expected: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(64)), raising=False)
    monkeypatch.setattr(module, "quota", lambda: limit)
    assert cores() == expected


@pytest.mark.parametrize(("load", "free"), [(0.0, 8), (0.4, 8), (2.6, 5), (7.9, 1), (40.0, 1)])
def test_busy_cores_are_not_free(monkeypatch: pytest.MonkeyPatch, load: float, free: int) -> None:
    monkeypatch.setattr(module, "cores", lambda: 8)
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0), raising=False)
    assert free_cores() == free
