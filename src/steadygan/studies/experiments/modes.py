"""Modes that methods cover on ring, grid and stacked digits: the tables of PacGAN (Lin et al. 2018)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from steadygan.data.options import DataOptions
from steadygan.networks import DCGANCritic, DCGANGenerator, MLPCritic, MLPGenerator, R3GANCritic, R3GANGenerator
from steadygan.recipe import Recipe
from steadygan.recipes import dcgan, minibatch_discrimination, r3gan, wgan, wgan_gp
from steadygan.schedules import Constant
from steadygan.studies import intervals
from steadygan.studies.claims import Claim
from steadygan.studies.experiments._charts import COLOURS, dots, figure
from steadygan.studies.experiments._covered import STACKS, measure
from steadygan.studies.experiments._drawn import tiles
from steadygan.studies.experiments._evidence import pooled
from steadygan.studies.results import Results
from steadygan.studies.study import Plot, Scale, Study, Table
from steadygan.studies.training import Training
from steadygan.studies.trial import Trial
from steadygan.studies.words import interval_text
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    pass

GAN, PACKED = "GAN", "GAN, packs of 2"
METHODS: dict[str, Callable[[SampleSpec], Recipe]] = {
    GAN: dcgan,
    PACKED: dcgan,
    "minibatch discrimination": minibatch_discrimination,
    "WGAN": wgan,
    "WGAN-GP": wgan_gp,
    "R3GAN": r3gan,
}
RING, GRID = "8gaussians", "25gaussians"
TITLES = {RING: "ring, 8 modes", GRID: "grid, 25 modes", STACKS: "stacked digits, 1,000 modes"}
OF = {RING: 8, GRID: 25}
PUBLISHED = {
    (GAN, STACKS): "99.0 (KL 3.40); 78.9 ± 6.5",
    (PACKED, STACKS): "1000 (KL 0.06)",
    (GAN, RING): "98.2% near, modes lost",
    (GAN, GRID): "94.8% near, modes lost",
}
"""of PacGAN's tables: other networks, digits and rounds"""


class Size(NamedTuple):
    """Networks and length at a scale; ``faster`` multiplies the rates of all methods but R3GAN's own preset."""

    width: int
    batch: int
    rounds: int
    maps: int
    side: int
    stack_rounds: int
    points: int
    stacks: int
    faster: float


SIZES: dict[Scale, Size] = {
    "smoke": Size(16, 32, 3, 8, 8, 2, 200, 100, 1.0),
    "laptop": Size(128, 256, 3_200, 32, 8, 1_100, 2_500, 10_000, 5.0),
    "paper": Size(512, 256, 100_000, 64, 28, 50_000, 2_500, 26_000, 1.0),
}


def recipe(method: str, data: str, size: Size) -> Recipe:
    """The method's recipe on networks of one size for all methods (R3GAN has its own on pictures)."""
    on_points = data != STACKS
    made = METHODS[method](SampleSpec((2,) if on_points else (3, size.side, size.side)))
    width = size.width if on_points else size.maps
    networks = {player: _sized(getattr(made, player), width) for player in ("generator", "critic")}
    if method == PACKED:
        networks["critic"] = dataclasses.replace(networks["critic"], packing=2)
    made = dataclasses.replace(made, **networks, batch=size.batch if on_points else min(64, size.batch))
    if method == "R3GAN":
        return made
    if method == "WGAN":
        made = dataclasses.replace(made, critic_steps=Constant(5))
    rates = {
        name: dataclasses.replace(getattr(made, name), lr=size.faster * getattr(made, name).lr)
        for name in ("generator_optimizer", "critic_optimizer")
    }
    return dataclasses.replace(made, **rates)


def _sized(network: Any, width: int) -> Any:
    """R3GAN's widths are those of its stage of most pixels, and divisible by 8."""
    if isinstance(network, MLPGenerator | MLPCritic | DCGANGenerator | DCGANCritic):
        return dataclasses.replace(network, width=width)
    assert isinstance(network, R3GANGenerator | R3GANCritic)
    return dataclasses.replace(network, width=max(16, width))


def trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    """All methods on three data sets."""
    size = SIZES[scale]
    work = partial(measure, points=size.points, stacks=size.stacks)
    made = []
    for method in METHODS:
        for data in TITLES:
            options = DataOptions(data, size=size.side if size.side != 8 else None, labels=True)
            source, rounds = (options, size.stack_rounds) if data == STACKS else (data, size.rounds)
            training = Training(recipe(method, data, size), source, rounds, work)
            made += [Trial({"method": method, "data": data}, seed, training) for seed in seeds]
    return made


