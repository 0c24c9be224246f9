"""Trainings with a cause that often makes them fail; whether and how they did, only their outcome says."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from benchmarks.doctor.materials import Source
from benchmarks.doctor.trainings import Fields, Training, rates, training

NO_PENALTY = {"penalties": "none"}
_SGD = {
    "generator-optimizer:": "sgd",
    "critic-optimizer:": "sgd",
    "generator-optimizer.momentum": "0.9",
    "critic-optimizer.momentum": "0.9",
}
_DECAY = {"critic-optimizer:": "adamw"}
ADAM = {"generator-optimizer:": "adam", "critic-optimizer:": "adam"}
_MOMENTUM = {**ADAM, "generator-optimizer.betas": "0.95 0.999", "critic-optimizer.betas": "0.95 0.999"}
_FORGETFUL = {"generator-optimizer.betas": "0.0 0.1", "critic-optimizer.betas": "0.0 0.1"}
_DULL = {"generator-optimizer.eps": "10", "critic-optimizer.eps": "1e-8"}
SATURATING = {"objective.loss:": "saturating"}


@dataclasses.dataclass(frozen=True)
class Cause:
    """A mechanism: fields, and the recipes and data that it is tried on."""

    mechanism: str
    fields: Fields
    on: str
    """'recipe/data' words; data may be 'digits:20' (samples) or 'digits:blank' (a fault)"""
    more: float = 1.0
    """times the usual rounds"""


CAUSES: tuple[Cause, ...] = (
    Cause(
        "critic-slow", rates(1e-3, 1e-6),
        "gan/8gaussians gan/circle lsgan/moons dragan/spiral gan/digits dcgan/glyphs8",
    ),
    Cause(
        "critic-slow-many", {**rates(1e-3, 1e-5), "generator-steps": "5"},
        "wgan-gp/digits wgan-gp/8gaussians sngan/cross wgan-gp/glyphs8",
    ),
    Cause(
        "critic-fast", rates(1e-5, 1e-2),
        "gan/8gaussians gan/digits lsgan/hexagon lsgan/digits dcgan/digits lecam/glyphs8",
    ),
    Cause(
        "generator-dead-slow", rates(1e-8, 1e-3),
        "gan/8gaussians wgan-gp/moons wgan-gp/digits r3gan/circle dcgan/digits text/text dragan/glyphs8 "
        "sngan/line",
    ),
    Cause(
        "generator-fast", rates(3e-2, 5e-4),
        "gan/8gaussians gan/moons wgan-gp/digits lsgan/cross dcgan/glyphs8 gan/digits sngan/hexagon",
    ),
    Cause(
        "both-fast", rates(3e-2),
        "gan/digits gan/swissroll wgan-gp/8gaussians wgan-gp/digits dragan/two-circles r3gan/line "
        "lsgan/digits sngan/digits",
    ),
    Cause("both-very-fast", rates(1.0), "gan/8gaussians wgan-gp/digits lsgan/moons text/text dcgan/digits"),
    Cause(
        "momentum", {**_MOMENTUM, **rates(1e-3)},
        "gan/8gaussians gan/digits lsgan/digits gan/spiral lsgan/hexagon dcgan/glyphs8",
    ),
    Cause("momentum-sgd", {**_SGD, **rates(0.3)}, "gan/8gaussians gan/digits lsgan/moons wgan-gp/line wgan-gp/glyphs8"),
    Cause(
        "no-penalty", {**NO_PENALTY, **rates(1e-4, 1e-3)},
        "wgan-gp/8gaussians wgan-gp/digits wgan-gp-one-sided/moons wgan-gp/glyphs8 text/text wgan-gp/checkerboard",
    ),
    Cause(
        "no-penalty-fast", {**NO_PENALTY, **rates(3e-3)},
        "wgan-gp/swissroll wgan-gp/digits r3gan/8gaussians dragan/digits",
    ),
    Cause(
        "penalty-huge", {"penalties.0.weight": "1e6"},
        "wgan-gp/8gaussians wgan-gp/digits dragan/moons dragan/digits wgan-gp-one-sided/line",
    ),
    Cause(
        "penalty-r1-huge", {"penalties.0:": "r1", "penalties.0.gamma": "1e4"},
        "gan/8gaussians gan/digits lsgan/spiral gan/hexagon",
    ),
    Cause(
        "penalty-tiny", {"penalties.0.weight": "1e-6", **rates(1e-3)},
        "wgan-gp/8gaussians wgan-gp/digits dragan/digits wgan-gp-one-sided/cross wgan-gp/glyphs8",
    ),
    Cause("clip-tight", {"constraint.limit": "0.001"}, "wgan/8gaussians wgan/moons wgan/digits wgan/glyphs8"),
    Cause(
        "clip-tight-deep", {"constraint.limit": "0.01", "critic.depth": "8"},
        "wgan/8gaussians wgan/spiral wgan/line wgan/cross",
    ),
    Cause(
        "clip-wide", {"constraint.limit": "2", **rates(1e-4, 1e-3)},
        "wgan/8gaussians wgan/digits wgan/two-circles wgan/glyphs8",
    ),
    Cause("clip-wide-deep", {"constraint.limit": "1", "critic.depth": "8"}, "wgan/moons wgan/hexagon wgan/unequal"),
    Cause(
        "saturating-strong", {**SATURATING, **rates(1e-4, 3e-3), "critic-steps": "10"},
        "gan/8gaussians gan/digits dcgan/digits gan/cross dcgan/glyphs8",
        0.4,
    ),
    Cause(
        "least-squares-strong", {**rates(1e-4, 3e-3), "critic-steps": "8"},
        "lsgan/digits lsgan/8gaussians lsgan/glyphs8 lsgan/checkerboard",
        0.4,
    ),
    Cause(
        "hinge-strong", {"objective.loss:": "hinge", **rates(1e-5, 5e-3), "critic-steps": "5"},
        "gan/8gaussians gan/digits gan/glyphs8 gan/two-circles",
        0.6,
    ),
    Cause(
        "generator-many", {"generator-steps": "10"},
        "gan/8gaussians gan/digits lsgan/digits dcgan/glyphs8 sngan/moons wgan-gp/circle",
        0.5,
    ),
    Cause(
        "critic-narrow", {"critic.width": "2", "critic.depth": "1"},
        "gan/8gaussians gan/spiral wgan-gp/moons gan/digits lsgan/checkerboard dragan/two-circles",
    ),
    Cause("critic-narrow-conv", {"critic.width": "1"}, "dcgan/digits lsgan/glyphs8 dragan/digits lecam/glyphs8"),
    Cause(
        "generator-narrow", {"generator.width": "2", "generator.depth": "1"},
        "gan/8gaussians gan/digits wgan-gp/swissroll wgan-gp/digits dragan/checkerboard",
    ),
    Cause(
        "few-samples", {"critic.width": "256", **rates(1e-3)},
        "gan/digits:20 gan/digits:50 wgan-gp/digits:20 wgan-gp/glyphs8:30 gan/glyphs8:15 gan/8gaussians:20 "
        "gan/spiral:15 lsgan/moons:20",
    ),
    Cause(
        "few-samples-conv", rates(1e-3),
        "dcgan/digits:20 dcgan/glyphs8:40 dragan/digits:50 lecam/glyphs8:20 lsgan/digits:15 r3gan/digits:20",
        1.5,
    ),
    Cause(
        "few-samples-longer", rates(1e-3),
        "gan/digits:40 wgan-gp/digits:60 sngan/glyphs8:60 r3gan/hexagon:25 wgan-gp/cross:20 "
        "dragan/8gaussians:16",
        2.0,
    ),
    Cause(
        "one-class", {},
        "gan/digits:one-class wgan-gp/glyphs8:one-class dcgan/digits:two-classes gan/8gaussians:one-class "
        "r3gan/moons:two-classes wgan-gp/hexagon:one-class",
    ),
    Cause(
        "duplicates", {},
        "gan/digits:duplicates wgan-gp/digits:duplicates dcgan/glyphs8:duplicates gan/8gaussians:duplicates "
        "dragan/spiral:duplicates r3gan/cross:duplicates sngan/glyphs8:duplicates",
    ),
    Cause(
        "blank", {},
        "gan/digits:blank wgan-gp/digits:half-blank dcgan/glyphs8:blank lsgan/digits:blank gan/moons:blank "
        "r3gan/8gaussians:blank lecam/glyphs8:half-blank",
    ),
    Cause("dead-half", {}, "gan/digits:dead-half dcgan/glyphs8:dead-half wgan-gp/moons:dead-half gan/spiral:dead-half"),
    Cause(
        "extreme", {},
        "gan/8gaussians:extreme wgan-gp/moons:extreme dragan/line:extreme r3gan/cross:extreme "
        "lsgan/circle:extreme",
    ),
    Cause(
        "noise-data", {},
        "gan/digits:noise wgan-gp/glyphs8:noise gan/8gaussians:noise r3gan/spiral:noise dcgan/digits:noise",
    ),
    Cause(
        "decay-critic", {**_DECAY, "critic-optimizer.weight-decay": "200"},
        "gan/8gaussians gan/digits wgan-gp/moons lsgan/hexagon dcgan/glyphs8",
    ),
    Cause("dull-generator", _DULL, "gan/8gaussians gan/digits wgan-gp/spiral dcgan/digits lsgan/cross"),
    Cause(
        "noise-huge", {"perturbation:": "instance-noise", "perturbation.deviation": "20"},
        "gan/8gaussians gan/digits lsgan/moons dcgan/glyphs8 dragan/hexagon",
    ),
    Cause(
        "batch-two", {"batch": "2", **rates(2e-3)},
        "gan/8gaussians gan/digits wgan-gp/moons lsgan/two-circles r3gan/circle",
    ),
    Cause(
        "latent-one", {"prior.size": "1", **rates(2e-3)},
        "gan/digits wgan-gp/glyphs8 gan/25gaussians lsgan/checkerboard gan/hexagon",
    ),
    Cause("began-gamma", {"objective.gamma": "0.05"}, "began/digits began/glyphs8 began/8gaussians began/moons"),
    Cause("began-fast", rates(1e-2), "began/digits began/spiral began/glyphs8 began/line"),
    Cause("ebgan-margin", {"objective.margin": "1e-4"}, "ebgan/digits ebgan/8gaussians ebgan-pt/glyphs8 ebgan/cross"),
    Cause(
        "tanh-deep", {"critic.activation": "tanh", "critic.depth": "10", **rates(1e-2)},
        "gan/8gaussians gan/digits wgan-gp/line lsgan/spiral",
    ),
    Cause(
        "misfit-output", {"generator.output": "sigmoid"},
        "gan/8gaussians wgan-gp/moons r3gan/cross gan/digits sngan/hexagon",
    ),
    Cause(
        "beta2-low", {**ADAM, **_FORGETFUL, **rates(5e-3)},
        "gan/8gaussians gan/digits dcgan/glyphs8 lsgan/cross wgan-gp/circle",
    ),
    Cause(
        "grid", {},
        "gan/25gaussians lsgan/25gaussians wgan/25gaussians dragan/25gaussians ebgan/25gaussians "
        "feature-matching/25gaussians",
    ),
    Cause("text-fast", rates(2e-2), "text/text text-gan/text"),
    Cause("text-critic-slow", rates(2e-3, 1e-6), "text/text text-gan/text"),
    Cause("text-no-penalty-steps", {**NO_PENALTY, "critic-steps": "8", **rates(1e-4, 2e-3)}, "text/text text-gan/text"),
)  # fmt: skip


def failing() -> Iterator[Training]:
    """The trainings of all causes."""
    return trainings_of(CAUSES)


def trainings_of(causes: Iterable[Cause], first_seed: int = 0) -> Iterator[Training]:
    """The trainings of causes, with seeds from one on."""
    for number, cause in enumerate(causes, start=first_seed):
        for index, word in enumerate(cause.on.split()):
            recipe, _, data = word.partition("/")
            source, fields = _source(data), dict(cause.fields)
            seed = number + 7 * index
            yield training(recipe, source, fields, mechanism=cause.mechanism, seed=seed, more=cause.more)


def _source(text: str) -> Source:
    base, _, rest = text.partition(":")
    return Source(base, int(rest) if rest.isdigit() else None, rest if rest and not rest.isdigit() else None)
