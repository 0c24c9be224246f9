"""began-vs-ebgan: samples and interpolations of BEGAN and EBGAN (Berthelot et al. 2017, BEGAN, sections 4.2 and 4.3).

Held-out pictures are inverted, pairs of their latents mixed, and each path of frames compared with a cross-fade of the
two pictures: a generator that knows what lies between them stays near real pictures, a cross-fade does not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from steadygan.recipe import Recipe
from steadygan.recipes import ebgan, ebgan_pt
from steadygan.studies import intervals
from steadygan.studies.claims import Claim, Decision, by_sign
from steadygan.studies.experiments import _paths
from steadygan.studies.experiments._began import recipe_of as began_of
from steadygan.studies.experiments._data import named, pictures
from steadygan.studies.experiments._decided import below
from steadygan.studies.experiments._drawn import tiles
from steadygan.studies.experiments._judged import COUNT, Judge, one_thread, pictures_of
from steadygan.studies.experiments._trained import Attempt, unaveraged
from steadygan.studies.results import Results
from steadygan.studies.study import Plot, Scale, Study, Table
from steadygan.studies.trial import Outcome, Trial
from steadygan.studies.words import estimate
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from steadygan.preparation import Prepared
    from steadygan.run import Run

METHODS = {"began": "BEGAN", "ebgan": "EBGAN", "ebgan-pt": "EBGAN-PT"}
FRAMES = 9
SMOOTH = 2.0
"""largest step of a path over its mean step, below which it is smooth: 1 is a steady change, 8 a single jump"""
TRAVEL = 0.5
"""of the difference of two pictures, that their reconstructions have to keep for what lies between to mean something"""
LOST = 2.0
"""distance of a training that diverged"""


@dataclass(frozen=True)
class Size:
    """A scale."""

    size: int
    stand_in: int
    rounds: int
    batch: int
    width: int | None
    """of EBGAN's networks; None: the recipe's"""
    rate: float
    """factor of EBGAN's rates"""
    samples: int
    pairs: int
    steps: int
    published: bool = False


SIZES: dict[Scale, Size] = {
    "smoke": Size(8, 8, 2, 8, 2, 1.0, 100, 2, 2),
    "laptop": Size(32, 8, 2_000, 16, 16, 2.5, COUNT, 24, 150),
    "paper": Size(64, 64, 100_000, 16, None, 1.0, 10_000, 100, 1_000, published=True),
}


def trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    """Every method with every seed."""
    size, made = SIZES[scale], []
    for method in METHODS:
        work = Attempt(
            partial(recipe_of, method, size=size),
            pictures("pictures", size.size, size.stand_in),
            size.rounds,
            partial(_measure, size=size),
            lost={"distance": LOST},
        )
        made += [Trial({"method": method, **named("pictures")}, seed, work) for seed in seeds]
    return made


def recipe_of(method: str, sample: SampleSpec, *, size: Size) -> Recipe:
    """The training of a method at a scale, all of as many samples a round."""
    if method == "began":
        return dataclasses.replace(began_of(sample, gamma=None, published=size.published), batch=size.batch)
    recipe = unaveraged((ebgan if method == "ebgan" else ebgan_pt)(sample))
    changes: dict[str, Any] = {"batch": size.batch}
    for name in ("generator", "critic"):
        spec: Any = getattr(recipe, name)
        changes[name] = spec if size.width is None else dataclasses.replace(spec, width=size.width)
        optimizer: Any = getattr(recipe, f"{name}_optimizer")
        changes[f"{name}_optimizer"] = dataclasses.replace(optimizer, lr=size.rate * optimizer.lr)
    return dataclasses.replace(recipe, **changes)


def _measure(run: Run, ready: Prepared, *, size: Size) -> Outcome:
    from steadygan.evaluation.extracting import real_samples

    made = pictures_of(run.sample(size.samples, seed=1))
    numbers = Judge(ready.dataset)(made)
    train = pictures_of(real_samples(ready.dataset, "train", 10_000)[0])
    ends = pictures_of(ready.dataset.held_out.some()[0][: 2 * size.pairs])
    with one_thread():
        latents = run.find_latents(ends, steps=size.steps, seed=2, starts=2)
        path = pictures_of(run.mix(latents[0::2], latents[1::2], FRAMES))
    fade = _paths.cross_fade(ends[0::2], ends[1::2], FRAMES)
    return {
        **numbers,
        "unevenness": float(_paths.unevenness(path).mean()),
        "between": float(_paths.between(path, train).mean()),
        "faded": float(_paths.between(fade, train).mean()),
        "travel": _paths.travel(path, ends[0::2], ends[1::2]),
        "error": float(np.abs(path[[0, -1]].astype(float) - np.stack([ends[0::2], ends[1::2]])).mean()),
        "path": path[:, :4],
        "fade": fade[:, :4],
        "samples": made[:FRAMES],
    }


