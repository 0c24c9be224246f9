"""The choice of an engine: by agreement, by speed, by what was measured before, and always with the reason."""

from __future__ import annotations

import contextlib
import dataclasses
import signal
import time

import pytest
import torch
import torch._dynamo.utils

from steadygan.networks import MLPCritic, Own
from steadygan.recipe import RunOptions
from steadygan.system.files import read_json
from steadygan.training.engines import select
from steadygan.training.engines.base import NotRecordable
from steadygan.training.engines.compiled import Compiled
from steadygan.training.engines.eager import EAGER, Eager
from steadygan.training.engines.select import cache_path, select_engine
from steadygan.training.planning.speed import Speed
from steadygan.training.processes.world import World
from tests.training.engines.trials import trial
from tests.training.games import small_recipe


class Louder(Eager):
    """A gradient of the generator is too large."""

    name = "compiled"

    def carry_out(self, setup, phase, draws):
        terms = super().carry_out(setup, phase, draws)
        if phase.player == "generator":
            setup.game.players["generator"].parameters[0].grad.mul_(1.5)
        return terms


class NoNumber(Eager):
    """A gradient that is not the first one is NaN."""

    name = "compiled"

    def carry_out(self, setup, phase, draws):
        terms = super().carry_out(setup, phase, draws)
        if phase.player == "generator":
            setup.game.players["generator"].parameters[-1].grad.fill_(torch.nan)
        return terms


class Stuck(Eager):
    """Each step sees the draws of the first, as a recording that is not fed."""

    name = "compiled"

    def __init__(self):
        self.first = None

    def carry_out(self, setup, phase, draws):
        if phase.player == "generator":
            self.first = draws = self.first or draws
        return super().carry_out(setup, phase, draws)


class Following(torch.nn.Module):
    """A mean that follows what is generated, and that no training step reads."""

    def __init__(self, sample, latent, replaces):
        super().__init__()
        self.last, self.shape, self.replaces = torch.nn.Linear(latent, 64), sample.shape, replaces
        self.register_buffer("mean", torch.zeros(64))

    def forward(self, z):
        x = self.last(z)
        if self.training and self.replaces:
            self.mean = 0.9 * self.mean + 0.1 * x.detach().mean(0)
        elif self.training:
            self.mean.lerp_(x.detach().mean(0), 0.1)
        return torch.tanh(x).view(-1, *self.shape)


@pytest.mark.parametrize("replaces", [True, False])
def test_a_buffer_that_a_forward_replaces_is_left_to_eager_steps_with_the_reason(replaces, monkeypatch):
    generator = Own(Following, options={"replaces": replaces})
    recipe = small_recipe(generator=generator, run=RunOptions(precision="fp32", engine="compiled"))
    monkeypatch.setattr(select, "has_compiler", lambda: True)
    monkeypatch.setattr(select, "_speed", lambda engine, builder: Speed(1.0, 1.0))
    monkeypatch.setattr(select, "make", lambda name: Compiled("aot_eager"))
    chosen = select_engine(trial(recipe), Speed(1.0, 1.0))
    assert chosen.engine.name == ("eager" if replaces else "compiled")
    assert ("in place of generator.network.mean; change it in place" in chosen.note) == replaces


@pytest.mark.parametrize("wrong", [Louder, NoNumber, Stuck])
def test_an_engine_with_wrong_gradients_is_left_for_eager_with_the_reason(wrong, monkeypatch):
    recipe = small_recipe(run=RunOptions(precision="fp32", engine="compiled"))
    monkeypatch.setattr(select, "has_compiler", lambda: True)
    monkeypatch.setattr(select, "make", lambda name: wrong())
    chosen = select_engine(trial(recipe), Speed(1.0, 1.0))
    assert chosen.engine.name == "eager"
    assert "engine eager, not compiled: its gradient of generator." in chosen.note


class AtAKink(Eager):
    """As where a unit lies on the other side of 0: all of a gradient is a little off."""

    name = "compiled"

    def carry_out(self, setup, phase, draws):
        terms = super().carry_out(setup, phase, draws)
        for parameter in setup.game.players["generator"].parameters if phase.player == "generator" else ():
            parameter.grad.mul_(1.003)
        return terms


@pytest.mark.parametrize(("rounding", "name"), [(0.0005, "eager"), (0.001, "compiled"), (1.0, "compiled")])
def test_an_engine_may_differ_by_a_few_times_the_rounding_of_eager_gradients(rounding, name, measured, monkeypatch):
    monkeypatch.setattr(select, "make", lambda name: AtAKink())
    monkeypatch.setattr(select, "rounding", lambda *_: rounding)
    recipe = small_recipe(run=RunOptions(precision="fp32", engine="compiled"))
    assert select_engine(trial(recipe), Speed(1.0, 1.0)).engine.name == name


def test_rounding_never_excuses_what_is_clearly_wrong(measured, monkeypatch):
    monkeypatch.setattr(select, "make", lambda name: Louder())
    monkeypatch.setattr(select, "rounding", lambda *_: 1.0)
    recipe = small_recipe(run=RunOptions(precision="fp32", engine="compiled"))
    assert select_engine(trial(recipe), Speed(1.0, 1.0)).engine.name == "eager"


class Quick(Eager):
    """Eager steps under another name."""

    name = "compiled"


