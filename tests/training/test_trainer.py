"""Complete runs: the record, bit-exact resume, stops, and what is refused."""

from __future__ import annotations

import dataclasses
import json
import os
import pkgutil
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from steadygan.errors import RunError, UsageError
from steadygan.networks import DCGANCritic, DCGANGenerator, SNDCGANCritic, SNDCGANGenerator
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam, RMSprop
from steadygan.penalties import R1, R2, GradientPenalty
from steadygan.recipe import RunOptions, load
from steadygan.schedules import CriticWarmUp, LinearDecay
from steadygan.training.session import new_run, resume_run
from tests.training.games import convolutional_recipe, image_data, small_recipe
from tests.training.runs import Watcher, assert_same_end, check_resumed_from_copies, rows, sends, weights


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run of 12 rounds that never stopped."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    new_run(small_recipe(), image_data(), folder, device="cpu")
    return folder


def test_a_run_leaves_recipe_environment_data_record_and_checkpoints(tmp_path):
    watcher = Watcher()
    assert new_run(small_recipe(), image_data(), tmp_path / "run", device="cpu", observers=[watcher]) == "finished"
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {"recipe.yaml", "environment.json", "data.json", "marks.json", "metrics.jsonl", "checkpoints"}
    assert [row["round"] for row in rows(tmp_path / "run")] == [1, 4, 8, 12]
    assert [path.name for path in sorted((tmp_path / "run" / "checkpoints").iterdir())] == ["000010", "000012"]
    assert [picture.round for picture in watcher.all("pictured")] == [1, 2, 4, 6, 12]
    assert watcher.all("saved") == [5, 10, 12]
    assert watcher.all("ended")[0].reason == "finished"