def _nearer(results: Results) -> Decision:
    distances = {
        method: {seed: min(LOST, float(v)) for seed, v in results.by_seed("distance", method=method).items()}
        for method in METHODS
    }
    found = intervals.difference(distances["ebgan"], distances["began"])
    return by_sign(found, f"distance of EBGAN's samples less that of BEGAN's: {estimate(found)}")


def _smooth(results: Results) -> Decision:
    found = intervals.mean([float(value) for value in results.values("unevenness", method="began")])
    return below(found, f"largest step of a path over its mean step: {estimate(found)}", bound=SMOOTH)


def _real(results: Results) -> Decision:
    found = intervals.difference(results.by_seed("faded", method="began"), results.by_seed("between", method="began"))
    travel = intervals.mean([float(value) for value in results.values("travel", method="began")])
    evidence = (
        f"distance of a cross-fade's middle from real pictures less that of BEGAN's: {estimate(found)}; its "
        f"reconstructions differ by {travel.mean:.2f} of what the pictures do"
    )
    decided = by_sign(found, evidence)
    return decided if travel.low > TRAVEL else Decision("not decided here", evidence, found)


def table(results: Results) -> Table:
    """Samples and paths by method, means over seeds."""
    names = ["distance", "score", "recall", "error", "travel", "unevenness", "between", "faded"]
    names = [name for name in names if results.values(name)]
    rows: list[list[str | float | int]] = []
    for method, title in METHODS.items():
        found = [results.values(name, method=method) for name in names]
        if any(found):
            rows.append([title, *(float(np.mean(values)) if values else "–" for values in found)])
    titles = {
        "error": "error at the ends",
        "travel": "difference kept",
        "unevenness": "largest step / mean",
        "between": "middle to nearest real",
        "faded": "the same of cross-fades",
    }
    note = (
        "Distance: Fréchet, of patches; score and recall by a classifier of the data's classes where it has some. "
        "Error of the inverted held-out pictures, the share of their pairs' difference that is kept, and the root mean "
        "squared distance of the middle frames from the nearest training picture, in grey levels of 255."
    )
    return Table(["method", *(titles.get(name, name) for name in names)], rows, note)


def plots(results: Results) -> list[Plot]:
    """Paths of each method between the same pairs of held-out pictures, and cross-fades of these."""
    from matplotlib.figure import Figure

    strips: dict[str, Any] = {}
    for method, title in METHODS.items():
        found = results.by_seed("path", method=method)
        strips |= {title: next(iter(found.values()))} if found else {}
    fades = results.values("fade")
    if not strips:
        return []
    strips |= {"cross-fade": fades[0]} if fades else {}
    figure = Figure(figsize=(9, 4.6), layout="constrained")
    for axes, (title, path) in zip(figure.subplots(2, 2).ravel(), strips.items(), strict=False):
        tiles(axes, np.concatenate(list(np.swapaxes(path, 0, 1))), columns=len(path))
        axes.set_title(title, fontsize=9)
    for axes in figure.axes[len(strips) :]:
        axes.axis("off")
    caption = "Paths between the latents of held-out pictures, a row each; last the two pictures cross-faded."
    return [Plot("began-vs-ebgan", caption, figure)]


STUDY = Study(
    name="began-vs-ebgan",
    question="Are BEGAN's samples better than EBGAN's, and its interpolations smooth?",
    source="Berthelot et al. 2017, BEGAN, sections 4.2 and 4.3",
    shows=(
        "Faces by EBGAN and by BEGAN, the latter sharper and without distortions; and rows of faces between two that "
        "were inverted, a face at each step."
    ),
    trials=trials,
    plots=plots,
    table=table,
    claims=(
        Claim(
            "better samples",
            "BEGAN's samples are better than EBGAN's.",
            "BEGAN, section 4.2",
            "The 95% interval (t, paired by seed) of the distance of EBGAN's samples (Fréchet, patches) less that of "
            "BEGAN's lies above 0; refuted below",
            _nearer,
            needs="pictures of one kind, such as faces, on which BEGAN's balance does not prefer a class",
        ),
        Claim(
            "smooth interpolations",
            "Interpolations between real pictures' latents change smoothly.",
            "BEGAN, section 4.3",
            f"The 95% interval (t, over seeds) of a path's largest step over its mean step lies below {SMOOTH:g}; "
            "refuted above",
            _smooth,
        ),
        Claim(
            "real between",
            "What lies between two pictures is a picture of the kind, no cross-fade.",
            "BEGAN, section 4.3",
            "The 95% interval (t, over seeds) of the distance of cross-fades' middle frames from the nearest real "
            "picture, less that of BEGAN's, lies above 0; refuted below; not decided unless the interval of the "
            f"difference that reconstructions keep lies above {TRAVEL:g}",
            _real,
        ),
    ),
    limits=(
        "Laptop: digits of 8x8 (a folder of your own: 32x32), networks of width 16, BEGAN by this library's settings "
        "for small pictures, EBGAN at 2.5 times its rates, batch 16, 2,000 rounds. The paper shows EBGAN's published "
        "pictures, which it did not train, and inverts faces and their mirror images: mirrored digits are none."
    ),
)
