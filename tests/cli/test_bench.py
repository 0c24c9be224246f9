"""``steadygan bench``: engines and precisions of a recipe, timed side by side."""

from __future__ import annotations

import dataclasses
import json

import pytest
import torch

from steadygan.cli import main
from steadygan.data import Dataset, Stored
from steadygan.penalties import R1
from steadygan.recipes import dcgan
from steadygan.training import benchmark as module
from steadygan.training.engines.eager import Eager
from steadygan.training.setup import SetupBuilder
from steadygan.types import SampleSpec

CPU = torch.device("cpu")
SMALL = ["bench", "wgan-gp", "--data", "digits", "--critic.width", "4", "--generator.width", "4", "--device", "cpu"]


def builder(**changes):
    sample = SampleSpec((1, 8, 8))
    recipe = dataclasses.replace(dcgan(sample), batch=4, **changes)
    pixels = Stored(torch.zeros(32, 1, 8, 8, dtype=torch.uint8).numpy())
    return SetupBuilder(recipe, Dataset("zeros", sample, pixels, pixels, "0"), CPU)


def test_a_table_and_a_file_say_what_a_round_costs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    line = [*SMALL, "--engines", "eager", "graph", "--precisions", "fp32", "--repeats", "2", "--out", "bench.json"]
    assert main([*line, "--batch", "8"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("wgan-gp on digits; ") and f"torch {torch.__version__}" in said.out
    assert "│ eager" in said.out and "1.00" in said.out and "written: bench.json" in said.out
    assert "refused: graph, fp32: engine 'graph' records steps on an NVIDIA GPU, and the run is on cpu" in said.out
    assert said.err == ""  # progress is for terminals
    figures = json.loads((tmp_path / "bench.json").read_text())
    eager, graph = figures["entries"]
    median, fastest, slowest = eager["ms"]
    assert 0 < fastest <= median <= slowest and eager["speedup"] == 1 and eager["peak_mb"] is None
    assert figures["images_a_round"] == 5 * 8
    assert eager["images_per_second"] == pytest.approx(5 * 8 / median * 1e3)
    assert graph.keys() == {"engine", "precision", "refused"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--engines", "compile"], "unknown engine 'compile'; did you mean 'compiled'?"),
        (["--precisions", "fp64"], "precision 'fp64' is unknown"),
        (["--repeats", "1"], "--repeats: got 1; it has to be 2 or more"),
        (["--critic.widht", "8"], "did you mean --critic.width?"),
        (["--out", "."], "'.' is a folder; name a file"),
        (["--critic.norm", "batch"], "the critic has batch norm"),
        (["dcgan"], "'dcgan' is one argument too many"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(words, message, capsys):
    assert main([*SMALL, *words]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("steadygan: ") and message in said


class Wrong(Eager):
    name = "compiled"

    def carry_out(self, setup, phase, draws):
        terms = super().carry_out(setup, phase, draws)
        setup.game.players[phase.player].parameters[0].grad.mul_(1.2)
        return terms


def test_an_engine_with_other_gradients_is_refused(monkeypatch):
    monkeypatch.setattr("steadygan.training.engines.select.make", lambda name: Wrong() if name != "eager" else Eager())
    figures = module.benchmark(builder(), ["compiled", "eager"], ["fp32"], repeats=2, seconds=0.0)
    compiled, eager = figures["entries"]
    assert "is off by" in compiled["refused"] and eager["speedup"] == 1


def test_a_lazy_phase_has_its_share_of_the_timed_rounds(monkeypatch):
    seen = []

    class Counting(Eager):
        def carry_out(self, setup, phase, draws):
            seen.append((phase.player, phase.every))
            return super().carry_out(setup, phase, draws)

    timer = module._timer(builder(penalties=(R1(every=4),)), Counting())
    for _ in range(2):
        timer(1)
    assert (seen.count(("critic", 1)), seen.count(("critic", 4)), seen.count(("generator", 1))) == (8, 2, 8)


def test_without_eager_fp32_there_is_no_speedup_and_memory_may_run_out(monkeypatch):
    def out_of_memory(setup, draws, start, engine):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")

    figures = module.benchmark(builder(), ["eager"], ["bf16"], repeats=2, seconds=0.0)
    assert figures["entries"][0]["speedup"] is None
    monkeypatch.setattr(module, "training_round", out_of_memory)
    figures = module.benchmark(builder(), ["eager"], ["fp32"], repeats=2, seconds=0.0)
    assert figures["entries"] == [{"engine": "eager", "precision": "fp32", "refused": "out of memory"}]


def test_available_engines_are_those_of_the_device():
    assert module.available_engines(torch.device("mps")) == ("eager",)
    assert module.available_engines(CPU)[0] == "eager"
    assert "graph" in module.available_engines(torch.device("cuda"))


@pytest.mark.gpu
def test_all_engines_are_timed_on_a_gpu(capsys):
    line = [word for word in SMALL if word not in ("--device", "cpu")]
    assert main([*line, "--repeats", "2"]) == 0
    assert "compiled-graph" in capsys.readouterr().out
