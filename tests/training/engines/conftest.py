"""Engines are tested with a fresh compiler and shallow networks."""

from __future__ import annotations

import pytest
import torch
import torch._dynamo.utils

from steadygan.networks import resnet101


@pytest.fixture(autouse=True)
def fresh_compiler():
    torch._dynamo.reset()
    with torch._dynamo.config.patch(run_gc_after_compile=False):  # what was traced before is much to look through
        yield
    torch._dynamo.reset()


@pytest.fixture(autouse=True)
def fewer_blocks(monkeypatch):
    """The 101 layers have one block a stage: each kind of block is traced, and none six times."""
    whole = resnet101._stages
    monkeypatch.setattr(resnet101, "_stages", lambda width, size: [(maps, 1) for maps, _ in whole(width, size)])
