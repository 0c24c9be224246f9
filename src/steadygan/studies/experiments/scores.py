"""scores: networks of WGAN-GP with and without labels (Gulrajani et al. 2017, table 3, section 5.4, App. F).

The paper's Inception scores of CIFAR-10 stand in a column of their own: ours are of the data's own classes, and
Inception's where its weights and pictures of colour are at hand.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from steadygan.errors import UsageError
from steadygan.networks import DCGANCritic, DCGANGenerator, LabelledGenerator, ResNetCritic, ResNetGenerator
from steadygan.objectives import AuxiliaryClassifier
from steadygan.recipe import Recipe
from steadygan.recipes import acgan, dcgan, wgan_gp_cifar10
from steadygan.recipes.conditional import acgan_wgan_gp
from steadygan.studies import intervals
from steadygan.studies.claims import Claim, Decision, by_sign
from steadygan.studies.experiments._data import named, pictures
from steadygan.studies.experiments._drawn import tiles
from steadygan.studies.experiments._judged import COUNT, Judge, inception_numbers, pictures_of
from steadygan.studies.experiments._trained import Attempt, unaveraged
from steadygan.studies.results import Results
from steadygan.studies.study import Plot, Scale, Study, Table
from steadygan.studies.trial import Outcome, Trial
from steadygan.studies.words import estimate
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from steadygan.preparation import Prepared
    from steadygan.run import Run


def _conditional_resnet(sample: SampleSpec) -> Recipe:
    """The conditional ResNet of the paper at any size: labels through batch norm, a second head for classes."""
    recipe, objective = wgan_gp_cifar10(sample), acgan_wgan_gp(sample).objective
    assert isinstance(objective, AuxiliaryClassifier)
    return dataclasses.replace(
        recipe,
        name="acgan-wgan-gp",
        generator=ResNetGenerator(width=128, conditional=True),
        critic=ResNetCritic(width=128, class_logits=True),
        objective=objective,
    )


METHODS: dict[str, tuple[str, Callable[[SampleSpec], Recipe]]] = {
    "dcgan": ("DCGAN", dcgan),
    "wgan-gp-resnet": ("WGAN-GP ResNet", wgan_gp_cifar10),
    "acgan": ("AC-GAN on DCGAN's networks, labels", acgan),
    "wgan-gp-resnet-labels": ("WGAN-GP ResNet, labels", _conditional_resnet),
}
PAPER = {
    "dcgan": "6.16 ± 0.07",
    "wgan-gp-resnet": "7.86 ± 0.07",
    "acgan": "8.25 ± 0.07 (networks of its own)",
    "wgan-gp-resnet-labels": "8.42 ± 0.10",
}
"""Inception scores of table 3"""
OTHERS = (
    "without labels ALI 5.34, BEGAN 5.62, Improved GAN 6.86, EGAN-Ent-VI 7.07, DFM 7.72; with labels SteinGAN 6.35, "
    "DCGAN 6.58, Improved GAN 8.09, SGAN 8.59"
)


@dataclass(frozen=True)
class Size:
    """A scale."""

    size: int
    stand_in: int
    width: int | None
    """of all networks; None: the recipes' own"""
    rounds: int
    batch: int | None
    rate: float
    samples: int


SIZES: dict[Scale, Size] = {
    "smoke": Size(8, 8, 2, 2, 8, 1.0, 100),
    "laptop": Size(32, 8, 16, 2_000, 32, 2.5, COUNT),
    "paper": Size(32, 32, None, 100_000, None, 1.0, 50_000),
}


def trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    """Every network with every seed."""
    size, made = SIZES[scale], []
    for method in METHODS:
        work = Attempt(
            partial(recipe_of, method, size=size),
            pictures("cifar10", size.size, size.stand_in),
            size.rounds,
            partial(_measure, samples=size.samples),
            lost={"score": 1.0},
        )
        made += [Trial({"method": method, **named("cifar10")}, seed, work) for seed in seeds]
    return made


def recipe_of(method: str, sample: SampleSpec, *, size: Size) -> Recipe:
    """The training of a row at a scale.

    Raises:
        UsageError: for pictures without classes, which rows with labels need.
    """
    if not sample.classes:
        raise UsageError(f"this study needs pictures with classes, but a sample is {sample}")
    recipe = unaveraged(METHODS[method][1](sample))
    changes: dict[str, Any] = {}
    if size.width is not None:
        changes["generator"] = narrowed(recipe.generator, size.width)
        changes["critic"] = narrowed(recipe.critic, size.width)
    if size.batch is not None:
        changes |= {"batch": size.batch, "generator_batch": None}
    for name in ("generator_optimizer", "critic_optimizer"):
        optimizer: Any = getattr(recipe, name)
        changes[name] = dataclasses.replace(optimizer, lr=optimizer.lr * size.rate)
    return dataclasses.replace(recipe, **changes)


