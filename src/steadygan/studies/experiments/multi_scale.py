"""Multi-scale gradients: MSG-GAN against the same networks on the finest image alone (Karnewar & Wang 2020)."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steadygan.data.options import DataOptions
from steadygan.losses import RelativisticAverageHinge
from steadygan.networks import MultiScaleCritic, MultiScaleGenerator
from steadygan.objectives import Adversarial
from steadygan.priors import Normal
from steadygan.recipe import Recipe
from steadygan.recipes.multiscale import msg_gan
from steadygan.representations import Plain
from steadygan.studies.claims import Claim, Decision, by_sign
from steadygan.studies.experiments._games import cifar10, pictures, title, with_rates
from steadygan.studies.experiments._lesson_figures import COLOURS, dots, on_log_scale, panels, sheets
from steadygan.studies.experiments._lessons import SIGN, Arms, Case, as_ratio, better, table, trials
from steadygan.studies.experiments._quality import at_end, looking
from steadygan.studies.intervals import mean
from steadygan.studies.results import Results
from steadygan.studies.study import Plot, Scale, Study
from steadygan.studies.trial import Outcome, Trial
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from steadygan.preparation import Prepared
    from steadygan.run import Run

RATES = (1e-3, 3e-3, 1e-2)
"""the authors' code has 3e-3"""
LOOKS, FIXED = 10, 36
"""checkpoints at which fixed latents are drawn, and how many"""
ALL, ONE = "all sizes", "one size"
SOURCE = "Karnewar & Wang 2020, MSG-GAN: Multi-Scale Gradients for Generative Adversarial Networks"


def networks(width: int, sample: SampleSpec) -> Recipe:
    """MSG-GAN's recipe in this package, of a width."""
    made = msg_gan(sample)
    return dataclasses.replace(made, generator=MultiScaleGenerator(width), critic=MultiScaleCritic(width))


def full(sample: SampleSpec) -> Recipe:
    """The settings of the authors' code for CIFAR-10: 512 maps and latents, relativistic hinge loss, no penalty."""
    made = networks(512, sample)
    return dataclasses.replace(made, objective=Adversarial(RelativisticAverageHinge()), penalties=(), prior=Normal(512))


def at(recipe: Recipe, sizes: str, rate: float) -> Recipe:
    """The recipe at a rate of both players, on all sizes of an image or the finest alone."""
    made = with_rates(recipe, rate, rate)
    if sizes == ALL:
        return made
    single = {name: dataclasses.replace(getattr(made, name), single=True) for name in ("generator", "critic")}
    return dataclasses.replace(made, **single, representation=Plain())


def measured(run: Run, ready: Prepared, *, features: str = "auto") -> Outcome:
    """Quality, by the averaged weights as in the method, and how far samples of fixed latents move between looks."""
    outcome = at_end(run, ready, weights="average", features=features)
    rounds = [int(path.name) for path in run.checkpoints]
    rounds = [round_ for round_ in rounds if round_ % rounds[0] == 0]
    drawn = [run.sample(FIXED, weights="average", round_=round_) for round_ in rounds]
    return {**outcome, "rounds": np.array(rounds[1:]), "movement": movement(drawn)}


