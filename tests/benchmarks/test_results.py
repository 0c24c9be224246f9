"""The file of results."""

from __future__ import annotations

import json

import pytest
import torch

from benchmarks.common import command_line
from benchmarks.speed import results as module
from benchmarks.speed.results import KINDS, Results, commit, describe
from benchmarks.speed.timing import Watch
from steadygan.errors import UsageError


@pytest.fixture
def here():
    return describe(Watch(torch.device("cpu")))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "made" / "bench.json"


def test_an_entry_takes_the_place_of_the_one_with_its_key_and_is_there_again(path, here):
    results = Results(path, here)
    for ms in (1, 2):
        results.add(
            "cases", {"title": "a", "precision": "fp32"}, {"title": "a", "precision": "fp32", "ms": ms}, "first"
        )
    results.add("cases", {"title": "a", "precision": "bf16"}, {"title": "a", "precision": "bf16", "ms": 3}, "second")
    again = Results(path, here)
    assert [entry["ms"] for entry in again.data["cases"]] == [2, 3]
    assert again.find("cases", {"title": "a", "precision": "fp32"})["ms"] == 2
    assert again.find("cases", {"title": "b", "precision": "fp32"}) is None
    assert again.find("slopes", {"title": "a"}) is None
    assert again.data["commands"] == ["first", "second"]
    assert {"commit", "date"} <= again.data["cases"][0].keys()
    assert again.data["environment"]["torch"] == torch.__version__


def test_what_is_left_is_written_where_it_changes(path, here):
    results = Results(path, here)
    results.leave([])
    assert not path.exists()
    results.leave(["a case"])
    assert Results(path, here).data["left"] == ["a case"]
    results.leave([])
    assert '"left": []' in path.read_text()  # benchmarks/gpu.sh looks for it


@pytest.mark.parametrize(
    ("field", "value"), [("threads", 64), ("clock", "cpu"), ("torch", "2.0"), ("device", "a GPU"), ("processor", "x")]
)
def test_figures_of_another_machine_are_not_mixed_in(path, here, field, value):
    Results(path, here).leave(["a case"])
    with pytest.raises(UsageError, match=rf"bench.json was measured with {field} .*, this is {value}: name another"):
        Results(path, {**here, field: value})


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"format": 2}', json.dumps({"format": 1, **dict.fromkeys(KINDS[:2])})]
)
def test_a_file_of_something_else_is_not_written_over(tmp_path, here, content):
    path = tmp_path / "notes.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=r"notes\.json holds no measurements"):
        Results(path, here)
    assert path.read_text() == content


def test_a_command_names_no_folder_of_the_machine():
    assert command_line("speed", ["--data", "/home/someone/data/cifar10", "--out", "x.json"]) == (
        "python -m benchmarks.speed --data data/cifar10 --out x.json"
    )


def test_a_package_outside_of_a_checkout_has_no_commit(tmp_path, monkeypatch):
    monkeypatch.setattr(module.steadygan, "__file__", str(tmp_path / "lib" / "site" / "steadygan" / "__init__.py"))
    assert commit() is None
