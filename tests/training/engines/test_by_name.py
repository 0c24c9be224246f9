"""Engines by their names."""

from __future__ import annotations

import pytest

from steadygan.errors import UsageError
from steadygan.training.engines.by_name import make


def test_an_unknown_engine_is_one_line():
    with pytest.raises(UsageError, match=r"unknown engine 'compile'; did you mean 'compiled'"):
        make("compile")
