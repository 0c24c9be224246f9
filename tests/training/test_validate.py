"""Combinations that cannot work are refused, those that rarely do are warned of, each with the remedy."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from steadygan.balance import LossRatio
from steadygan.constraints import WeightClip
from steadygan.errors import UsageError
from steadygan.losses import NonSaturating, RelativisticAverage
from steadygan.networks import (
    DCGANCritic,
    DCGANGenerator,
    LabelledGenerator,
    MLPAutoencoderCritic,
    MLPCritic,
    ProGANCritic,
    ProGANGenerator,
    R3GANCritic,
    ResNetCritic,
    SNDCGANCritic,
    StyleGAN2Critic,
    StyleGAN2Generator,
)
from steadygan.networks.layers.generator_critic import Critic, LabelledSequential, ScoreHead
from steadygan.networks.layers.inspect import group_size
from steadygan.networks.layers.minibatch import MinibatchDiscrimination, MinibatchStddev
from steadygan.objectives import (
    Adversarial,
    AuxiliaryClassifier,
    BoundaryEquilibrium,
    EnergyBased,
    FeatureMatching,
    LeCam,
)
from steadygan.optimizers import Adam, RMSprop
from steadygan.penalties import R1, Drift, GradientPenalty, NearReal
from steadygan.recipe import RunOptions
from steadygan.recipes import RECIPES
from steadygan.training.step.game import Game
from steadygan.training.validate import check, check_game
from steadygan.types import CriticOutput, SampleSpec
from tests.training.games import IMAGES, convolutional_recipe, growing_recipe, image_data, small_recipe, table


def checked(**changes):
    recipe = convolutional_recipe(**changes)
    game = Game.build(recipe, IMAGES)
    return check(recipe, game.generator, game.critic)


@pytest.mark.parametrize("penalty", [GradientPenalty(), R1()])
def test_batch_norm_in_a_critic_under_a_gradient_penalty_is_refused_with_the_remedy(penalty):
    with pytest.raises(UsageError, match=r"batch norm.*--critic\.norm layer"):
        checked(critic=DCGANCritic(width=4, norm="batch"), penalties=(penalty,))


def test_batch_norm_in_a_critic_is_fine_without_a_gradient_penalty():
    assert checked(critic=DCGANCritic(width=4, norm="batch"), penalties=(Drift(),)) == ()


def test_label_smoothing_needs_labels():
    with pytest.raises(UsageError, match="no labels to smooth: use NonSaturating"):
        Adversarial(real_label=0.9)
    assert Adversarial(NonSaturating(), real_label=0.9).real_label == 0.9


def test_elu_under_a_penalty_is_warned_of_and_the_smooth_one_is_named():
    (warning,) = checked(critic=DCGANCritic(width=4, activation="elu"))
    assert "smooth_elu" in warning
    assert checked(critic=DCGANCritic(width=4, activation="smooth_elu")) == ()


def test_momentum_under_clipping_is_warned_of():
    assert any(
        "momentum" in w for w in checked(penalties=(), constraint=WeightClip(), critic_optimizer=Adam(betas=(0.5, 0.9)))
    )
    assert checked(penalties=(), constraint=WeightClip(), critic_optimizer=RMSprop()) == ()


def test_clipping_over_norms_is_warned_of_and_can_be_spared():
    critic = DCGANCritic(width=4, norm="batch")
    changes = {"critic": critic, "penalties": (), "critic_optimizer": RMSprop()}
    assert any("--constraint.spare-norms true" in w for w in checked(constraint=WeightClip(), **changes))
    assert checked(constraint=WeightClip(spare_norms=True), **changes) == ()


def test_micro_batches_are_refused_where_the_objective_compares_samples():
    run = RunOptions(micro_batch=4)
    with pytest.raises(UsageError, match="compares samples across the batch"):
        checked(objective=Adversarial(RelativisticAverage()), run=run)
    assert checked(run=run) == ()
    largest = RunOptions(micro_batch=8)  # of the last size; earlier ones have larger batches
    growing = growing_recipe(objective=Adversarial(RelativisticAverage()), penalties=(), run=largest)
    assert max(growing.growth.batches) > growing.batch == 8
    with pytest.raises(UsageError, match="compares samples across the batch"):
        check_game(Game.build(growing, IMAGES))
    whole = small_recipe(objective=Adversarial(RelativisticAverage()), batch=16, penalties=(), run=largest)
    game = table(whole, image_data())[0]
    assert check(whole, game.generator, game.critic, processes=2) == ()  # each has 8 of them


def played(**changes):
    return check_game(Game.build(convolutional_recipe(penalties=(), **changes), IMAGES))


@pytest.mark.parametrize(
    ("objective", "line"),
    [
        (AuxiliaryClassifier(), r"needs the critic's class_logits, .*--critic\.class-logits true"),
        (FeatureMatching(), r"needs the critic's features, .*--critic\.features true"),
        (LeCam(FeatureMatching(AuxiliaryClassifier())), r"LeCam needs the critic's features"),
        (EnergyBased(pulling_away=0.1), r"needs the critic's code, .* take another critic"),
    ],
    ids=["classes", "features", "inside another", "code"],
)
def test_a_critic_that_does_not_give_what_the_objective_needs_is_refused_with_the_remedy(objective, line):
    with pytest.raises(UsageError, match=line) as error:
        played(objective=objective)
    assert "\n" not in str(error.value)


def test_a_critic_that_gives_it_passes_and_is_left_as_it_was():
    assert played(critic=DCGANCritic(width=4, features=True), objective=FeatureMatching()) == ()
    assert played(critic=MLPAutoencoderCritic(), objective=EnergyBased(pulling_away=0.1)) == ()
    critic = DCGANCritic(width=4, norm="batch", features=True)
    game = Game.build(convolutional_recipe(penalties=(), critic=critic, objective=FeatureMatching()), IMAGES)
    before = {name: tensor.clone() for name, tensor in game.critic.state_dict().items()}
    check_game(game)
    assert all(torch.equal(tensor, before[name]) for name, tensor in game.critic.state_dict().items())


def test_classes_that_the_generator_is_not_told_are_warned_of():
    classified = {"critic": DCGANCritic(width=4, class_logits=True), "objective": AuxiliaryClassifier()}
    (warning,) = played(**classified)
    assert "the generator is not told which one" in warning and "generator:labelled-generator" in warning
    assert played(generator=LabelledGenerator(DCGANGenerator(width=4)), **classified) == ()


CONDITIONAL_CRITICS = [
    ResNetCritic(4, projection=True),
    R3GANCritic(width=4, blocks=1, conditional=True),
]


@pytest.mark.parametrize("critic", CONDITIONAL_CRITICS, ids=lambda spec: type(spec).__name__)
def test_every_critic_that_is_told_the_class_is_warned_of_beside_a_generator_that_is_not(critic):
    data = SampleSpec((1, 16, 16), 10)
    one_sided = small_recipe(critic=critic, generator=DCGANGenerator(width=4, norm="none"))
    assert any("not told which one" in line for line in check_game(Game.build(one_sided, data)))
    both = dataclasses.replace(one_sided, generator=LabelledGenerator(DCGANGenerator(width=4, norm="none")))
    assert not any("not told which one" in line for line in check_game(Game.build(both, data)))


def test_a_layer_that_takes_labels_without_a_word_is_found_by_its_gradients():
    class Table(torch.nn.Module):
        takes_labels = True

        def __init__(self):
            super().__init__()
            self.table = torch.nn.Embedding(10, 64)

        def forward(self, x, labels=None):
            return x.flatten(1) * self.table(labels)

    @dataclasses.dataclass(frozen=True)
    class Silent:
        def build(self, sample):
            return Critic(LabelledSequential(Table()), ScoreHead(64, "he"))

    assert any("not told which one" in line for line in check_game(Game.build(small_recipe(critic=Silent()), IMAGES)))


def test_critics_that_are_not_told_are_not_warned_of():
    for critic in (DCGANCritic(width=4), MLPCritic(width=8), ResNetCritic(4), R3GANCritic(width=4, blocks=1)):
        sample = SampleSpec((1, 16, 16), 10)
        lines = check_game(Game.build(small_recipe(critic=critic, penalties=()), sample))
        assert not any("not told which one" in line for line in lines), critic


@dataclasses.dataclass(frozen=True)
class GroupedCritic:
    """A critic that compares samples in groups."""

    groups: tuple[int, ...]

    def build(self, sample):
        layers = [MinibatchStddev(group) for group in self.groups]
        return torch.nn.Sequential(*layers, MinibatchDiscrimination(4, group=None))


@pytest.mark.parametrize(
    ("changes", "got"),
    [
        ({"batch": 18}, "batch is 18"),
        ({"batch": 16, "generator_batch": 6}, "generator_batch is 6"),
        ({"batch": 24, "run": RunOptions(micro_batch=10)}, r"batch is 24 in parts of 10 \(run\.micro_batch\)"),
    ],
)
def test_batches_that_the_groups_of_a_critic_do_not_divide_are_refused(changes, got):
    with pytest.raises(UsageError, match=f"compares samples in groups of 4, but {got}: take a multiple of it"):
        checked(critic=GroupedCritic((2, 4)), **changes)


def test_batches_of_whole_groups_pass():
    run = RunOptions(micro_batch=12)
    assert group_size(GroupedCritic((4, 6, None)).build(IMAGES)) == 12
    warnings = checked(critic=GroupedCritic((4, 6)), batch=24, generator_batch=36, run=run)
    assert all("micro-batches of 12" in warning for warning in warnings)  # the layer without a fixed group


def test_groups_have_to_fit_the_part_of_each_process():
    recipe = convolutional_recipe(critic=GroupedCritic((4,)), batch=24)
    critic = torch.nn.Sequential(MinibatchStddev(4))
    assert check(recipe, critic, critic, processes=3) == ()
    with pytest.raises(UsageError, match="groups of 4, but batch is 24 over 4 processes: take a multiple of it"):
        check(recipe, critic, critic, processes=4)


def test_a_layer_over_the_whole_batch_is_for_one_process():
    recipe, critic = convolutional_recipe(batch=24), torch.nn.Sequential(MinibatchDiscrimination(4, group=None))
    assert check(recipe, critic, critic) == ()
    with pytest.raises(UsageError, match="MinibatchDiscrimination compares all samples of a batch, but each of 2"):
        check(recipe, critic, critic, processes=2)


class _Counting(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(64, 1)
        self.norm = torch.nn.InstanceNorm2d(1, track_running_stats=True)

    def forward(self, samples, labels=None):
        return CriticOutput(self.layer(self.norm(samples).flatten(1))[:, 0])


@dataclasses.dataclass(frozen=True)
class CountingCritic:
    """A critic of a user's own whose running statistics follow each forward."""

    def build(self, sample):
        return _Counting()


