"""Runs with a doctor: the weights of runs without, a log that a resume continues, and nothing read between looks."""

from __future__ import annotations

import dataclasses
import json
import shutil

import pytest
import torch
from safetensors.torch import load_file

from steadygan.diagnostics import doctor as doctors
from steadygan.diagnostics import read_log
from steadygan.diagnostics.doctor import GameDoctor
from steadygan.diagnostics.schedule import Schedule
from steadygan.errors import RunError
from steadygan.losses import NonSaturating
from steadygan.networks import DCGANCritic, DCGANGenerator
from steadygan.networks.own import Own
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam
from steadygan.perturbations import Adaptive, DiffAugment
from steadygan.recipe import RunOptions
from steadygan.recipes import wgan
from steadygan.run.layout import list_checkpoints
from steadygan.training.checking import check_run
from steadygan.training.held_out import HeldOutMeasure
from steadygan.training.session import new_run, resume_run
from steadygan.training.step.feed import Feed
from steadygan.training.step.game import Game
from steadygan.types import SampleSpec
from tests.training.games import POINTS, image_data, small_recipe
from tests.training.runs import Stop, rows, weights
from tests.training.worlds import made, sample_of

LOOKS = Schedule((1, 3, 4, 7, 8), frozenset({3, 8}))
RUN = RunOptions(precision="fp32", log_every=2, picture_every=4, checkpoint_every=3, pictured=9, keep_last=9)


def doctor() -> GameDoctor:
    return GameDoctor(LOOKS)


class _Dropping(torch.nn.Module):
    """A critic of one's own with dropout and batch norm, which draw and move in training."""

    def __init__(self, sample: SampleSpec) -> None:
        super().__init__()
        width = sample.shape[0] * sample.shape[1] * sample.shape[2]
        self.body = torch.nn.Sequential(
            torch.nn.Flatten(), torch.nn.Linear(width, 16), torch.nn.BatchNorm1d(16), torch.nn.Dropout(0.5)
        )
        self.head = torch.nn.Linear(16, 1)

    def forward(self, x):
        return self.head(self.body(x).relu())


ADA = {
    "objective": Adversarial(NonSaturating()),
    "penalties": (),
    "perturbation": Adaptive(DiffAugment(), images=100, every=2),
}
NAMED = ("sngan", "began", "text", "msg-gan", "acgan")
CASES = {
    "points": (small_recipe(), SampleSpec((2,))),
    "batch norm and dropout": (
        small_recipe(
            generator=DCGANGenerator(width=4),
            critic=Own(_Dropping),
            objective=Adversarial(NonSaturating()),
            penalties=(),
        ),
        SampleSpec((1, 8, 8)),
    ),
    "adaptive": (small_recipe(critic=DCGANCritic(width=4), **ADA), SampleSpec((1, 8, 8))),
    **{name: (made(name, batch=8), sample_of(name)) for name in NAMED},
}
SOON = ("points", "batch norm and dropout")
"""tested in every run of the tests; the others take some seconds each"""


def case(name):
    recipe, sample = CASES[name]
    steps = dataclasses.replace(recipe, rounds=8, run=RUN)
    return steps, image_data(200, sample) if sample != POINTS else points()


def points():
    data = image_data(200, SampleSpec((1, 1, 2)))
    flat = [
        dataclasses.replace(each, samples=each.samples.reshape(len(each.samples), 2).astype("float32") / 128 - 1)
        for each in (data.train, data.held_out)
    ]
    return dataclasses.replace(data, sample=POINTS, train=flat[0], held_out=flat[1])


def state(folder):
    """Counters of the last checkpoint."""
    content = json.loads((folder / "checkpoints" / "000008" / "state.json").read_text())
    return {key: content[key] for key in ("round", "critic_steps", "position", "seen")}