def plots(results: Results) -> list[Plot]:
    """Modes by method and data, and samples of the first seed."""
    if not len(results):
        return []
    made, panels = figure(1, 3, 13, 3.8)
    for axes, (data, title) in zip(panels, TITLES.items(), strict=True):
        dots(axes, [(method, results.values("modes", method=method, data=data)) for method in METHODS], COLOURS)
        axes.set_title(title, fontsize=10)
        axes.set_ylim(0, 1.05 * OF[data] if data in OF else None)
        axes.tick_params(axis="x", rotation=35, labelsize=8)
        for label in axes.get_xticklabels():
            label.set_horizontalalignment("right")
    panels[0].set_ylabel("modes covered")
    caption = "Modes with a sample: of points within three deviations, of stacks by a classifier. A dot a seed."
    return [Plot("modes", caption, made), Plot("samples", "Samples of the first seed.", _samples(results))]


def _samples(results: Results) -> object:
    from steadygan.data.sources.points import MODES

    made, panels = figure(3, len(METHODS), 2.0 * len(METHODS), 6.6)
    for index, axes in enumerate(panels):
        data, method = list(TITLES)[index // len(METHODS)], list(METHODS)[index % len(METHODS)]
        axes.set(xticks=[], yticks=[])
        if index < len(METHODS):
            axes.set_title(method, fontsize=9)
        samples = results.values("samples", method=method, data=data)
        if not samples:
            axes.axis("off")
        elif data == STACKS:
            tiles(axes, samples[0])
        else:
            centres, points = MODES[data].centres.T, np.asarray(samples[0]).T
            axes.scatter(centres[0], centres[1], s=18, color="#f58518", linewidths=0)
            axes.scatter(points[0], points[1], s=2, color="#13812f", linewidths=0)
            axes.set(xlim=(-2.2, 2.2), ylim=(-2.2, 2.2), aspect="equal")
    return made


def table(results: Results) -> Table:
    """Means over seeds, beside what PacGAN's paper lists."""
    rows: list[list[str | float | int]] = []
    for data, title in TITLES.items():
        for method in METHODS:
            modes = results.values("modes", method=method, data=data)
            if modes:
                kl, near = (results.values(name, method=method, data=data) for name in ("kl", "near"))
                mean = intervals.mean(modes)
                bounds = interval_text(mean) or "-"
                quality = f"{np.mean(near):.1%}" if near else "-"
                rows.append([title, method, len(modes), mean.mean, bounds, float(np.mean(kl)), quality])
                rows[-1].append(PUBLISHED.get((method, data), "-"))
    columns = ["data", "method", "seeds", "modes", "95%", "KL, nats", "near a mode", "published, not comparable"]
    note = "The published numbers (PacGAN's tables) are of other networks, other digits and more rounds: they must not "
    return Table(columns, rows, note + "be compared with the others. Modes and KL of raw weights.")


def _claim(method: str, name: str, statement: str, source: str) -> Claim:
    return Claim(
        name,
        statement,
        source,
        f"the 95% interval over seeds of the share of modes, {method} - GAN, mean over the three data sets, lies above "
        "0; refuted if it lies below",
        partial(pooled, value="share", setting="method", first=method, second=GAN),
        needs="the papers' networks and rounds, on which a plain GAN loses most modes",
    )


STUDY = Study(
    name="modes",
    question="Which methods cover more modes than a plain GAN on a ring, a grid and stacked digits?",
    source="Lin et al. 2018 (PacGAN), its tables of modes; Salimans et al. 2016; Huang et al. 2024 (R3GAN)",
    shows="A DCGAN covers 79 to 99 of the 1,000 stacks of three MNIST digits, with packs of two or more all of them; "
    "on ring and grid a GAN's samples lie near modes, and some modes are lost.",
    trials=trials,
    plots=plots,
    table=table,
    claims=(
        _claim(PACKED, "packing", "Packing mitigates mode collapse without other changes.", "Lin et al. 2018, PacGAN"),
        _claim(
            "minibatch discrimination",
            "minibatch discrimination",
            "Discriminating minibatches lets the critic tell collapsed generators.",
            "Salimans et al. 2016, section 3.2",
        ),
        _claim("WGAN", "WGAN", "The mode dropping that is typical in GANs is drastically reduced.", "WGAN, section 1"),
        _claim("WGAN-GP", "WGAN-GP", "WGAN-GP covers modes that a GAN drops.", "WGAN, section 1, for WGAN-GP"),
        _claim(
            "R3GAN",
            "R3GAN",
            "The relativistic pairing loss with R1 and R2 covers all modes.",
            "Huang et al. 2024, R3GAN",
        ),
    ),
    limits="Small networks for few rounds at five times the papers' rates (R3GAN's preset keeps its own), digits of 8 "
    "px from scikit-learn in place of MNIST; the paper scale has them at 28 px, 26,000 samples and the recipes' rates.",
)
