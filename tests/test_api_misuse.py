"""Entry points that are given the wrong thing say so in one line, and make no folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import steadygan as sg
from steadygan.errors import UsageError
from tests.training.games import image_data, small_recipe


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> sg.Run:
    folder = tmp_path_factory.mktemp("runs") / "run"
    return sg.train(small_recipe(rounds=2), data=image_data(), out=folder, device="cpu", observers=[])


CALLS: dict[str, Callable[[sg.Run], Any]] = {
    "a mapping for a recipe": lambda run: sg.train({"batch": 3}),  # type: ignore[arg-type]
    "a run for a recipe": lambda run: sg.train(run),  # type: ignore[arg-type]
    "a function of nothing": lambda run: sg.train(lambda: small_recipe(), data="digits"),  # type: ignore[arg-type, misc]
    "a function that makes nothing": lambda run: sg.train(lambda sample: None, data="digits"),  # type: ignore[arg-type, return-value]
    "words for a time": lambda run: sg.train(small_recipe(), data=image_data(), minutes="2"),  # type: ignore[arg-type]
    "a device": lambda run: sg.train(small_recipe(), data=image_data(), device=None),  # type: ignore[arg-type]
    "no observer": lambda run: sg.train(small_recipe(), data=image_data(), observers=[print]),  # type: ignore[list-item]
    "observers": lambda run: sg.train(small_recipe(), data=image_data(), observers="none"),  # type: ignore[arg-type]
    "a place": lambda run: sg.train(small_recipe(), data=image_data(), out=5),  # type: ignore[arg-type]
    "rounds": lambda run: sg.resume(run, more_rounds="5"),  # type: ignore[arg-type]
    "a changed recipe": lambda run: sg.resume(run, data=image_data(), change=small_recipe()),  # type: ignore[arg-type]
    "a change to nothing": lambda run: sg.resume(run, data=image_data(), change=lambda recipe: None),  # type: ignore[arg-type, return-value]
    "one run to compare": lambda run: sg.compare(run),
    "a number for a run": lambda run: sg.load(5),  # type: ignore[arg-type]
    "no metric": lambda run: sg.evaluate(run, data=image_data(), metrics=[5]),  # type: ignore[list-item]
}


@pytest.mark.parametrize("name", CALLS)
def test_what_is_no_input_is_one_line(name: str, run: sg.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as error:
        CALLS[name](run)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "runs").exists()


def test_a_run_stands_where_its_folder_may(run: sg.Run, tmp_path: Path) -> None:
    assert sg.load(run) is run
    again = sg.train(
        small_recipe(rounds=1), data=image_data(), out=tmp_path / "b", device="cpu", observers=[], weights_from=run
    )
    assert again.rounds_done == 1