@pytest.mark.parametrize("name", [n if n in SOON else pytest.param(n, marks=pytest.mark.slow) for n in CASES])
def test_a_run_with_a_doctor_is_the_run_without_to_the_last_bit(name, tmp_path):
    recipe, data = case(name)
    states = []
    for folder, own in (("without", None), ("with", doctor())):
        torch.manual_seed(5)
        new_run(recipe, data, tmp_path / folder, device="cpu", doctor=own)
        states.append(torch.get_rng_state())
    for round_ in (3, 6, 8):
        a, b = weights(tmp_path / "without", round_), weights(tmp_path / "with", round_)
        assert {key for key in b if not key.startswith("doctor.")} == a.keys()
        assert all(torch.equal(a[key], b[key]) for key in a)
    assert torch.equal(*states)
    assert rows(tmp_path / "without") == rows(tmp_path / "with")
    assert state(tmp_path / "without") == state(tmp_path / "with")
    log = read_log(tmp_path / "with" / "signals.jsonl")
    assert [row["round"] for row in log] == list(LOOKS.rounds) and all("gap" in row for row in log)
    assert "copy_ratio" in log[1] and "copy_ratio" not in log[2]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["points", "adaptive", "batch norm and dropout", "sngan"])
def test_a_resumed_log_is_that_of_an_uninterrupted_run_byte_for_byte(name, tmp_path):
    recipe, data = case(name)
    new_run(recipe, data, tmp_path / "whole", device="cpu", doctor=doctor())
    whole = (tmp_path / "whole" / "signals.jsonl").read_bytes()
    for round_ in (3, 6) if name == "points" else (3,):
        cut = tmp_path / f"cut-{round_}"
        shutil.copytree(tmp_path / "whole", cut)  # as if it was killed after the last look
        for path in list_checkpoints(cut / "checkpoints"):
            if int(path.name) > round_:
                shutil.rmtree(path)
        with open(cut / "signals.jsonl", "a") as file:
            file.write('{"round": 9, "torn')
        assert resume_run(recipe, data, cut, device="cpu", doctor=doctor()) == "finished"
        assert (cut / "signals.jsonl").read_bytes() == whole
        stopped = tmp_path / f"stopped-{round_}"
        with pytest.raises(KeyboardInterrupt):
            new_run(recipe, data, stopped, device="cpu", doctor=doctor(), observers=[Stop(round_)])
        assert resume_run(recipe, data, stopped, device="cpu", doctor=doctor()) == "finished"
        assert (stopped / "signals.jsonl").read_bytes() == whole
        a, b = (load_file(folder / "checkpoints" / "000008" / "doctor.safetensors") for folder in (stopped, cut))
        assert a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)
        assert check_run(stopped).whole


def test_a_damaged_log_is_noticed_and_kept_as_it_can_be_read(tmp_path):
    recipe, data = case("points")
    with pytest.raises(KeyboardInterrupt):
        new_run(recipe, data, tmp_path / "run", device="cpu", doctor=doctor(), observers=[Stop(6)])
    path = tmp_path / "run" / "signals.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([lines[0], lines[1].replace("gap", "pag"), *lines[2:]]))
    found = {finding.name: finding.state for finding in check_run(tmp_path / "run").findings}
    assert found["signals.jsonl"] == "damaged"
    resume_run(recipe, data, tmp_path / "run", device="cpu", doctor=doctor())
    assert [row["round"] for row in read_log(path)] == list(LOOKS.rounds)
    assert "signals.jsonl" in (tmp_path / "run" / "history.jsonl").read_text()


def test_a_run_that_began_without_a_doctor_gets_one_when_it_is_resumed(tmp_path):
    recipe, data = case("points")
    with pytest.raises(KeyboardInterrupt):
        new_run(recipe, data, tmp_path / "run", device="cpu", observers=[Stop(3)])
    resume_run(recipe, data, tmp_path / "run", device="cpu", doctor=doctor())
    log = read_log(tmp_path / "run" / "signals.jsonl")
    assert [row["round"] for row in log] == [4, 7, 8] and "data_constant" in log[0]
    assert check_run(tmp_path / "run").whole


