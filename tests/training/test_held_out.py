"""The critic's scores of training, held-out and generated samples: one critic, one mode, and nothing changed by it."""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from steadygan.data import DataOptions, Dataset, Stored, open_data
from steadygan.data.dataset import Endless
from steadygan.losses import Hinge, NonSaturating
from steadygan.networks import DCGANCritic, DCGANGenerator, SNDCGANCritic
from steadygan.objectives import Adversarial
from steadygan.perturbations import InstanceNoise
from steadygan.recipe import RunOptions
from steadygan.representations import Plain
from steadygan.schedules import Constant
from steadygan.training.held_out import HeldOutMeasure
from steadygan.training.record_row import row
from steadygan.training.session import new_run
from steadygan.training.step.feed import Feed
from steadygan.types import CriticOutput, SampleSpec
from tests.training.games import convolutional_recipe, image_data, small_recipe, table, training_round
from tests.training.runs import rows, weights

RARE = RunOptions(precision="fp32", log_every=1_000, picture_every=12, checkpoint_every=12, pictured=9)
"""so many rounds between rows that samples are limited by the data alone"""


def measured(recipe, data, rounds=0):
    """A game after some rounds, its measure, and the report of the last round."""
    game, feed, drawer = table(recipe, data)
    report = None
    for round_ in range(rounds):
        report = training_round(game, feed, drawer.round(round_, 100 * round_), round_, 16 * round_)
    return game, HeldOutMeasure(recipe, data, feed), report


