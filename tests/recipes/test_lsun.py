"""The LSUN grid: each row's layers and parameters by hand, each method's settings, all 28 in training."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn

from steadygan.cli import main
from steadygan.constraints import WeightClip
from steadygan.errors import UsageError
from steadygan.losses import LeastSquares, NonSaturating, Wasserstein
from steadygan.networks import MLPGenerator, parameter_count
from steadygan.networks.layers.bottleneck import BottleneckBlock
from steadygan.networks.layers.inspect import is_norm
from steadygan.optimizers import Adam, RMSprop
from steadygan.penalties import GradientPenalty
from steadygan.recipe import RunOptions, dumps, loads
from steadygan.recipes import FAMILIES, RECIPES, by_name, find, lsun_grid, resnet101
from steadygan.recipes.lsun import METHODS, ROWS
from steadygan.schedules import Constant
from steadygan.training.validate import check
from steadygan.types import SampleSpec
from tests.training.games import image_data, table, training_round

LARGE, SMALL = SampleSpec((3, 64, 64)), SampleSpec((3, 32, 32))
CELLS = [(row, method) for row in range(len(ROWS)) for method in METHODS]
PENALISED = "wgan-gp"


def layer_table(network):
    """(maps in, maps out) of each layer, a linear one by its units."""
    kinds = nn.Linear | nn.Conv2d | nn.ConvTranspose2d
    layers = [part for part in network.modules() if isinstance(part, kinds)]
    return [
        (p.in_features, p.out_features) if isinstance(p, nn.Linear) else (p.in_channels, p.out_channels) for p in layers
    ]


def built(row, method, sample=LARGE, device="meta"):
    """A cell's networks, of shapes alone where no device for numbers is named."""
    recipe = lsun_grid(row, method, sample)
    with torch.device(device):
        return recipe.generator.build(sample, recipe.prior.size), recipe.critic.build(sample)


UP = [(128, 8192), (512, 256), (256, 128), (128, 64), (64, 3)]
DOWN = [(3, 64), (64, 128), (128, 256), (256, 512), (8192, 1)]
LAYERS = {
    0: (UP, DOWN),
    1: ([(128, 1024), (64, 64), (64, 64), (64, 64), (64, 3)], DOWN),
    2: ([(128, 512), (512, 512), (512, 512), (512, 512), (512, 12288)], DOWN),
    3: (UP, DOWN),
    4: (
        [(128, 16384), (512, 512), (256, 256), (128, 128), (64, 3)],
        [(3, 128), (64, 256), (128, 512), (256, 1024), (8192, 1)],
    ),
    5: (UP, DOWN),
}


def by_hand(layers, area, norms):
    """Parameters of layers with biases, whose kernels have an area, and of norms with a scale and an offset a map."""
    return sum(a * b * size + b for (a, b), size in zip(layers, area, strict=True)) + 2 * sum(norms)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("row", LAYERS)
def test_each_row_has_the_published_layers(row, method):
    for network, expected in zip(built(row, method), LAYERS[row], strict=True):
        assert layer_table(network) == expected


NORMS = {  # maps of each norm: of the generator, of the critic
    0: ([512, 256, 128, 64], [128, 256, 512]),
    1: ([], [128, 256, 512]),
    2: ([], [128, 256, 512]),
    3: ([], []),
    4: ([1024, 512, 256, 128], [256, 512, 1024]),
    5: ([512, 256, 128, 64], [128, 256, 512]),
}


@pytest.mark.parametrize("row", LAYERS)
def test_each_row_has_the_norms_and_the_parameters_that_it_should(row):
    areas = ([1] * 5 if row == 2 else [1, 25, 25, 25, 25], [25, 25, 25, 25, 1])
    for network, layers, area, norms in zip(built(row, "dcgan"), LAYERS[row], areas, NORMS[row], strict=True):
        assert [part.weight.numel() for part in network.modules() if is_norm(part)] == norms
        assert parameter_count(network) == by_hand(layers, area, norms)