class _Breaking(torch.nn.Module):
    """Latents to images that are not finite once its offset has moved."""

    def __init__(self, sample: SampleSpec) -> None:
        super().__init__()
        self.body, self.offset = torch.nn.Linear(4, 64), torch.nn.Parameter(torch.zeros(()))

    def forward(self, z):
        broken = torch.where(self.offset.abs() > 0, torch.nan, 1.0)
        return (torch.tanh(self.body(z) + self.offset) * broken).view(-1, 1, 8, 8)


def test_a_run_that_diverges_ends_with_a_look_that_says_where(tmp_path):
    _, data = case("adaptive")
    recipe = dataclasses.replace(
        small_recipe(), generator=Own(_Breaking), generator_optimizer=Adam(1e-2), rounds=8, run=RUN
    )
    with pytest.raises(RunError, match="not finite"):
        new_run(recipe, data, tmp_path / "run", device="cpu", doctor=GameDoctor(Schedule((5,))))
    last = read_log(tmp_path / "run" / "signals.jsonl")[-1]
    assert last["round"] == 2 and str(last["non_finite"]).startswith("output of generator")
    assert str(last["non_finite"]).endswith("in a step of the critic")  # the first to see its samples


def test_between_looks_the_doctor_is_asked_for_nothing_but_when_it_is_due(tmp_path, monkeypatch):
    recipe, data = case("points")
    called = []
    for name in ("before", "look"):
        function = getattr(GameDoctor, name)
        monkeypatch.setattr(GameDoctor, name, lambda self, *a, f=function, n=name: (called.append(n), f(self, *a))[1])
    new_run(recipe, data, tmp_path / "run", device="cpu", doctor=GameDoctor(Schedule((4,))))
    assert called == ["before", "look"]


def test_a_warm_up_that_is_repeated_is_no_usual_round():
    assert wgan().steps(doctors.USUAL_ROUND) == 5 < wgan().steps(1_000_000)


def test_the_schedule_follows_from_the_recipe_alone(tmp_path):
    recipe, data = case("points")
    plans = []
    for _ in range(2):
        own = GameDoctor()
        new_run(dataclasses.replace(recipe, rounds=12), data, tmp_path / str(len(plans)), device="cpu", doctor=own)
        own._game.recipe = dataclasses.replace(recipe, rounds=50_000)
        own.replanned(own._game)
        plans.append(own._schedule)
    assert plans[0] == plans[1] and len(plans[0].rounds) == 40


def begun(rounds, saved=()):
    """The doctor of a run of so many rounds of DCGAN at 32 px, as it begins."""
    networks = {"generator": DCGANGenerator(width=32), "critic": DCGANCritic(width=32)}
    recipe = small_recipe(**networks, objective=Adversarial(NonSaturating()), penalties=(), batch=16, rounds=rounds)
    data = image_data(3_000, SampleSpec((3, 32, 32)))
    own, game = GameDoctor(), Game.build(recipe, data.sample)
    own.begin(game, data, HeldOutMeasure(recipe, data, Feed(recipe, data.train, game.device)), dict(saved))
    return own


def test_a_run_too_short_for_looks_at_all_samples_has_looks_at_fewer():
    short = begun(600)
    assert len(short._schedule.rounds) == 8
    assert short._looker.look(75, {}, {}, deep=False)["compared"] == 64
    assert begun(20_000)._looker.look(500, {}, {}, deep=False)["compared"] == 256


def test_a_resumed_run_looks_at_as_many_samples_unless_it_became_far_longer():
    short = begun(600)
    assert short.state == {}  # before the first look
    short._looker.look(75, {}, {}, deep=False)
    assert begun(2_000)._looker.real.most > 64
    assert begun(2_000, short.state)._looker.real.most == 64
    assert begun(20_000, short.state)._looker.real.most == 256


def test_the_option_turns_it_off():
    assert doctors.doctor_of(False) is None and doctors.doctor_of(True) is not None


def test_the_number_of_the_last_evaluation_is_in_the_look_after_it():
    own = doctor()
    row = {"round": 4, "judge": "distance", "distance": 0.25}
    assert own._score(7, row) == {"score": 0.25}
    assert own._score(8, row) == {} and own._score(4, row) == {"score": 0.25}
    assert own._score(7, None) == {} and own._score(7, {**row, "distance": None}) == {}