def test_state_that_moves_with_each_part_of_a_batch_is_warned_of_and_left_as_it_is():
    sample = SampleSpec(IMAGES.shape)
    game = Game.build(convolutional_recipe(critic=CountingCritic(), penalties=()), sample)
    assert check_game(game) == ()
    parts = dataclasses.replace(game.recipe, run=RunOptions(micro_batch=4))
    game = Game.build(parts, sample)
    before = {name: buffer.clone() for name, buffer in game.critic.named_buffers()}
    (warning,) = check_game(game)
    assert "norm.running_var of the critic moves at each forward pass: once for 4 samples" in warning
    assert all(torch.equal(buffer, before[name]) for name, buffer in game.critic.named_buffers())


def test_spectral_norms_move_once_a_step_and_are_not_warned_of():
    recipe = convolutional_recipe(critic=SNDCGANCritic(width=4), penalties=(), run=RunOptions(micro_batch=4))
    assert check_game(Game.build(recipe, IMAGES)) == ()


def test_a_deviation_over_micro_batches_is_warned_of():
    dragan = {"penalties": (GradientPenalty(at=NearReal()),), "batch": 16}
    assert checked(**dragan) == ()
    (warning,) = checked(**dragan, run=RunOptions(micro_batch=8))
    assert "NearReal takes statistics of micro-batches of 8" in warning