def test_the_last_row_is_the_residual_pair_and_resnet101_its_name():
    for method in METHODS:
        generator, critic = built(6, method)
        assert (parameter_count(generator), parameter_count(critic)) == (9_189_587, 7_618_801)
        assert sum(isinstance(part, BottleneckBlock) for part in critic.modules()) == 33
    assert resnet101() == dataclasses.replace(lsun_grid(6, PENALISED), name="resnet101")


def activations_of(network):
    kinds = {type(part).__name__ for part in network.modules()}
    return kinds & {"ReLU", "LeakyReLU", "PiecewiseLinear", "Tanh", "Gate"}


def test_rows_differ_in_their_activations():
    for row in (0, 1, 2, 3, 6):
        generator, critic = built(row, "dcgan")
        assert (activations_of(generator), activations_of(critic)) == ({"ReLU"}, {"PiecewiseLinear"})
    for row, name in ((4, "Gate"), (5, "Tanh")):
        assert [activations_of(network) for network in built(row, "dcgan")] == [{name}, {name}]
    leaks = {part.leak for row in (0, 6) for part in built(row, "dcgan")[1].modules() if hasattr(part, "leak")}
    assert leaks == {0.2, 0.0}  # the residual critic has ReLU


def test_first_weights_are_those_of_the_authors_code():
    small = 0.02 * 3**0.5
    for row, small_generator, small_critic in (
        (0, True, True),
        (1, False, True),
        (2, False, True),
        (3, True, True),
        (4, False, False),
        (5, True, True),
        (6, False, False),
    ):
        for network, is_small in zip(built(row, "dcgan", device="cpu"), (small_generator, small_critic), strict=True):
            largest = max(p.abs().max() for p in network.parameters() if p.dim() > 1)
            assert (largest.item() <= small + 1e-6) is is_small


@pytest.mark.parametrize("row", range(len(ROWS)))
def test_the_penalised_method_has_layer_norm_where_the_others_have_batch_norm(row):
    def kinds(network):
        return {type(part).__name__ for part in network.modules() if is_norm(part)}

    for method in METHODS:
        generator, critic = built(row, method, SMALL)
        assert kinds(critic) == (set() if row == 3 else {"PaperLayerNorm" if method == PENALISED else "BatchNorm2d"})
        assert ("BatchNorm2d" in kinds(generator)) == (row in (0, 4, 5, 6))


def test_methods_have_the_settings_of_appendix_e():
    gp, clip, gan, squares = (lsun_grid(0, method) for method in ("wgan-gp", "wgan", "dcgan", "lsgan"))
    assert gp.critic_optimizer == gp.generator_optimizer == Adam(1e-4, betas=(0.5, 0.9))
    assert gp.penalties == (GradientPenalty(10.0),) and gp.objective.loss == Wasserstein()
    assert clip.critic_optimizer == clip.generator_optimizer == RMSprop(5e-5)
    assert clip.constraint == WeightClip(0.01) and clip.objective.loss == Wasserstein()
    assert gan.critic_optimizer == gan.generator_optimizer == Adam(2e-4, betas=(0.5, 0.999))
    assert gan.objective.loss == NonSaturating()
    assert squares.critic_optimizer == squares.generator_optimizer == RMSprop(1e-4)
    assert squares.objective.loss == LeastSquares(0.0, 1.0, 1.0)
    for recipe, steps in ((gp, 5), (clip, 5), (gan, 1), (squares, 1)):
        assert {recipe.steps(round_) for round_ in (0, 500)} == {steps}
        assert (recipe.batch, recipe.rounds, recipe.prior.size) == (64, 200_000, 128)


def narrow(recipe):
    width = 16 if isinstance(recipe.generator, MLPGenerator) else 4
    return dataclasses.replace(
        recipe,
        generator=dataclasses.replace(recipe.generator, width=width),
        critic=dataclasses.replace(recipe.critic, width=4),
        batch=4,
        run=RunOptions(precision="fp32"),
    )