def narrowed(network: Any, width: int) -> Any:
    """A network of another width, also inside one that joins labels to the latent."""
    if isinstance(network, LabelledGenerator):
        return dataclasses.replace(network, network=narrowed(network.network, width))
    assert isinstance(network, DCGANGenerator | DCGANCritic | ResNetGenerator | ResNetCritic)
    return dataclasses.replace(network, width=width)


def _measure(run: Run, ready: Prepared, *, samples: int) -> Outcome:
    made = pictures_of(run.sample(samples, seed=1))
    numbers = {**Judge(ready.dataset, need_labels=True)(made), **inception_numbers(ready.dataset, made)}
    return {**numbers, "samples": made[:32]}


def _difference(first: str, second: str, results: Results) -> Decision:
    found = intervals.difference(results.by_seed("score", method=first), results.by_seed("score", method=second))
    return by_sign(found, f"score of {METHODS[first][0]} less that of {METHODS[second][0]}: {estimate(found)}")


def table(results: Results) -> Table:
    """Table 3 of our networks, with the paper's numbers beside it."""
    inception = bool(results.values("inception_score"))
    rows: list[list[str | float | int]] = []
    for method, (title, _) in METHODS.items():
        found = results.where(method=method)
        score = intervals.mean([float(value) for value in found.values("score")])
        if not score.runs:
            continue
        line: list[str | float | int] = [title, score.mean, score.low, score.high]
        names = ["class_distance", "distance", *(["inception_score", "inception_distance"] if inception else [])]
        line += [_mean(found.values(name)) for name in names]
        rows.append([*line, PAPER[method]])
    real = results.values("real_score")
    if rows and real:
        rows.append(["held-out pictures", float(np.mean(real)), *("–" for _ in rows[0][2:])])
    columns = ["networks", "score by classes", "low", "high", "class distance", "patch distance"]
    columns += ["Inception score", "Fréchet-Inception distance"] if inception else []
    note = (
        "Score and distances are of the data's own classifier and of patches; the last column has the paper's "
        f"Inception scores on CIFAR-10 at its own size, not to be compared with them. Its other rows: {OTHERS}."
    )
    return Table([*columns, "Inception score in the paper"], rows, note)


def _mean(values: Sequence[float]) -> float | str:
    return float(np.mean(values)) if values else "–"


def plots(results: Results) -> list[Plot]:
    """Samples of each network, of the first seed."""
    from matplotlib.figure import Figure

    shown = [method for method in METHODS if results.by_seed("samples", method=method)]
    if not shown:
        return []
    figure = Figure(figsize=(10, 1.5 * len(shown) + 0.3), layout="constrained")
    for axes, method in zip(figure.subplots(len(shown), 1, squeeze=False)[:, 0], shown, strict=True):
        samples = next(iter(results.by_seed("samples", method=method).values()))
        tiles(axes, samples, columns=16)
        score = _mean(results.values("score", method=method))
        axes.set_title(f"{METHODS[method][0]}: score {score:.2f}", fontsize=9, loc="left")
    return [Plot("scores", "Samples of each pair of networks, and their score by a classifier of the classes.", figure)]


STUDY = Study(
    name="scores",
    question="What do residual networks under WGAN-GP, and labels, bring to the scores of samples?",
    source="Gulrajani et al. 2017, Improved Training of Wasserstein GANs, section 5.4, table 3, App. F",
    shows=(
        "Inception scores on CIFAR-10. Without labels the WGAN-GP ResNet has 7.86, the highest of seven methods; with "
        "labels 8.42, second to SGAN's 8.59."
    ),
    trials=trials,
    plots=plots,
    table=table,
    claims=(
        Claim(
            "residual networks score higher",
            "Without labels the WGAN-GP ResNet has a higher score than DCGAN.",
            "WGAN-GP, table 3 (7.86 and 6.16)",
            "The 95% interval (t, paired by seed) of the difference of scores lies above 0; refuted below",
            partial(_difference, "wgan-gp-resnet", "dcgan"),
            needs="32x32 pictures of colour, the paper's widths and rounds",
        ),
        Claim(
            "labels raise the score",
            "With labels the WGAN-GP ResNet has a higher score than without.",
            "WGAN-GP, table 3 (8.42 and 7.86)",
            "The 95% interval (t, paired by seed) of the difference of scores lies above 0; refuted below",
            partial(_difference, "wgan-gp-resnet-labels", "wgan-gp-resnet"),
        ),
    ),
    limits=(
        "Laptop: digits of 8x8 (CIFAR-10 of your own: 32x32), width 16 for 128 (DCGAN: 64), batch 32, 2,000 rounds in "
        "place of 100,000 at 2.5 times the paper's rates. Inception scores and distances only of pictures of colour, "
        "where the file of its weights is named (STEADYGAN_INCEPTION); a score of the data's own classes is another "
        "number."
    ),
)
