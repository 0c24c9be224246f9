"""Which labels the networks are given: the real batch's in critic steps, drawn ones in generator steps."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from steadygan.data import Stored
from steadygan.evaluation.run_evaluation import _as_the_data
from steadygan.losses import Hinge, RelativisticPaired
from steadygan.networks import LabelledGenerator, MLPGenerator, ResNetCritic, ResNetGenerator
from steadygan.objectives import Adversarial
from steadygan.penalties import GradientPenalty
from steadygan.recipe import RunOptions
from steadygan.recipes import acgan_wgan_gp, projection, sagan
from steadygan.run import Run
from steadygan.schedules import Constant
from steadygan.training.session import new_run
from steadygan.training.step.drawer import Drawer
from tests.training.games import IMAGES, critic_step, generator_step, image_data, small_recipe, table

BATCH = 12


@dataclass(frozen=True)
class Recorded:
    """A network that remembers the labels of every call."""

    network: ResNetCritic | ResNetGenerator

    def build(self, *sizes):
        module = self.network.build(*sizes)
        module.calls = []
        module.register_forward_pre_hook(lambda m, inputs: m.calls.append(inputs[1]))
        return module


def recorded(make=projection, **changes):
    """A round's draws and a game with small networks that remember their labels."""
    recipe = make(IMAGES)
    small = {
        "generator": Recorded(ResNetGenerator(4, conditional=True)),
        "critic": Recorded(ResNetCritic(4, spectral=True, projection=True)),
        "batch": BATCH,
        "critic_steps": Constant(1),
        "run": RunOptions(precision="fp32"),
    }
    game, feed, drawer = table(dataclasses.replace(recipe, **{**small, **changes}), image_data())
    game.generator.calls.clear()
    return game, feed, drawer.round(0, 0)


def test_fakes_of_a_critic_step_have_the_labels_of_the_real_samples():
    game, feed, draws = recorded()
    critic_step(game, feed, draws.critic[0])
    real = feed(draws.critic[0].real).labels
    (made,), (read,) = game.generator.calls, game.critic.calls
    assert torch.equal(made, real)
    assert torch.equal(read, torch.cat([real, real]))  # one joined pass
    assert len(set(real.tolist())) > 1


def test_points_between_real_and_fake_samples_have_them_too():
    game, feed, draws = recorded(penalties=(GradientPenalty(),))
    critic_step(game, feed, draws.critic[0])
    real = feed(draws.critic[0].real).labels
    assert len(game.critic.calls) == 2
    assert torch.equal(game.critic.calls[1], real)


def test_micro_batches_keep_samples_and_labels_together():
    game, feed, draws = recorded(run=RunOptions(precision="fp32", micro_batch=5))
    critic_step(game, feed, draws.critic[0])
    real = feed(draws.critic[0].real).labels
    assert torch.equal(torch.cat(game.generator.calls), real)
    assert [len(call) for call in game.critic.calls] == [10, 10, 4]


def test_a_generator_step_draws_its_labels_for_maker_and_reader_alike():
    game, feed, draws = recorded()
    generator_step(game, feed, draws.generator[0])
    (made,), (read,) = game.generator.calls, game.critic.calls
    assert torch.equal(made, draws.generator[0].labels) and torch.equal(read, made)
    assert not torch.equal(made, feed(draws.critic[0].real).labels)


def test_fakes_of_a_generator_step_have_the_labels_of_the_real_samples_that_they_are_paired_with():
    game, feed, draws = recorded(objective=Adversarial(RelativisticPaired()))
    generator_step(game, feed, draws.generator[0])
    real = feed(draws.generator[0].real).labels
    (made,), (read,) = game.generator.calls, game.critic.calls
    assert torch.equal(made, real) and torch.equal(read, torch.cat([real, real]))


@pytest.mark.parametrize("make", [projection, sagan, acgan_wgan_gp])
def test_drawn_labels_are_uniform_over_the_classes(make):
    draws = recorded(make, batch=2000, generator_batch=None, objective=Adversarial(Hinge()))[2]
    assert torch.bincount(draws.generator[0].labels, minlength=10).min() > 150


def uneven(count: int = 400):
    """Data of which 9 of 10 samples are of class 0, and the others of class 1, of 10."""
    data = image_data(count)
    labels = (np.arange(len(data.train)) % 10 == 0).astype(np.int64)
    return dataclasses.replace(data, train=Stored(data.train.samples, labels))


@pytest.mark.parametrize(("fake_labels", "classes"), [("uniform", 10), ("data", 2)])
def test_classes_of_generator_steps_are_equally_often_or_as_in_the_data(fake_labels, classes):
    recipe = dataclasses.replace(projection(IMAGES), fake_labels=fake_labels, batch=500)
    data = uneven()
    labels = Drawer(recipe, data.sample, data.train, torch.device("cpu")).round(0, 0).generator[0].labels
    assert len(set(labels.tolist())) == classes
    if fake_labels == "data":
        assert (labels == 0).float().mean().item() == pytest.approx(0.9, abs=0.04)


def test_samples_are_evaluated_with_the_classes_of_the_data(tmp_path):
    given = []

    class Judge:
        count, seconds = 500, 0.0

        def __call__(self, samples, labels):
            given.append(labels)
            return {"judge": "one", "one": 1.0}

        def closing(self, metrics, evaluations):
            return ()

    run = RunOptions(
        precision="fp32", log_every=1, picture_every=9, checkpoint_every=2, evaluate_every=2, evaluate="none"
    )
    made = small_recipe(generator=LabelledGenerator(MLPGenerator(width=8, depth=1)), rounds=2, run=run)
    data = uneven()
    new_run(made, data, tmp_path / "run", device="cpu", evaluator=Judge())
    assert set(given[-1].tolist()) == {0, 1} and (given[-1] == 0).mean() == pytest.approx(0.9, abs=0.04)
    found = Run(tmp_path / "run")
    label = _as_the_data(found, data, 500, seed=3)
    assert set(label) == {0, 1} and np.mean(np.array(label) == 0) == pytest.approx(0.9, abs=0.04)
    assert found.labels(500, 3, label).tolist() == label
    assert _as_the_data(found, image_data(), 5, seed=3) is not None  # ten classes, not quite equal