PLAYED = [(row, method, SMALL) for row in range(7) for method in (PENALISED, "dcgan")]  # with layer and batch norm
PLAYED += [(0, "wgan", SMALL), (0, "lsgan", SMALL), (0, PENALISED, LARGE)]  # row 6 is trained on large ones below


@pytest.mark.parametrize(("row", "method", "sample"), PLAYED, ids=str)
def test_cells_are_valid_and_stay_finite_over_two_rounds(row, method, sample):
    data = image_data(60, sample)
    recipe = narrow(lsun_grid(row, method, sample))
    game, feed, drawer = table(recipe, data)
    warnings = check(recipe, game.generator, game.critic)
    assert warnings == () or method == "wgan"  # whose clipping takes the norms' scales too, as the authors' does
    before = [p.detach().clone() for p in game.generator.parameters()]
    for round_ in range(2):
        report = training_round(game, feed, drawer.round(round_, round_ * drawer.samples_in(0)), round_, 0)
        assert torch.isfinite(report.critic_loss) and torch.isfinite(report.generator_loss)
    after = list(game.generator.parameters())
    assert all(torch.isfinite(p).all() for p in after)
    moved = [not torch.equal(a, b) for a, b in zip(before, after, strict=True) if a.dim() > 1]
    assert sum(moved) > 0.9 * len(moved)  # a bottleneck of one map may be dead


@pytest.mark.slow
def test_a_short_training_of_the_101_layers_moves_and_stays_finite():
    data = image_data(40, LARGE)
    quick = Adam(1e-3, betas=(0.5, 0.9))
    changes = {"generator_optimizer": quick, "critic_optimizer": quick, "critic_steps": Constant(2)}
    game, feed, drawer = table(dataclasses.replace(narrow(resnet101(LARGE)), **changes), data)
    latents = torch.randn(4, 128)
    with torch.no_grad():
        before = game.generator(latents)
    losses = []
    for round_ in range(4):
        report = training_round(game, feed, drawer.round(round_, round_ * drawer.samples_in(0)), round_, 0)
        losses.append(report.critic_loss.item())
    with torch.no_grad():
        after = game.generator(latents)
    assert torch.isfinite(torch.tensor(losses)).all() and torch.isfinite(after).all()
    assert losses[-1] < losses[0] - 0.1
    assert (after - before).abs().mean() > 0.01


@pytest.mark.parametrize(("row", "method"), CELLS)
def test_each_cell_has_a_name_and_goes_through_yaml(row, method):
    name = f"lsun-{row}-{method}"
    recipe = find(name)(LARGE)
    assert recipe == lsun_grid(row, method) and recipe.name == name
    assert loads(dumps(recipe)) == recipe


def test_the_family_has_28_names_and_one_line(capsys):
    assert len(FAMILIES["lsun-ROW-METHOD"][1]) == 28
    assert len(by_name()) == len(RECIPES) + sum(len(members) for _, members in FAMILIES.values())
    assert main(["recipes"]) == 0
    said = capsys.readouterr().out
    assert said.count("lsun-") == 1 and "Fig. 2" in said
    assert main(["recipes", "lsun-4-lsgan", "--size", "64"]) == 0
    assert "gated" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: lsun_grid(7, "wgan"), "row of the LSUN grid is 7; allowed: whole numbers from 0 to 6"),
        (lambda: lsun_grid(-1, "wgan"), "row of the LSUN grid is -1"),
        (lambda: lsun_grid(1, "wgan-pg"), "unknown method of the LSUN grid 'wgan-pg'; did you mean 'wgan-gp'"),
        (lambda: find("lsun-4-wgan-pg"), "did you mean 'lsun-4-wgan-gp'.*steadygan recipes"),
        (lambda: find("lsun-0-dcgan")(SampleSpec((2,))).critic.build(SampleSpec((2,))), "use MLPGenerator"),
    ],
)
def test_cells_that_are_not_there_are_refused_in_one_line(act, words):
    with pytest.raises(UsageError, match=words) as error:
        act()
    assert "\n" not in str(error.value)
