"""Data that has changed since a run began is refused, with what changed of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from steadygan.data.open import open_memory
from steadygan.data.options import DataOptions
from steadygan.errors import RunError
from steadygan.run.data_facts import DataFacts
from steadygan.run.reopen import check_data
from tests.run.written import written


def test_one_picture_more_is_told_by_the_counts(tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (41, 8, 8, 3), dtype=np.uint8)
    before, more, other = (open_memory(rows, DataOptions("memory")) for rows in (pictures[:40], pictures, pictures[1:]))
    written(tmp_path / "data.json", DataFacts.of(before))
    assert check_data(tmp_path, before) is None
    with pytest.raises(RunError, match=r"or has changed since \(41 samples, then 40; content [0-9a-f]{12}, then"):
        check_data(tmp_path, more)
    with pytest.raises(RunError, match=r"or has changed since \(content [0-9a-f]{12}, then"):
        check_data(tmp_path, other)
