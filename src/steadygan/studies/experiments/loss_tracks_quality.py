"""The critic's loss against the quality of samples as training goes on: WGAN, figures 3 and 4, section 4.2."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from steadygan.networks import DCGANCritic, DCGANGenerator, MLPCritic, MLPGenerator
from steadygan.recipe import Recipe
from steadygan.recipes import dcgan, wgan, wgan_gp
from steadygan.schedules import Constant
from steadygan.studies import intervals
from steadygan.studies.claims import Claim, Decision, all_of, by_sign
from steadygan.studies.experiments._charts import COLOURS, figure, from_zero
from steadygan.studies.experiments._distance_left import SAMPLES
from steadygan.studies.experiments._evidence import told
from steadygan.studies.experiments._tracking import measure
from steadygan.studies.results import Results
from steadygan.studies.sources import source
from steadygan.studies.study import Plot, Scale, Study, Table
from steadygan.studies.training import Training
from steadygan.studies.trial import Trial
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    pass

METHODS: dict[str, Callable[[SampleSpec], Recipe]] = {"WGAN": wgan, "WGAN-GP": wgan_gp, "GAN": dcgan}
POINT_SET = "25gaussians"
LOOKS = 20
"""checkpoints whose samples are measured"""


class Size(NamedTuple):
    """Networks and length at a scale; ``faster`` multiplies the rates of all methods."""

    width: int
    batch: int
    rounds: int
    maps: int
    picture_rounds: int
    samples: int
    faster: float


SIZES: dict[Scale, Size] = {
    "smoke": Size(16, 32, 5, 4, 5, 100, 1.0),
    "laptop": Size(128, 256, 3_000, 32, 1_500, 1_000, 4.0),
    "paper": Size(512, 256, 100_000, 64, 200_000, SAMPLES, 1.0),
}


def recipe(method: str, on_points: bool, size: Size) -> Recipe:
    """The method's own settings; WGAN and WGAN-GP with five critic steps."""
    made = METHODS[method](SampleSpec((2,) if on_points else (1, 8, 8)))
    width = size.width if on_points else size.maps
    kinds = (MLPGenerator, MLPCritic, DCGANGenerator, DCGANCritic)
    networks: dict[str, Any] = {}
    for player in ("generator", "critic"):
        network = getattr(made, player)
        assert isinstance(network, kinds)
        networks[player] = dataclasses.replace(network, width=width)
    optimizers: dict[str, Any] = {
        name: dataclasses.replace(getattr(made, name), lr=size.faster * getattr(made, name).lr)
        for name in ("generator_optimizer", "critic_optimizer")
    }
    if method == "WGAN":
        made = dataclasses.replace(made, critic_steps=Constant(5))
    batch = size.batch if on_points else min(64, size.batch)
    return dataclasses.replace(made, **networks, **optimizers, batch=batch)


def trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    """Three methods on points and digits; 20 checkpoints are kept."""
    size = SIZES[scale]
    pictures = "cifar10" if scale == "paper" else source("mnist")
    made = []
    for method in METHODS:
        for data, rounds in ((POINT_SET, size.rounds), (pictures, size.picture_rounds)):
            look = partial(measure, samples=size.samples)
            work = Kept(recipe(method, data == POINT_SET, size), data, rounds, look).fitted(rounds)
            made += [Trial({"method": method, "data": data}, seed, work) for seed in seeds]
    return made