class _Memory(nn.Module):
    """1 for samples that it knows, 0 for others, -1 for those with a pixel between grey levels: generated ones."""

    def __init__(self, known: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("known", torch.from_numpy(known).flatten(1).double())
        self.weight = nn.Parameter(torch.zeros(()))

    def forward(self, samples, labels=None):
        pixels = (samples.flatten(1).double() + 1) * 127.5
        seen = (pixels.round()[:, None] == self.known[None]).all(2).any(1)
        generated = (pixels - pixels.round()).abs().amax(1) > 1e-2
        score = torch.where(generated, -1.0, seen.double())
        return CriticOutput((score + self.weight).float())


def test_a_critic_that_has_learned_the_training_set_by_heart_has_a_gap_of_exactly_1():
    data = image_data()

    @dataclass(frozen=True)
    class Memory:
        def build(self, sample):
            return _Memory(data.train.samples)

    game, measure, _ = measured(small_recipe(critic=Memory(), penalties=(), run=RARE), data)
    scores = measure(game, 3)
    assert (scores.train == 1).all() and (scores.held_out == 0).all() and (scores.fake == -1).all()
    assert len(scores.train) == len(scores.held_out) == len(scores.fake) == 16  # of 20 held-out ones, in batches of 16
    assert float(scores.gap_error()) == 0.0


@pytest.mark.parametrize("rate", [1e-4, 1e-2])
def test_the_same_samples_in_both_places_have_no_gap_however_fast_the_critic_moves(rate):
    base = image_data(176)
    data = dataclasses.replace(base, train=base.held_out, held_out=base.held_out)  # 17 samples
    optimizer = dataclasses.replace(small_recipe().critic_optimizer, lr=rate)
    game, measure, report = measured(small_recipe(batch=17, critic_optimizer=optimizer, run=RARE), data, rounds=5)
    logged = row(game, report, measure(game, 5), 4)
    assert logged["held_out_samples"] == 17
    assert logged["wasserstein_train"] == pytest.approx(logged["wasserstein_held_out"], abs=1e-5)
    assert logged["wasserstein"] != pytest.approx(logged["wasserstein_held_out"], abs=1e-4)  # of an earlier critic


def test_a_critic_that_does_not_overfit_has_a_gap_of_zero_within_the_error_that_is_logged():
    data = image_data(4_000)
    game, measure, report = measured(small_recipe(run=dataclasses.replace(RARE, log_every=20)), data, rounds=1)
    ratios = []
    for round_ in range(200):
        logged = row(game, report, measure(game, round_), round_)
        ratios.append((logged["wasserstein_train"] - logged["wasserstein_held_out"]) / logged["held_out_error"])
    assert abs(np.mean(ratios)) < 0.35
    assert np.std(ratios) == pytest.approx(1.0, abs=0.2)


def test_scores_are_those_of_an_independent_pass_of_the_same_critic_on_the_same_rows():
    data = image_data(100)
    recipe = small_recipe(batch=10, run=RARE)
    game, measure, report = measured(recipe, data, rounds=4)
    scores = measure(game, 4)
    critic = copy.deepcopy(game.critic).eval()
    with torch.no_grad():
        every = {
            name: critic(Plain().encode(torch.from_numpy(part.samples))).score
            for name, part in (("train", data.train), ("held_out", data.held_out))
        }
    torch.testing.assert_close(scores.held_out.sort().values, every["held_out"].sort().values)
    assert all((score - every["train"]).abs().min() < 1e-6 for score in scores.train)
    logged = row(game, report, scores, 3)
    expected = every["held_out"].mean() - scores.fake.mean()
    assert logged["wasserstein_held_out"] == pytest.approx(expected.item(), rel=1e-5)


class _Dropping(nn.Module):
    def __init__(self, norm, rate):
        super().__init__()
        self.layers = nn.Sequential(norm(nn.Linear(64, 8)), nn.Dropout(rate), nn.BatchNorm1d(8), norm(nn.Linear(8, 1)))

    def forward(self, samples, labels=None):
        return CriticOutput(self.layers(samples.flatten(1))[:, 0])


@dataclass(frozen=True)
class DroppingCritic:
    """A critic of a user's own with dropout, batch norm and torch's spectral norm."""

    rate: float = 0.5

    def build(self, sample):
        return _Dropping(nn.utils.parametrizations.spectral_norm, self.rate)


CRITICS = {
    "batch norm": DCGANCritic(width=4, norm="batch"),
    "spectral norm": SNDCGANCritic(width=4),
    "a user's own": DroppingCritic(),
}


@pytest.mark.parametrize("name", CRITICS)
def test_measuring_changes_no_bit_of_the_game_and_draws_none_of_torchs_numbers(name):
    recipe = convolutional_recipe(
        critic=CRITICS[name], generator=DCGANGenerator(width=4), objective=Adversarial(Hinge()), penalties=(), run=RARE
    )
    game, measure, _ = measured(recipe, image_data(), rounds=2)
    modules = [*game.critic.modules(), *game.generator.modules()]
    networks = (game.critic, game.generator)
    before = {key: value.clone() for network in networks for key, value in network.state_dict().items()}
    modes, random = [part.training for part in modules], torch.get_rng_state()
    first = measure(game, 2)
    after = {key: value for network in networks for key, value in network.state_dict().items()}
    assert all(torch.equal(after[key], value) for key, value in before.items())
    assert [part.training for part in modules] == modes
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(one, other) for one, other in zip(first, measure(game, 2), strict=True))


@pytest.mark.parametrize("critic", [*list(CRITICS.values())[:2], DroppingCritic(0.0)])
def test_a_run_that_is_measured_each_round_ends_in_the_weights_of_one_that_is_not(critic, tmp_path):
    recipe = convolutional_recipe(critic=critic, objective=Adversarial(NonSaturating()), penalties=(), rounds=4)
    for every in (1, 4):
        run = dataclasses.replace(recipe, run=dataclasses.replace(recipe.run, log_every=every, checkpoint_every=4))
        new_run(run, image_data(), tmp_path / str(every), device="cpu")
    often, rarely = (weights(tmp_path / str(every), 4) for every in (1, 4))
    assert all(torch.equal(often[key], value) for key, value in rarely.items())