def quick_trial(rounds=1_000):
    return trial(small_recipe(rounds=rounds, run=RunOptions(precision="fp32")))


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """What choosing looks at: which engines were made, and how fast they are to be."""
    monkeypatch.setenv("STEADYGAN_CACHE", str(tmp_path))
    seen = {"made": [], "speed": Speed(0.5, 0.5)}
    monkeypatch.setattr(select, "make", lambda name: seen["made"].append(name) or Quick())
    monkeypatch.setattr(select, "measure_speed", lambda *_, **__: seen["speed"])
    monkeypatch.setattr(select, "has_compiler", lambda: True)
    return seen


def test_auto_takes_what_is_faster_with_a_note_and_remembers_it(measured):
    tried = quick_trial()
    chosen = select_engine(tried, Speed(1.0, 1.0))
    assert (chosen.engine.name, chosen.speed) == ("compiled", Speed(0.5, 0.5))
    assert "engine compiled: compiled steps are 2.00 times as fast" in chosen.note
    assert read_json(cache_path(tried))["engine"] == "compiled"
    assert select_engine(tried, Speed(1.0, 1.0)).engine.name == "compiled"
    assert measured["made"] == ["compiled", "compiled"]  # its gradients are looked at again


def test_auto_stays_eager_where_nothing_is_faster_and_does_not_measure_again(measured):
    measured["speed"] = Speed(1.2, 1.2)
    chosen = select_engine(quick_trial(), Speed(1.0, 1.0))
    assert (chosen.engine.name, chosen.speed) == ("eager", Speed(1.0, 1.0))
    assert "engine eager: compiled steps are 0.83 times as fast" in chosen.note
    again = select_engine(quick_trial(2_000), Speed(1.0, 1.0))
    assert again.note.endswith("(measured before)")
    assert measured["made"] == ["compiled"]


def test_processes_decide_by_what_the_first_one_measured(measured):
    class Second(World):
        def broadcast(self, value):
            return Speed(0.4, 0.4) if value == Speed(1.0, 1.0) else value  # eager steps of the first process

    tried = dataclasses.replace(quick_trial(5_000), world=Second())
    chosen = select_engine(tried, Speed(1.0, 1.0))
    assert (chosen.engine.name, chosen.speed) == ("eager", Speed(0.4, 0.4))
    assert "compiled steps are 0.80 times as fast" in chosen.note


def test_auto_tries_nothing_for_a_run_that_compiling_would_hold_up(measured):
    short = Speed(0.01, 0.01)
    assert select_engine(quick_trial(), short) == (EAGER, short, "")
    assert measured["made"] == []


def test_what_is_tried_is_said_with_its_limit_and_how_to_leave_it_out(measured):
    lines = []
    select_engine(quick_trial(), Speed(1.0, 1.0), lines.append)  # 3,000 s with eager steps
    assert lines == ["trying compiled steps for at most 2 min, 5% of the run (--engine eager leaves it out)"]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers here")
def test_an_engine_that_is_not_ready_in_time_is_left_and_tried_again_by_a_longer_run(measured, monkeypatch):
    class Slow(Eager):
        name = "compiled"

        def carry_out(self, setup, phase, draws):
            for _ in range(3):  # as a compiler that catches what it is told
                with contextlib.suppress(Exception):
                    time.sleep(5)
            return super().carry_out(setup, phase, draws)

    monkeypatch.setattr(select, "make", lambda name: Slow())
    monkeypatch.setattr(select, "MOST_SECONDS", 0.3)
    tried, began = quick_trial(), time.perf_counter()
    chosen = select_engine(tried, Speed(1.0, 1.0))
    assert time.perf_counter() - began < 5
    assert (chosen.engine, chosen.speed) == (EAGER, Speed(1.0, 1.0))
    assert chosen.note == "engine eager: compiled steps were not ready after 0 s"
    assert not cache_path(tried).exists()


def test_deeper_networks_take_longer_to_compile_and_so_longer_runs(measured):
    shallow = quick_trial()
    deep = trial(dataclasses.replace(shallow.recipe, critic=MLPCritic(width=4, depth=30)))
    assert [select.candidates(each, 1_400.0) for each in (shallow, deep)] == [("compiled",), ()]
    assert select.candidates(deep, 3_000.0) == ("compiled",)


def test_what_was_measured_is_kept_by_what_makes_steps_slower_or_faster():
    base = quick_trial()
    changed = {"batch": 48, "critic": MLPCritic(width=40), "seed": 3, "rounds": 7_000}
    kept = {
        name: cache_path(trial(dataclasses.replace(base.recipe, **{name: value}))) for name, value in changed.items()
    }
    assert kept["seed"] == kept["rounds"] == cache_path(base)
    assert len({kept["batch"], kept["critic"], cache_path(base)}) == 3


def test_a_recipe_that_cannot_be_recorded_runs_eager_with_a_note(monkeypatch):
    class Refusing(Eager):
        name = "graph"

        def carry_out(self, setup, phase, draws):
            raise NotRecordable("the loss itself sums over the processes, which a recording cannot hold")

    monkeypatch.setattr(select, "make", lambda name: Refusing())
    chosen = select_engine(trial(small_recipe(run=RunOptions(precision="fp32", engine="graph"))), Speed(1.0, 1.0))
    assert chosen.engine.name == "eager"
    assert chosen.note.startswith("engine eager, not graph: the loss itself sums")


def test_without_a_compiler_compiled_steps_are_left_at_once_with_the_reason(monkeypatch):
    monkeypatch.setattr(select, "has_compiler", lambda: False)
    monkeypatch.setattr(select, "disagreement", None)
    chosen = select_engine(trial(small_recipe(run=RunOptions(precision="fp32", engine="compiled"))), Speed(1.0, 1.0))
    assert chosen.engine.name == "eager"
    assert chosen.note == "engine eager, not compiled: there is no C++ compiler (g++ or clang++) here"