class Kept(Training):
    """A training whose kept checkpoints stay 20 when its rounds are fitted."""

    def fitted(self, rounds: int) -> Training:
        """The same with so many rounds."""
        every = max(1, rounds // LOOKS)
        options = dataclasses.replace(
            self.options, checkpoint_every=every, keep_every=every, log_every=max(1, every // 10)
        )
        return dataclasses.replace(self, rounds=rounds, options=options)


def _correlated(results: Results, method: str) -> Decision:
    found = []
    for data in results.settings("data") or [POINT_SET]:
        interval = intervals.mean(results.values("rank_correlation", method=method, data=data))
        found.append(by_sign(interval, told(f"{method} on {data}", interval), bound=0.5))
    return all_of(*found)


def _more_than_gan(results: Results) -> Decision:
    found = []
    for data in results.settings("data") or [POINT_SET]:
        mine, other = (results.by_seed("rank_correlation", method=each, data=data) for each in ("WGAN", "GAN"))
        interval = intervals.difference(mine, other)
        found.append(by_sign(interval, told(f"{data}, WGAN - GAN", interval)))
    return all_of(*found)


def plots(results: Results) -> list[Plot]:
    """The loss over rounds, with the distance of samples on a second axis; the first seed."""
    data_sets = results.settings("data")
    if not data_sets:
        return []
    made, panels = figure(len(data_sets), 3, 13, 3.2 * len(data_sets))
    for index, axes in enumerate(panels):
        data, method = data_sets[index // 3], list(METHODS)[index % 3]
        rows = results.where(method=method, data=data).rows
        axes.set_title(f"{method}, {data}", fontsize=10)
        if not rows:
            continue
        values = rows[0].values
        axes.plot(values["curve_rounds"], values["curve"], color=COLOURS[0], linewidth=0.5, alpha=0.4)
        axes.plot(values["rounds"], values["losses"], color=COLOURS[0], linewidth=1.8)
        axes.set_ylabel("negative critic loss", color=COLOURS[0], fontsize=8)
        other = axes.twinx()
        other.plot(values["rounds"], values["distances"], "o-", color=COLOURS[1], markersize=3, linewidth=1)
        other.set_ylabel(values["what"], color=COLOURS[1], fontsize=8)
        from_zero(other)
        if "rank_correlation" in values:
            axes.set_title(f"{method}, {data}: rank correlation {values['rank_correlation']:.2f}", fontsize=10)
    caption = "Negative critic loss (blue, median between checkpoints) and distance of samples to real ones (orange)."
    return [Plot("loss-tracks-quality", caption, made)]


def table(results: Results) -> Table:
    """Rank correlations by data and method."""
    rows: list[list[str | float | int]] = []
    for data in results.settings("data"):
        for method in METHODS:
            found = results.values("rank_correlation", method=method, data=data)
            if found:
                mean = intervals.mean(found)
                rows.append([str(data), method, len(found), mean.mean, mean.low, mean.high])
    columns = ["data", "method", "seeds", "rank correlation", "low", "high"]
    note = "Spearman's rank correlation of the negative critic loss without penalty and the distance of samples to "
    return Table(columns, rows, note + "held-out data over 20 checkpoints: 1 if it falls whenever samples improve.")


STUDY = Study(
    name="loss-tracks-quality",
    question="Does the critic's loss fall as samples get better, under WGAN and under a plain GAN?",
    source="Arjovsky et al. 2017 (WGAN), figures 3 and 4, section 4.2; Gulrajani et al. 2017, figure 5a",
    shows="Under WGAN the negative critic loss falls as samples improve; the GAN's estimate of the Jensen-Shannon "
    "divergence stays or rises while its samples get better.",
    trials=trials,
    plots=plots,
    table=table,
    claims=(
        Claim(
            "WGAN's loss tracks quality",
            "WGAN's loss correlates with the quality of samples and converges.",
            "WGAN, section 4.2, figure 3",
            "on each data set the 95% interval of the rank correlation lies above 0.5; refuted where one lies below",
            lambda results: _correlated(results, "WGAN"),
        ),
        Claim(
            "WGAN-GP's loss tracks quality",
            "WGAN-GP preserves this property.",
            "WGAN-GP, section 5.6, figure 5a",
            "the same for WGAN-GP",
            lambda results: _correlated(results, "WGAN-GP"),
        ),
        Claim(
            "more than a GAN's",
            "The standard GAN's loss does not correlate with the quality of samples.",
            "WGAN, section 4.2, figure 4",
            "on each data set the 95% interval of the paired difference of rank correlations, WGAN - GAN, lies above 0",
            _more_than_gan,
        ),
    ),
    limits="Points and digits of 8 px at four times the papers' rates, where the paper has LSUN bedrooms at 64 px and "
    "judges samples by eye; the paper scale trains on CIFAR-10.",
)
