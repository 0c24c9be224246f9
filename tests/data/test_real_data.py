"""Public data sets in their standard files, if they are on this machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from steadygan.data import DataOptions, Stored, open_data


def test_mnist(shared_data: Path) -> None:
    data = open_data(DataOptions(source=str(shared_data / "mnist")))
    assert data.name == "mnist"
    assert data.sample.shape == (1, 28, 28)
    assert data.class_names == tuple("0123456789")
    assert isinstance(data.train, Stored)
    assert (len(data.train), len(data.held_out)) == (60_000, 10_000)
    assert data.train.labels is not None
    assert data.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert round(float(data.train.samples.mean() / 255), 4) == 0.1307, "the mean that everyone normalises by"


def test_cifar10_test_pictures_by_processes(shared_data: Path, cache: Path) -> None:
    pytest.importorskip("pyarrow")
    data = open_data(DataOptions(source=str(shared_data / "cifar10" / "test.parquet")))
    assert data.name == "cifar10"
    assert data.sample.shape == (3, 32, 32)
    assert data.class_names[:3] == ("airplane", "automobile", "bird")
    assert isinstance(data.train, Stored)
    assert (len(data.train), len(data.held_out)) == (9_000, 1_000)
    assert data.held_out.labels is not None
    assert data.train.labels is not None
    assert np.bincount(data.train.labels).sum() + np.bincount(data.held_out.labels).sum() == 10_000
    mean = data.train.samples.mean(axis=(0, 2, 3)) / 255
    assert np.allclose(mean, [0.494, 0.485, 0.450], atol=0.005)