@pytest.mark.parametrize("objective", [EnergyBased(), BoundaryEquilibrium(), LeCam(EnergyBased())])
def test_an_energy_is_the_error_of_an_autoencoder(objective):
    with pytest.raises(UsageError, match="needs the critic's code, but DCGANCritic as it is gives none"):
        played(critic=DCGANCritic(width=4), objective=objective)
    assert played(critic=MLPAutoencoderCritic(), objective=objective) == ()


def narrow(spec):
    """The spec, or the one inside it, with width 8 (StyleGAN2, ProGAN: at most 8 maps)."""
    inner = next((name for name in ("network", "images") if hasattr(spec, name)), None)
    changes = {"width": 8} if inner is None else {inner: narrow(getattr(spec, inner))}
    if isinstance(spec, StyleGAN2Generator | StyleGAN2Critic | ProGANGenerator | ProGANCritic):
        changes = {"base": 64, "most": 8}
    return dataclasses.replace(spec, **changes)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_passes_on_samples_that_fit_it(name):
    sample = SampleSpec((40, 16)) if name.startswith("text") else SampleSpec((3, 32, 32), classes=10)
    recipe = RECIPES[name](sample)
    small = {"generator": narrow(recipe.generator), "critic": narrow(recipe.critic)}
    recipe = dataclasses.replace(recipe, **small, batch=min(recipe.batch, 64))
    game = Game.build(recipe, sample)
    warnings = check_game(game)
    assert warnings == () or name == "wgan"  # the paper's own critic has its norms clipped


def test_steps_that_follow_the_losses_are_warned_of_with_better_cures():
    (line,) = checked(balance=LossRatio())
    assert "LossRatio" in line and "short-sighted" in line and "TTUR" in line
