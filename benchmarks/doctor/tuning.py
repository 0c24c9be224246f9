"""Further trainings to tune on: seen methods and data, seen causes at other strengths, and harmless settings.

All of them are seen (``split.py``): they give the kinds of outcome that few of the others come to.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.doctor.failing import ADAM, NO_PENALTY, SATURATING, Cause, trainings_of
from benchmarks.doctor.materials import Source
from benchmarks.doctor.trainings import Training, rates, training

_BETAS = ("generator-optimizer.betas", "critic-optimizer.betas")
CAUSES: tuple[Cause, ...] = (
    Cause(
        "critic-slow-mid", rates(1e-3, 1e-5),
        "gan/8gaussians gan/25gaussians gan/digits dragan/moons dragan/25gaussians dcgan/digits",
    ),
    Cause("critic-slow-half", rates(1e-3, 1e-4), "gan/8gaussians gan/line gan/circle gan/digits dragan/digits"),
    Cause(
        "generator-fast-mid", rates(5e-3, 5e-4),
        "gan/8gaussians gan/25gaussians gan/moons gan/digits dcgan/digits wgan-gp/8gaussians wgan-gp/digits "
        "r3gan/digits",
    ),
    Cause(
        "generator-fast-little", rates(2e-3, 2e-4),
        "gan/8gaussians gan/circle gan/line dragan/8gaussians dcgan/digits gan/digits",
    ),
    Cause(
        "both-fast-mid", rates(5e-3),
        "gan/8gaussians gan/25gaussians gan/moons gan/digits dragan/digits wgan-gp/25gaussians r3gan/digits "
        "dcgan/digits",
    ),
    Cause(
        "both-fast-little", rates(2e-3),
        "gan/circle gan/line gan/25gaussians gan/digits dragan/circle r3gan/25gaussians",
    ),
    Cause(
        "momentum-mid", {**ADAM, **dict.fromkeys(_BETAS, "0.9 0.999"), **rates(1e-3)},
        "gan/8gaussians gan/25gaussians gan/circle gan/line gan/digits dcgan/digits",
    ),
    Cause(
        "momentum-more", {**ADAM, **dict.fromkeys(_BETAS, "0.95 0.999"), **rates(2e-3)},
        "dragan/8gaussians gan/25gaussians gan/moons gan/circle dragan/digits",
    ),
    Cause(
        "saturating-mid", {**SATURATING, **rates(1e-4, 1e-3), "critic-steps": "3"},
        "gan/8gaussians gan/25gaussians gan/moons gan/digits dcgan/digits",
        0.6,
    ),
    Cause(
        "no-penalty-mid", {**NO_PENALTY, **rates(1e-4, 3e-4)},
        "wgan-gp/moons wgan-gp/25gaussians wgan-gp/digits r3gan/8gaussians r3gan/digits dragan/8gaussians",
    ),
    Cause(
        "penalty-large", {"penalties.0.weight": "1e3"},
        "wgan-gp/8gaussians wgan-gp/moons wgan-gp/digits dragan/8gaussians dragan/digits",
    ),
    Cause("clip-tight-mid", {"constraint.limit": "0.01"}, "wgan/8gaussians wgan/moons wgan/25gaussians wgan/digits"),
    Cause("clip-wide-mid", {"constraint.limit": "0.5"}, "wgan/8gaussians wgan/circle wgan/digits"),
    Cause(
        "critic-narrow-mid", {"critic.width": "8", "critic.depth": "1"},
        "gan/8gaussians gan/25gaussians gan/moons gan/digits wgan-gp/8gaussians dragan/circle",
    ),
    Cause(
        "few-samples-wide", {"critic.width": "256", **rates(1e-3)},
        "gan/digits:30 wgan-gp/digits:50 r3gan/digits:30 dragan/digits:30 gan/digits:100 gan/moons:30 gan/circle:20 "
        "wgan-gp/line:20",
        1.5,
    ),
    Cause(
        "few-samples-slow", rates(5e-4),
        "dcgan/digits:30 dcgan/digits:60 r3gan/digits:50 wgan-gp/digits:30 dragan/8gaussians:24",
        2.0,
    ),
    Cause("grid-fast", rates(2e-3), "gan/25gaussians wgan-gp/25gaussians dragan/25gaussians r3gan/25gaussians"),
    Cause("began-gamma-low", {"objective.gamma": "0.2"}, "began/digits began/8gaussians began/circle"),
    Cause("text-fast-mid", rates(6e-3), "text/text"),
)  # fmt: skip


def tuning() -> Iterator[Training]:
    """The trainings: causes at other strengths, and two more seeds of harmless settings."""
    yield from trainings_of(CAUSES, first_seed=200)
    for index, recipe in enumerate(("gan", "wgan", "wgan-gp", "dragan", "r3gan", "began")):
        for turn, base in enumerate(("8gaussians", "moons", "circle", "line")):
            fields = ({"generator.width": "48"}, {"batch": "96"}, {"critic.width": "48"}, {})[(index + turn) % 4]
            yield training(recipe, Source(base), fields, mechanism=f"usual-more{turn}", seed=300 + index + turn)
    for index, recipe in enumerate(("gan", "dcgan", "wgan-gp", "dragan", "r3gan", "began")):
        yield training(recipe, Source("digits"), mechanism="usual-more", seed=320 + index, more=1.3)
