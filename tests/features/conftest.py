"""A cache of its own for every test of features."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that weights go to."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("STEADYGAN_CACHE", str(folder))
    monkeypatch.delenv("STEADYGAN_INCEPTION", raising=False)
    return folder
