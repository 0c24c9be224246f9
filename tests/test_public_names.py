"""The names of the package."""

from __future__ import annotations

import pytest

import steadygan as sg


@pytest.mark.parametrize("name", [name for name in dir(sg) if name != "__version__"])
def test_a_public_name_can_be_used(name: str) -> None:
    assert getattr(sg, name).__name__.startswith(("steadygan.", name))
