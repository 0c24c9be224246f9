"""``python -m benchmarks.speed`` from end to end, on the smallest case."""

from __future__ import annotations

import json
import multiprocessing

import pytest
import torch

from benchmarks.speed import comparison, pieces, plain_process, slopes
from benchmarks.speed.__main__ import main
from benchmarks.speed.comparison import Settings
from benchmarks.speed.memory import make_round
from benchmarks.speed.timing import Watch
from steadygan.errors import RunError
from steadygan.training.engines.eager import Eager
from tests.benchmarks.small import small

CPU = torch.device("cpu")
LINE = ["--cases", "mlp-small", "--precision", "fp32", "--threads", "1", "--repeats", "2", "--seconds", "0"]
QUICK = [*LINE, "--no-memory", "--out", "figures/bench.json"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def figures(place):
    return json.loads((place / "figures" / "bench.json").read_text())


@pytest.mark.slow
def test_a_case_is_measured_once_and_again_for_another_side(place, capsys, monkeypatch):
    assert main(QUICK) == 0
    first = capsys.readouterr()
    assert "small MLP, width 128, batch 256" in first.out and "written: figures/bench.json" in first.out
    assert first.err.splitlines() == ["1 of 1: small MLP, width 128, batch 256, fp32"]
    (entry,) = figures(place)["cases"]
    plain, eager = entry["sides"]["plain"], entry["sides"]["eager"]
    assert eager["times_plain"] == pytest.approx(plain["ms"][0] / eager["ms"][0])
    assert eager["samples_per_second"] == pytest.approx(5 * 256 / eager["ms"][0] * 1e3)
    assert eager["flop_per_second"] == pytest.approx(entry["operations"]["round"] / eager["ms"][0] * 1e3)
    assert eager["of_matrix_product"] == pytest.approx(
        eager["flop_per_second"] / entry["matrix_product"]["flop_per_second"]
    )
    assert entry["operations"]["equivalents"] == pytest.approx(10, abs=0.1)
    assert figures(place)["environment"]["threads"] == 1

    assert main(QUICK) == 0  # nothing is left
    assert capsys.readouterr().err.startswith("already in figures/bench.json: small MLP")
    assert figures(place)["cases"] == [entry]

    fork = multiprocessing.get_context("fork")  # a new interpreter would load torch again
    monkeypatch.setattr(plain_process.multiprocessing, "get_context", lambda method: fork)
    assert main([*QUICK, "--engines", "graph", "--same-networks"]) == 0
    (again,) = figures(place)["cases"]
    assert list(again["sides"]) == ["plain", "same-networks", "eager"]  # what was there is measured beside it
    assert "records steps on an NVIDIA GPU" in again["refused"]["graph"]
    assert "no engine graph: engine 'graph' records steps" in capsys.readouterr().out
    assert len(figures(place)["commands"]) == 2


def test_minutes_end_between_two_measurements_and_the_same_command_goes_on(place, capsys, monkeypatch):
    measured = []

    def measure(case, precision, engines, settings):
        measured.append(case.name)
        sides = {name: {} for name in ("plain", *engines)}
        return {"case": case.name, "title": case.title, "precision": precision, "sides": sides, "refused": {}}

    clock = iter([0.0, 10.0, 50.0, 70.0, *[100.0] * 10])  # seconds: the start, then before each measurement
    monkeypatch.setattr(comparison, "measure", measure)
    monkeypatch.setattr(pieces.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr("benchmarks.speed.__main__.show", lambda data: None)
    line = ["--cases", "mlp", "mlp-small", "text", "--precision", "fp32", "--out", "figures/bench.json"]
    assert main([*line, "--minutes", "1"]) == 0
    assert measured == ["mlp", "mlp-small"]
    assert figures(place)["left"] == ["text, width 64, batch 64, fp32"]
    assert "stopped after 1 minutes; left: text" in capsys.readouterr().err
    assert main(line) == 0
    assert measured == ["mlp", "mlp-small", "text"]
    assert figures(place)["left"] == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--cases mpl", "unknown case 'mpl'; did you mean 'mlp'?"),
        ("--cases", "--cases: expected at least one argument"),
        ("--engines compile", "unknown engine 'compile'; did you mean 'compiled'?"),
        ("--precision fp64", "precision 'fp64' is unknown (known: auto, fp32, tf32, bf16)"),
        ("--clock sun", "--clock: invalid choice: 'sun'"),
        ("--repeats 1", "--repeats: got 1; it has to be 2 or more"),
        ("--seconds -1", "--seconds: got '-1'; seconds have to be a number from 0 on"),
        ("--overhead 0", "--overhead: got '0'; minutes have to be a number above 0"),
        ("--threads none", "--threads: got 'none'; a whole number is needed"),
        ("--slope", "unknown option '--slope'; did you mean '--slopes'?"),
        ("mlp", "'mlp' is one argument too many"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(line, message, place, capsys):
    assert main(line.split()) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("benchmarks.speed: ") and message in said


class Traced(Eager):
    """Stands for an engine that has to be checked."""

    name = "compiled"


class Wrong(Traced):
    def carry_out(self, setup, phase, draws):
        terms = super().carry_out(setup, phase, draws)
        if phase.player == "critic":
            setup.game.players["critic"].parameters[0].grad.mul_(1.2)
        return terms


def test_every_engine_but_eager_is_checked_before_it_is_timed(monkeypatch):
    monkeypatch.setattr("steadygan.training.engines.select.make", lambda name: Traced())
    run, seconds = comparison.prepared(small("mlp"), "fp32", "compiled", Watch(CPU))
    run()
    assert seconds > 0
    monkeypatch.setattr("steadygan.training.engines.select.make", lambda name: Wrong())
    found = comparison.prepared(small("dcgan-32"), "fp32", "compiled", Watch(CPU))
    assert isinstance(found, str) and "its gradient of critic.trunk.0.weight is off by" in found


@pytest.mark.slow
def test_a_slope_is_measured_over_all_sizes(monkeypatch):
    monkeypatch.setattr(slopes, "varied", lambda variable, laptop: {n: small("dcgan-32", batch=n) for n in (4, 16, 64)})
    found = slopes.measure("batch", "fp32", "eager", Settings(Watch(CPU, "cpu"), repeats=2, seconds=0.0))
    assert found["values"] == [4, 16, 64] and len(found["ms"]) == 3
    assert found["exponent"] > 0
    with pytest.raises(RunError, match=r"engine graph for DCGAN-32.*NVIDIA GPU"):
        slopes.measure("batch", "fp32", "graph", Settings(Watch(CPU)))


def test_running_out_of_memory_is_one_line(place, capsys, monkeypatch):
    def measure(*everything):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(comparison, "measure", measure)
    assert main(QUICK) == 1
    assert "benchmarks.speed: out of memory: small MLP" in capsys.readouterr().err


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["mlp-small", "dcgan-32"])
def test_all_sides_run_on_a_gpu(name):
    cuda = torch.device("cuda")
    found = comparison.measure(
        small(name),
        "bf16",
        pieces.ENGINES,
        Settings(Watch(cuda), repeats=2, seconds=0.0, memory=False, product_side=256),
    )
    assert {"plain", "eager", "graph"} <= found["sides"].keys(), found["refused"]
    make_round(small(name), "same-networks", "bf16", cuda)()
