"""The cost of an image: operations of whole cycles of rounds, operators by shape, and the file."""

from __future__ import annotations

import json

import pytest
import torch

from benchmarks import picture_cost
from benchmarks.speed.flops import count
from benchmarks.speed.operators import CONVOLUTIONS, operators
from steadygan.recipes import pictures
from steadygan.types import SampleSpec


def test_operators_are_counted_by_shape_with_both_gradients():
    x = torch.randn(2, 4, 8, 8, requires_grad=True)
    conv = torch.nn.Conv2d(4, 6, 3, padding=1, groups=2, bias=False)
    once = 2 * 2 * 6 * 8 * 8 * 2 * 9
    found = operators(lambda: [conv(x).sum().backward() for _ in range(3)])
    assert found.of(["convolution"]).calls == 3 and found.of(["convolution"]).operations == 3 * once
    assert found.of(["convolution_backward"]).operations == 3 * 2 * once
    convolutions, everything = found.of(CONVOLUTIONS), found.all
    assert 0 < convolutions.seconds < everything.seconds and convolutions.operations == everything.operations
    assert ("convolution", "2x4x8x8 * 6x2x3x3 first 2 groups") in found.costs
    assert ("convolution_backward", "2x4x8x8 * 6x2x3x3 first 2 groups dx+w") in found.costs


def test_a_cycle_has_each_lazy_penalty_once_and_all_its_images():
    recipe = picture_cost.at_width(pictures(SampleSpec((3, 16, 16))), 4)
    training = picture_cost.Training(recipe, 16, "fp32")
    assert (training.cycle, training.images) == (4, 4 * recipe.batch)
    whole = count(training.rounds)
    assert training.at.round == 4 and training.at.critic_steps == 4 and training.at.seen == training.images
    training.cycle = 1
    rounds = [count(training.rounds) for _ in range(4)]
    assert sum(rounds) == whole and rounds[0] > rounds[1] == rounds[2] == rounds[3]


def test_the_costs_are_written_with_what_decides_them(tmp_path, capsys):
    out = tmp_path / "cost.json"
    words = ["--sizes", "16", "--recipes", "pictures", "--width", "4", "--precision", "fp32", "--layers"]
    picture_cost.main([*words, "--repeats", "1", "--seconds", "0.01", "--out", str(out)])
    content = json.loads(out.read_text())
    (cost,) = content["costs"]
    assert (cost["size"], cost["width"], cost["precision"]) == (16, 4, "fp32")
    assert content["processor"] and content["instructions"] and content["environment"] and content["threads"] == 1
    assert cost["gflop_a_second"] == pytest.approx(1e3 * cost["gflop_an_image"] / cost["ms_an_image"])
    convolutions = cost["convolutions"]
    assert 0 < convolutions["share_of_time"] < 1
    assert convolutions["of_product"] == pytest.approx(convolutions["gflop_a_second"] / cost["product_gflop_a_second"])
    assert sum(each["share_of_time"] for each in cost["operators"]) <= 1
    assert "16 px, pictures, width 4, fp32:" in capsys.readouterr().out


def test_narrow_instructions_are_those_of_a_process_of_their_own(monkeypatch):
    began = []

    class Done:
        returncode = 0

    monkeypatch.delenv("ATEN_CPU_CAPABILITY", raising=False)
    monkeypatch.setattr(picture_cost.subprocess, "run", lambda command, env: began.append((command, env)) or Done)
    with pytest.raises(SystemExit) as ended:
        picture_cost.main(["--avx2", "--sizes", "16"])
    ((command, environment),) = began
    assert ended.value.code == 0 and command[-3:] == ["--avx2", "--sizes", "16"]
    assert picture_cost.AVX2.items() <= environment.items()


def test_the_default_recipe_decides_the_width():
    assert picture_cost.chosen_width(32) > picture_cost.chosen_width(128) > 0