def test_every_logged_round_says_what_people_steer_by(whole):
    wanted = {
        "round", "critic_steps", "samples", "critic_loss", "generator_loss", "wasserstein", "wasserstein_held_out",
        "penalty", "gradient_norm_mean", "gradient_norm_std", "critic_weight_gradient_norm",
        "generator_weight_gradient_norm", "critic_rate",
        "generator_rate",
    }  # fmt: skip
    for row in rows(whole):
        assert wanted <= row.keys()
        assert row["critic_loss"] == pytest.approx(row["penalty"] - row["wasserstein"], abs=1e-4)
    last = json.loads((whole / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["seconds_left"] == 0
    assert last["samples_per_second"] > 0


RESUMED = {
    "wgan-gp": small_recipe(),
    "decay and warm-up": small_recipe(
        critic_steps=CriticWarmUp(1, 3, 2, 5), critic_optimizer=Adam(1e-3, lr_factor=LinearDecay(12))
    ),
    "batch norm, rmsprop": small_recipe(
        generator=DCGANGenerator(width=4), critic=DCGANCritic(width=4), generator_optimizer=RMSprop(1e-3)
    ),
    "relativistic": small_recipe(
        objective=Adversarial(loss=__import__("steadygan.losses", fromlist=["x"]).RelativisticPaired()),
        penalties=(R1(1.0), R2(1.0)),
    ),
    "spectral norm in both": small_recipe(
        generator=SNDCGANGenerator(4, spectral=True), critic=SNDCGANCritic(4), penalties=()
    ),
}


@pytest.mark.parametrize("name", RESUMED)
def test_a_run_resumed_from_any_checkpoint_ends_like_one_that_never_stopped(tmp_path, name):
    options = dataclasses.replace(RESUMED[name].run, precision="auto")
    check_resumed_from_copies(dataclasses.replace(RESUMED[name], run=options), tmp_path, after=(5, 10))


def test_a_run_with_no_checkpoint_yet_starts_over(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "cut")
    shutil.rmtree(tmp_path / "cut" / "checkpoints")
    resume_run(load(tmp_path / "cut" / "recipe.yaml"), image_data(), tmp_path / "cut", device="cpu")
    assert_same_end(whole, tmp_path / "cut", 12)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the runs are forked")
def test_a_run_killed_at_random_moments_ends_like_one_that_never_was(tmp_path):
    rounds = 100
    line = [sys.executable, "-m", "tests.training.kills", str(tmp_path), str(rounds)]
    done = subprocess.run(line, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert_same_end(tmp_path / "whole", tmp_path / "killed", rounds)
    assert not list((tmp_path / "killed" / "checkpoints").glob(".*"))


@pytest.mark.parametrize(
    ("where", "at", "saved"),
    [
        ("trainer.training_round", 3, [3]),
        ("trainer.training_round", 5, [5]),  # where the schedule would have saved, too
        ("trainer.training_round", 9, [5, 9]),
        ("checkpoint.save", 3, [5, 6]),  # that checkpoint becomes whole, and the round after it is the last
    ],
    ids=["before the first checkpoint", "on schedule", "between checkpoints", "while one is written"],
)
def test_sigterm_finishes_the_round_and_saves(whole, tmp_path, monkeypatch, where, at, saved):
    before = signal.signal(signal.SIGTERM, lambda *_: pytest.fail("nobody caught it"))
    try:
        with monkeypatch.context() as patch:
            name = f"steadygan.training.{where}"
            patch.setattr(name, sends(signal.SIGTERM, pkgutil.resolve_name(name), at))
            assert new_run(small_recipe(), image_data(), tmp_path / "run", device="cpu") == "interrupted"
    finally:
        signal.signal(signal.SIGTERM, before)
    assert sorted(path.name for path in (tmp_path / "run" / "checkpoints").iterdir()) == [f"{r:06d}" for r in saved]
    assert rows(tmp_path / "run")[-1]["round"] <= saved[-1]
    recipe = load(tmp_path / "run" / "recipe.yaml")
    assert resume_run(recipe, image_data(), tmp_path / "run", device="cpu") == "finished"
    assert_same_end(whole, tmp_path / "run", 12)


class Explodes(torch.nn.Module):
    def __init__(self, critic, after):
        super().__init__()
        self.critic, self.calls, self.after = critic, 0, after

    def forward(self, samples, labels=None):
        self.calls += 1
        output = self.critic(samples, labels)
        return output._replace(score=output.score * float("nan")) if self.calls > self.after else output


@dataclasses.dataclass(frozen=True)
class ExplodingCritic:
    after: int

    def build(self, sample):
        return Explodes(DCGANCritic(width=4).build(sample), self.after)


def test_a_loss_that_is_not_finite_stops_the_run_and_names_round_part_and_last_good_checkpoint(tmp_path, monkeypatch):
    from steadygan.training.planning import speed

    monkeypatch.setattr(speed, "measure_speed", lambda *_, **__: speed.Speed(1e-3, 1e-3))
    monkeypatch.setattr("steadygan.recipe.dumps", lambda recipe: "")
    recipe = convolutional_recipe(critic=ExplodingCritic(28), penalties=())
    with pytest.raises(
        RunError, match=r"critic loss.* of round 8 (is|are) not finite; .*last good checkpoint is .*000005"
    ):
        new_run(recipe, image_data(), tmp_path / "run", device="cpu")
    assert [path.name for path in (tmp_path / "run" / "checkpoints").iterdir()] == ["000005"]


def test_a_folder_that_holds_a_run_is_not_written_over(tmp_path):
    new_run(small_recipe(rounds=2), image_data(), tmp_path / "run", device="cpu")
    before = (tmp_path / "run" / "recipe.yaml").read_bytes()
    with pytest.raises(UsageError, match="already holds a run"):
        new_run(small_recipe(rounds=3), image_data(), tmp_path / "run", device="cpu")
    assert (tmp_path / "run" / "recipe.yaml").read_bytes() == before


def test_changed_data_is_refused_on_resume(tmp_path):
    new_run(small_recipe(rounds=2), image_data(), tmp_path / "run", device="cpu")
    other = dataclasses.replace(image_data(), fingerprint="other")
    with pytest.raises(RunError, match="has changed since"):
        resume_run(small_recipe(rounds=4), other, tmp_path / "run", device="cpu")


@pytest.mark.parametrize(
    "networks",
    [
        {"generator": DCGANGenerator(width=4)},
        {"generator": SNDCGANGenerator(4, spectral=True), "critic": SNDCGANCritic(4)},
    ],
    ids=["batch norm", "spectral norm in both"],
)
def test_watching_more_often_changes_nothing_that_is_learned(tmp_path, networks):
    often = RunOptions(precision="fp32", log_every=1, picture_every=1, checkpoint_every=1, pictured=9)
    base = convolutional_recipe(**networks)
    new_run(base, image_data(), tmp_path / "seldom", device="cpu")
    new_run(dataclasses.replace(base, run=often), image_data(), tmp_path / "often", device="cpu")
    a, b = weights(tmp_path / "seldom", 12), weights(tmp_path / "often", 12)
    assert all(torch.equal(a[key], b[key]) for key in a)


def test_fine_tuning_starts_from_the_other_runs_average(whole, tmp_path):
    start = whole / "checkpoints" / "000012"
    new_run(small_recipe(rounds=1), image_data(), tmp_path / "second", device="cpu", weights_from=start)
    old, new = load_file(start / "average.safetensors"), weights(tmp_path / "second", 0)
    assert all(torch.equal(new[f"generator.{key}"], tensor) for key, tensor in old.items())


def test_minutes_fit_rounds_and_decays_together(tmp_path):
    recipe = small_recipe(rounds=1_000_000, critic_optimizer=Adam(1e-3, lr_factor=LinearDecay(500_000)))
    new_run(recipe, image_data(), tmp_path / "run", device="cpu", minutes=0.01)
    made = load(tmp_path / "run" / "recipe.yaml")
    assert made.rounds < 10_000
    assert made.critic_optimizer.lr_factor.rounds == pytest.approx(made.rounds / 2, abs=1)


@pytest.mark.parametrize("seed", [0, 7])
def test_equal_seeds_give_equal_runs_and_other_seeds_other_runs(tmp_path, seed):
    for name, used in (("a", seed), ("b", seed), ("c", seed + 1)):
        new_run(small_recipe(seed=used), image_data(), tmp_path / name, device="cpu")
    assert_same_end(tmp_path / "a", tmp_path / "b", 12)
    assert rows(tmp_path / "a") != rows(tmp_path / "c")


def test_sampling_locations_of_penalties_need_no_labels(tmp_path):
    data = image_data(sample=dataclasses.replace(image_data().sample, classes=0))
    recipe = small_recipe(penalties=(GradientPenalty(10.0, one_sided=True),))
    assert new_run(recipe, data, tmp_path / "run", device="cpu") == "finished"
