"""Generators without batch norm and of constant width under WGAN and GAN: WGAN, figure 6, section 4.3."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from steadygan.networks import DCGANCritic, DCGANGenerator
from steadygan.recipe import Recipe
from steadygan.recipes import dcgan, wgan, wgan_gp
from steadygan.schedules import Constant
from steadygan.studies import intervals
from steadygan.studies.claims import Claim, Decision, by_sign
from steadygan.studies.experiments._charts import COLOURS, dots, figure, from_zero
from steadygan.studies.experiments._distance_left import SUCCESS, quality
from steadygan.studies.experiments._drawn import tiles
from steadygan.studies.experiments._evidence import told
from steadygan.studies.results import Results
from steadygan.studies.sources import source
from steadygan.studies.study import Plot, Scale, Study, Table
from steadygan.studies.training import Training
from steadygan.studies.trial import Outcome, Trial
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from steadygan.preparation import Prepared
    from steadygan.run import Run

METHODS: dict[str, Callable[[SampleSpec], Recipe]] = {"WGAN": wgan, "WGAN-GP": wgan_gp, "GAN": dcgan}
NORMED, BARE = "batch norm", "no batch norm"
GENERATORS = (NORMED, BARE)
_SHOWN = 36


class Size(NamedTuple):
    """Networks and length at a scale; ``faster`` multiplies the rates of all methods."""

    width: int
    batch: int
    rounds: int
    samples: int
    faster: float


SIZES: dict[Scale, Size] = {
    "smoke": Size(4, 32, 3, 150, 1.0),
    "laptop": Size(32, 64, 2_000, 2_000, 4.0),
    "paper": Size(64, 64, 200_000, 2_000, 1.0),
}


def recipe(method: str, generator: str, size: Size) -> Recipe:
    """The method's settings; the generator is DCGAN's, or has neither batch norm nor more maps at lower levels."""
    made = METHODS[method](SampleSpec((1, 8, 8)))
    assert isinstance(made.critic, DCGANCritic)
    critic = dataclasses.replace(made.critic, width=size.width)
    network = DCGANGenerator(size.width)
    if generator == BARE:
        network = DCGANGenerator(size.width, norm="none", widths="constant")
    optimizers: dict[str, Any] = {
        name: dataclasses.replace(getattr(made, name), lr=size.faster * getattr(made, name).lr)
        for name in ("generator_optimizer", "critic_optimizer")
    }
    if method == "WGAN":
        made = dataclasses.replace(made, critic_steps=Constant(5))
    return dataclasses.replace(made, generator=network, critic=critic, batch=size.batch, **optimizers)


def measure(run: Run, ready: Prepared, samples: int) -> Outcome:
    """What is left of the way to the data, and some samples."""
    shown = np.asarray(run.sample(_SHOWN, weights="raw"), dtype=np.uint8)
    return {**quality(run, ready, samples), "samples": shown}


def trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    """Three methods with two generators."""
    size = SIZES[scale]
    data = "cifar10" if scale == "paper" else source("mnist")
    made = []
    for method in METHODS:
        for generator in GENERATORS:
            work = Training(recipe(method, generator, size), data, size.rounds, partial(measure, samples=size.samples))
            made += [Trial({"method": method, "generator": generator, "data": data}, seed, work) for seed in seeds]
    return made


def _succeeds(results: Results, method: str) -> Decision:
    """Without batch norm; the interval of what is left, against the bound of success."""
    interval = intervals.mean(results.values("left", method=method, generator=BARE))
    turned = intervals.Interval(SUCCESS - interval.mean, SUCCESS - interval.high, SUCCESS - interval.low, interval.runs)
    return dataclasses.replace(by_sign(turned, told(f"{method} without, left", interval)), interval=interval)


def _costs_gan_more(results: Results) -> Decision:
    """How much worse each is without batch norm: GAN's loss of quality above WGAN's."""
    losses: dict[str, dict[int, float]] = {}
    for method in ("GAN", "WGAN"):
        bare, normed = (results.by_seed("left", method=method, generator=each) for each in (BARE, NORMED))
        losses[method] = {seed: bare[seed] - normed[seed] for seed in bare.keys() & normed.keys()}
    interval = intervals.difference(losses["GAN"], losses["WGAN"])
    return by_sign(interval, told("cost of leaving it out, GAN - WGAN", interval))


def plots(results: Results) -> list[Plot]:
    """What is left by method and generator, and samples of the first seed."""
    if not len(results):
        return []
    made, panels = figure(1, 2, 9, 3.4, sharey=True)
    for axes, generator in zip(panels, GENERATORS, strict=True):
        dots(axes, [(each, results.values("left", method=each, generator=generator)) for each in METHODS], COLOURS)
        axes.axhline(SUCCESS, color="black", linewidth=0.8, linestyle=":")
        axes.set(title=generator)
    from_zero(panels[0])
    panels[0].set_ylabel("share of the distance left")
    caption = "Distance left after training; below the dotted line a training counts as a success."
    return [Plot("no-batch-norm", caption, made), Plot("samples", "Samples of the first seed.", _samples(results))]


def _samples(results: Results) -> object:
    made, panels = figure(2, 3, 8, 5.6)
    for index, axes in enumerate(panels):
        generator, method = GENERATORS[index // 3], list(METHODS)[index % 3]
        axes.axis("off")
        axes.set_title(f"{method}, {generator}", fontsize=10)
        samples = results.values("samples", method=method, generator=generator)
        if samples:
            tiles(axes, samples[0])
    return made


def table(results: Results) -> Table:
    """What is left by method and generator."""
    rows: list[list[str | float | int]] = []
    for method in METHODS:
        for generator in GENERATORS:
            left = results.values("left", method=method, generator=generator)
            if left:
                mean = intervals.mean(left)
                successes = sum(bool(value < SUCCESS) for value in left)
                rows.append([method, generator, len(left), mean.mean, mean.low, mean.high, successes])
    columns = ["method", "generator", "seeds", "distance left", "low", "high", "successes"]
    note = (
        "Share of the untrained generator's Fréchet distance of patches to held-out data that is left, above that of "
    )
    return Table(columns, rows, note + f"real samples; a success is below {SUCCESS}.")


STUDY = Study(
    name="no-batch-norm",
    question="Does WGAN still train a generator without batch norm, where a plain GAN does not?",
    source="Arjovsky et al. 2017 (WGAN), figure 6, section 4.3",
    shows="Samples of a DCGAN generator without batch norm and with a constant number of filters: WGAN still makes "
    "samples, the standard GAN fails to learn.",
    trials=trials,
    plots=plots,
    table=table,
    claims=(
        Claim(
            "WGAN trains without batch norm",
            "WGAN can be trained without batch norm in the generator and still makes reasonable samples.",
            "WGAN, section 4.3, figure 6",
            f"the 95% interval of the distance left lies below {SUCCESS}; refuted if it lies above",
            lambda results: _succeeds(results, "WGAN"),
            needs="more rounds: clipping with RMSprop at 5e-5 is slow",
        ),
        Claim(
            "WGAN-GP trains without batch norm",
            "The same holds for WGAN-GP.",
            "WGAN-GP, section 5.2",
            "the same for WGAN-GP",
            lambda results: _succeeds(results, "WGAN-GP"),
        ),
        Claim(
            "a GAN suffers more",
            "The standard GAN failed to learn without batch norm, where WGAN still was able to.",
            "WGAN, section 4.3, figure 6",
            "the 95% interval of the paired difference, GAN - WGAN, of what leaving batch norm out adds to the "
            "distance left lies above 0; refuted if it lies below",
            _costs_gan_more,
            needs="pictures of 64 px, whose generators have more layers",
        ),
    ),
    of_failure={"left": 1.0},
    limits="Digits of 8 px with two up-sampling layers at four times the papers' rates, where the paper has LSUN "
    "bedrooms at 64 px with four and judges by eye; the paper scale trains on CIFAR-10.",
)
