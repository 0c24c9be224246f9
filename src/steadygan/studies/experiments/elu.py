"""ELU critics against smooth ELU critics under the gradient penalty: WGAN-GP, appendix D."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from typing import Literal

import numpy as np

from steadygan.networks import DCGANCritic, DCGANGenerator, MLPCritic, MLPGenerator
from steadygan.recipe import Recipe
from steadygan.recipes import wgan_gp
from steadygan.studies import intervals
from steadygan.studies.claims import Claim, Decision, by_sign, negated
from steadygan.studies.experiments._charts import COLOURS, dots, figure, from_zero
from steadygan.studies.experiments._distance_left import SUCCESS, quality
from steadygan.studies.experiments._evidence import pooled, told_share
from steadygan.studies.experiments._sizes import Size
from steadygan.studies.results import Results
from steadygan.studies.sources import source
from steadygan.studies.study import Plot, Scale, Study, Table
from steadygan.studies.training import Training
from steadygan.studies.trial import Trial
from steadygan.types import SampleSpec

Activation = Literal["relu", "elu", "smooth_elu"]
ACTIVATIONS: tuple[Activation, ...] = ("relu", "elu", "smooth_elu")
POINT_SET = "25gaussians"


SIZES: dict[Scale, Size] = {
    "smoke": Size(16, 32, 4, 4, 2, 150),
    "laptop": Size(128, 256, 3_000, 32, 1_500, 2_000),
    "paper": Size(512, 256, 100_000, 128, 100_000, 2_000),
}


def points_recipe(activation: Activation, size: Size) -> Recipe:
    """The authors' toy settings with another activation in the critic."""
    networks = MLPGenerator(size.width), MLPCritic(size.width, activation=activation)
    base = wgan_gp(SampleSpec((2,)))
    return dataclasses.replace(base, generator=networks[0], critic=networks[1], batch=size.batch)


def pictures_recipe(activation: Activation, size: Size) -> Recipe:
    """DCGAN's networks with another activation in the critic, penalty weight 10, batch 64 (32 at smoke scale)."""
    networks = DCGANGenerator(size.maps), DCGANCritic(size.maps, activation=activation)
    base = wgan_gp(SampleSpec((1, 8, 8)))
    return dataclasses.replace(base, generator=networks[0], critic=networks[1], batch=min(64, size.batch))


def trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    """Three activations on points and on pictures."""
    size, measure = SIZES[scale], partial(quality, count=SIZES[scale].samples)
    pictures = "cifar10" if scale == "paper" else source("cifar10")
    made = []
    for activation in ACTIVATIONS:
        works = {
            POINT_SET: Training(points_recipe(activation, size), POINT_SET, size.rounds, measure),
            pictures: Training(pictures_recipe(activation, size), pictures, size.picture_rounds, measure),
        }
        for data, work in works.items():
            made += [Trial({"activation": activation, "data": data}, seed, work) for seed in seeds]
    return made


def _successes(results: Results, activation: Activation) -> Decision:
    """Whether more than half of the trainings succeed."""
    left = results.values("left", activation=activation)
    succeeded = sum(bool(value < SUCCESS) for value in left)
    share = intervals.share(succeeded, len(left))
    text = f"{activation}: {succeeded} of {len(left)} trainings succeeded"
    return by_sign(share, text + told_share(share), bound=0.5)


def plots(results: Results) -> list[Plot]:
    """What is left of the way to the data, a panel a data set, and both functions with their derivatives."""
    found = results.settings("data")
    if not found:
        return []
    made, panels = figure(1, len(found) + 1, 3.4 * (len(found) + 1), 3.4)
    for axes, data in zip(panels, found, strict=False):
        dots(axes, [(each, results.values("left", activation=each, data=data)) for each in ACTIVATIONS], COLOURS)
        axes.axhline(SUCCESS, color="black", linewidth=0.8, linestyle=":")
        axes.set_title(str(data), fontsize=10)
        from_zero(axes)
    panels[0].set_ylabel("share of the distance left")
    _draw_derivatives(panels[-1])
    caption = "Left: distance left after training; below the dotted line a training counts as a success. Right: second "
    return [Plot("elu", caption + "derivatives, which the penalty's gradient contains.", made)]


def _draw_derivatives(axes: object) -> None:
    """Second derivatives: exp(x) below 0 for ELU; 2 s (1 - s) with s = sigmoid(2x + 2) for softplus(2x + 2) / 2 - 1."""
    x = np.linspace(-4, 3, 701)
    s = 1 / (1 + np.exp(-(2 * x + 2)))
    for values, name, colour in (
        (np.where(x < 0, np.exp(x), 0.0), "elu", COLOURS[1]),
        (2 * s * (1 - s), "smooth_elu", COLOURS[2]),
    ):
        axes.plot(x, values, color=colour, label=name)  # type: ignore[attr-defined]
    axes.set_title("second derivative", fontsize=10)  # type: ignore[attr-defined]
    axes.legend(fontsize=8)  # type: ignore[attr-defined]


def table(results: Results) -> Table:
    """What is left, and successes, by data and activation."""
    rows: list[list[str | float | int]] = []
    for data in results.settings("data"):
        for activation in ACTIVATIONS:
            left = results.values("left", activation=activation, data=data)
            if left:
                mean = intervals.mean(left)
                succeeded = sum(bool(value < SUCCESS) for value in left)
                rows.append([str(data), activation, len(left), mean.mean, mean.low, mean.high, succeeded])
    columns = ["data", "activation of the critic", "seeds", "distance left", "low", "high", "successes"]
    note = "Share of the untrained generator's distance to held-out data that is left, above that of real samples; "
    return Table(columns, rows, note + f"a success is below {SUCCESS}.")


STUDY = Study(
    name="elu",
    question="Do critics with ELU fail to train under the gradient penalty, and does smooth ELU mend it?",
    source="Gulrajani et al. 2017 (WGAN-GP), appendix D",
    shows="A remark, no figure: networks with ELU, whose second derivative jumps at 0, could not be trained; replacing "
    "ELU by softplus(2x + 2) / 2 - 1 fixed it. ReLU, leaky ReLU and tanh trained.",
    trials=trials,
    plots=plots,
    table=table,
    claims=(
        Claim(
            "ELU critics fail",
            "We were unable to train networks with ELU activations, whose derivative is continuous but not smooth.",
            "WGAN-GP, appendix D",
            f"the 95% interval (Wilson) of the share of trainings that leave less than {SUCCESS} of the distance lies "
            "below a half; refuted if it lies above",
            lambda results: negated(_successes(results, "elu")),
            needs="deep random architectures at 32 px, on which the paper saw it",
        ),
        Claim(
            "smooth ELU critics train",
            "Replacing ELU with a very similar nonlinearity which is smooth fixed the issue.",
            "WGAN-GP, appendix D",
            "the same share for smooth ELU lies above a half",
            lambda results: _successes(results, "smooth_elu"),
        ),
        Claim(
            "smooth ELU better than ELU",
            "Smooth ELU trains better than ELU under the penalty.",
            "WGAN-GP, appendix D",
            "the 95% interval over seeds of the mean difference over the data sets, ELU - smooth ELU, of the distance "
            "left lies above 0; refuted if it lies below",
            partial(pooled, value="left", setting="activation", first="elu", second="smooth_elu"),
        ),
    ),
    seeds={"smoke": 1, "laptop": 5, "paper": 5},
    of_failure={"left": 1.0},
    limits="Two shallow networks where the paper has random architectures and LSUN networks at 32 and 64 px; success "
    "is a distance to held-out data, where the paper has an Inception score and the eye.",
)