def movement(samples: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
    """Mean squared change of pixels in -1 to 1 from each drawing [N, C, H, W] of fixed latents to the next."""
    drawn = np.asarray(samples, dtype=np.float64) / 127.5 - 1
    changes: NDArray[np.float64] = np.square(np.diff(drawn, axis=0)).reshape(len(drawn) - 1, -1).mean(axis=1)
    return changes


def _trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    rates: tuple[float, ...] = RATES
    features = "auto"
    if scale == "smoke":
        rates, features = RATES[1:2], "pixels"
        case = Case("digits", partial(networks, 4), DataOptions("digits"), 4)
    elif scale == "paper":
        case = Case("cifar10", full, cifar10(), 100_000)
    else:
        named = pictures(16, stand_in=16)
        case = Case(title(named), partial(networks, 16), named, 1_000)
    arms: Arms = [
        ({"images": sizes, "rate": rate}, partial(at, sizes=sizes, rate=rate)) for sizes in (ALL, ONE) for rate in rates
    ]
    looks = 4 if scale == "smoke" else LOOKS
    return trials([case], arms, seeds, measure=partial(measured, features=features), plan=partial(looking, looks=looks))


def settling(results: Results, sizes: str) -> dict[int, float]:
    """By seed: the mean over rates of the log of the mean movement in the second half of the looks."""
    found: dict[int, list[float]] = {}
    for row in results.where(images=sizes):
        moved = np.asarray(row.values.get("movement", []), dtype=np.float64)
        late = moved[len(moved) // 2 :]
        if len(late) and late.mean() > 0:
            found.setdefault(row.seed, []).append(math.log(late.mean()))
    return {seed: sum(logs) / len(logs) for seed, logs in found.items()}


def _settles(results: Results) -> Decision:
    one, many = settling(results, ONE), settling(results, ALL)
    interval = mean([one[seed] - many[seed] for seed in sorted(one.keys() & many.keys())])
    return by_sign(interval, as_ratio(interval, _MOVES))


_MOVES = "movement of samples of fixed latents with one size / with all"


def spread(results: Results, sizes: str) -> dict[int, float]:
    """By seed: log(largest / smallest distance) over the rates; seeds that lack a rate are left out."""
    found = [results.by_seed("distance", images=sizes, rate=rate) for rate in results.settings("rate")]
    seeds = sorted(set.intersection(*(set(each) for each in found))) if len(found) > 1 else []
    values = {seed: [each[seed] for each in found] for seed in seeds}
    return {seed: math.log(max(some) / min(some)) for seed, some in values.items() if min(some) > 0}


def _robust(results: Results) -> Decision:
    one, many = spread(results, ONE), spread(results, ALL)
    interval = mean([one[seed] - many[seed] for seed in sorted(one.keys() & many.keys())])
    return by_sign(interval, as_ratio(interval, _SPREADS))


_SPREADS = "largest / smallest distance over rates, with one size over that with all"


def _plots(results: Results) -> Sequence[Plot]:
    caption = (
        "Distance of the last samples to the data (lower is better) by the rate of both players. A dot a seed, a bar "
    )
    caption += "at the geometric mean."
    return [
        *dots(results, "rate", hue="images", caption=caption),
        *_moves(results),
        *sheets(results, "rate", panel="images"),
    ]


def _moves(results: Results) -> list[Plot]:
    held = Results(tuple(row for row in results if "movement" in row.values))
    rates = held.settings("rate")
    if not rates:
        return []
    figure, axes = panels(1, len(rates), 3.2, 2.8, sharey=True)
    for each, rate in zip(axes[0], rates, strict=True):
        for sizes, colour in zip((ALL, ONE), COLOURS, strict=False):
            for index, row in enumerate(held.where(rate=rate, images=sizes)):
                label = sizes if not index else None
                each.plot(
                    row.values["rounds"], row.values["movement"], color=colour, linewidth=1, alpha=0.8, label=label
                )
        on_log_scale(each)
        each.set_title(f"rate {rate:g}", fontsize=10)
        each.set_xlabel("round")
    axes[0, 0].set_ylabel("mean squared change")
    axes[0, 0].legend(fontsize=8)
    return [Plot("movement", "Change of the samples of 36 fixed latents from look to look, a line a seed.", figure)]


STUDY = Study(
    name="multi-scale",
    question="Do gradients at all sizes of an image make a training better and steadier than those at one?",
    source=f"{SOURCE}; Pasini 2019, 10 Lessons, lesson 8",
    shows="The paper's figures: samples of fixed latents settle from epoch to epoch, those of ProGAN keep "
    "changing; and "
    "scores on CIFAR-10 hardly depend on the rate.",
    trials=_trials,
    plots=_plots,
    table=table,
    claims=(
        better(
            "better samples",
            "multi-scale gradients make training stabler and the results more convincing",
            "Pasini 2019, 10 Lessons, lesson 8",
            {"images": ONE},
            {"images": ALL},
            words="distance with one size / with all sizes",
            needs="pictures of 64 px and more: the lesson is for images that are not small like MNIST's",
        ),
        Claim(
            "samples settle",
            "samples of fixed latents change less and less, and less than without the other sizes",
            SOURCE,
            SIGN.format(_MOVES) + "; in the second half of the looks, mean over rates",
            _settles,
            "pictures of 64 px and more",
        ),
        Claim(
            "robust to rates",
            "the result hardly depends on the learning rate",
            SOURCE,
            f"the 95% interval over seeds of log({_SPREADS}) lies above 0; below 0 refutes it",
            _robust,
            "pictures of 64 px and more",
        ),
    ),
    limits="Laptop: pictures of 16 px (digits of 8 px enlarged, unless pictures are given), 16 feature maps, "
    "WGAN-GP's loss "
    "with drift, 1,000 rounds. Single: the same networks without the other sizes' images; ProGAN also grows. "
    "That the authors trained on CIFAR-10 for 100,000 rounds is unconfirmed.",
)