def test_batch_norm_goes_on_to_normalise_by_each_batch_and_all_batches_have_one_size():
    recipe = convolutional_recipe(critic=DCGANCritic(width=4, norm="batch"), penalties=(), batch=8, run=RARE)
    data = image_data(300)
    game, measure, _ = measured(recipe, data)
    seen = []
    handle = game.critic.register_forward_hook(lambda part, inputs, output: seen.append((inputs[0], output.score)))
    scores = measure(game, 0)
    handle.remove()
    assert len(scores.train) == 24 and [len(samples) for samples, _ in seen] == [8] * 9
    twin = copy.deepcopy(game.critic).train()
    with torch.no_grad():
        for samples, score in seen:
            torch.testing.assert_close(twin(samples).score, score)


def test_there_are_more_samples_where_rounds_between_rows_are_many_and_whole_groups_only():
    data = image_data(30_000, SampleSpec((1, 4, 4)))
    counts = []
    for log_every in (1, 50, 10_000):
        recipe = small_recipe(run=dataclasses.replace(RARE, log_every=log_every))
        game, measure, _ = measured(recipe, data)
        counts.append(len(measure(game, 0).train))
    assert counts == [16, 240, 1024]
    game.group = 5
    assert len(measure(game, 0).train) == 1020  # 68 batches of 15
    game.group = 17
    assert measure(game, 0) is None


def test_noise_on_samples_and_parts_of_a_batch_are_as_in_training():
    data = image_data(400)
    means = []
    for deviation in (0.0, 5.0):
        run = dataclasses.replace(RARE, micro_batch=4)
        recipe = small_recipe(perturbation=InstanceNoise(Constant(deviation)), run=run)
        game, measure, _ = measured(recipe, data)
        sizes = []
        game.critic.register_forward_hook(lambda part, inputs, output, sizes=sizes: sizes.append(len(inputs[0])))
        means.append(measure(game, 0).held_out.mean().item())
        assert set(sizes) == {4}
    assert means[0] != means[1]


def test_generated_streamed_and_mapped_data_have_estimates_too(tmp_path):
    rng = np.random.default_rng(0)
    points = Dataset(
        name="ring",
        sample=SampleSpec((2,)),
        train=Endless(lambda rng, count: (rng.standard_normal((count, 2)).astype(np.float32), None)),
        held_out=Stored(rng.standard_normal((50, 2)).astype(np.float32)),
        fingerprint="",
    )
    game, measure, _ = measured(small_recipe(run=RARE), points)
    assert len(measure(game, 0).train) == 48
    mapped = image_data(100)
    game, measure, _ = measured(small_recipe(run=RARE, batch=5), mapped)
    resident = measure(game, 0)
    feed = Feed(game.recipe, mapped.train, game.device)
    feed.resident = None  # as if it were too large
    unread = HeldOutMeasure(game.recipe, mapped, feed)
    unread.train_source  # noqa: B018
    assert all(torch.equal(one, other) for one, other in zip(resident, unread(game, 0), strict=True))


def test_the_record_says_how_many_samples_and_their_error(tmp_path):
    data = open_data(DataOptions("digits"))
    recipe = convolutional_recipe(rounds=3, run=dataclasses.replace(RARE, log_every=1, checkpoint_every=3))
    new_run(recipe, data, tmp_path / "run", device="cpu")
    for logged in rows(tmp_path / "run"):
        assert logged["held_out_samples"] == 16
        assert 0 < logged["held_out_error"] < 1
        assert {"wasserstein", "wasserstein_train", "wasserstein_held_out"} <= logged.keys()


def test_data_without_held_out_samples_has_no_estimate():
    data = image_data()
    data = dataclasses.replace(data, held_out=Stored(data.held_out.samples[:0], data.held_out.labels[:0]))
    game, measure, report = measured(small_recipe(), data, rounds=1)
    assert measure(game, 0) is None
    assert not {"wasserstein_train", "wasserstein_held_out", "held_out_samples"} & row(game, report, None, 0).keys()
