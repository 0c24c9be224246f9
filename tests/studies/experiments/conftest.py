"""Studies of points are judged by fewer of them, since matching takes time with the cube of their number."""

from __future__ import annotations

import pytest

from steadygan.studies.experiments import _continued, _quality


@pytest.fixture(autouse=True)
def few_points(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "slow" in request.keywords:
        for module in (_quality, _continued):
            monkeypatch.setattr(module, "COUNT", 200)
