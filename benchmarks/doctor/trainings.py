"""A training of the suite, and the recipes at the sizes that the suite trains them at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.doctor.materials import Source

Fields = Mapping[str, str]
"""fields of a recipe by option, without dashes: 'critic.width' to '64'; a name that ends in ':' chooses a kind"""


@dataclass(frozen=True)
class Training:
    """One training: a recipe with fields as on the command line, data, length and seed."""

    recipe: str
    source: Source
    rounds: int
    fields: Fields = field(default_factory=dict)
    seed: int = 0
    mechanism: str = "none"
    """what was changed; it decides the split and the name, never the label"""

    @property
    def name(self) -> str:
        """Of its files: 'wgan-gp-digits-none-0'."""
        data = "-".join(str(self.source).replace(",", "").split()).replace("-samples", "")
        return f"{self.recipe}-{data}-{self.mechanism}-{self.seed}"

    @property
    def words(self) -> list[str]:
        """The fields as on the command line."""
        words: list[str] = []
        for name, value in self.fields.items():
            words += [f"{name}{value}"] if name.endswith(":") else [f"--{name}", *value.split()]
        return words

    @property
    def command(self) -> str:
        """The training as a command, but for its data; an outcome that is kept is one of this command."""
        return " ".join(["steadygan train", self.recipe, *self.words, f"--rounds {self.rounds} --seed {self.seed}"])


@dataclass(frozen=True)
class Size:
    """Rounds and fields at which a recipe is small."""

    rounds: int
    fields: Fields


def rates(generator: float, critic: float | None = None) -> dict[str, str]:
    """Fields of both learning rates; one number for both."""
    critic = generator if critic is None else critic
    return {"generator-optimizer.lr": f"{generator:g}", "critic-optimizer.lr": f"{critic:g}"}


_POINTS = {"generator.width": "64", "critic.width": "64", "batch": "128"}
_CONV = {"generator.width": "12", "critic.width": "12", "batch": "32"}
_MLP = {"generator:": "mlp-generator", "critic:": "mlp-critic", "generator.width": "128", "critic.width": "128"}
_NEW_MLP = {**_MLP, "batch": "64"}
_TEXT = {
    "generator.width": "24",
    "critic.width": "24",
    "generator.blocks": "1",
    "critic.blocks": "1",
    "critic-steps": "2",
    "batch": "32",
    **rates(2e-3),
}
_CLIP = {"critic-steps:": "constant", "critic-steps.value": "5", "constraint.limit": "0.1"}

ON_POINTS: dict[str, Size] = {
    "gan": Size(2_000, {**_POINTS, **rates(5e-4)}),
    "lsgan": Size(2_000, {**_POINTS, **rates(5e-4)}),
    "dragan": Size(1_500, {**_POINTS, **rates(5e-4)}),
    "wgan": Size(700, {**_POINTS, **_CLIP, **rates(5e-4)}),
    "wgan-gp": Size(600, {**_POINTS, **rates(1e-3)}),
    "wgan-gp-one-sided": Size(600, {**_POINTS, **rates(1e-3)}),
    "r3gan": Size(1_200, _POINTS),
    "sngan": Size(2_000, {**_POINTS, **rates(3e-4)}),
    "lecam": Size(2_000, {**_POINTS, **rates(5e-4)}),
    "began": Size(2_000, {"generator.width": "64", "critic.width": "64", "batch": "64", **rates(5e-4)}),
    "ebgan": Size(2_000, {**_POINTS, **rates(5e-4)}),
    "ebgan-pt": Size(2_000, {**_POINTS, **rates(5e-4)}),
    "instance-noise": Size(2_000, {**_POINTS, **rates(5e-4)}),
    "minibatch-discrimination": Size(1_200, {**_POINTS, **rates(5e-4)}),
    "feature-matching": Size(1_500, {**_POINTS, **rates(5e-4)}),
}
ON_IMAGES: dict[str, Size] = {
    "gan": Size(1_500, {"generator.width": "128", "critic.width": "128", "batch": "64", **rates(5e-4)}),
    "dcgan": Size(900, {**_CONV, **rates(5e-4)}),
    "lsgan": Size(900, {**_CONV, **rates(3e-4)}),
    "dragan": Size(700, {**_CONV, **rates(5e-4)}),
    "wgan": Size(300, {**_CONV, **_CLIP, **rates(5e-4)}),
    "wgan-gp": Size(400, {**_NEW_MLP, **rates(5e-4)}),
    "wgan-gp-one-sided": Size(250, {**_CONV, **rates(5e-4)}),
    "r3gan": Size(1_200, {**_NEW_MLP, "critic.activation": "leaky_relu", **rates(5e-4)}),
    "sngan": Size(800, {**_CONV, **rates(4e-4)}),
    "lecam": Size(900, {**_CONV, **rates(3e-4)}),
    "began": Size(700, {"generator.width": "8", "critic.width": "8"}),
    "ebgan": Size(700, {"generator.width": "12", "critic.width": "12", "batch": "32", **rates(5e-4)}),
    "ebgan-pt": Size(700, {"generator.width": "12", "critic.width": "12", "batch": "32", **rates(5e-4)}),
    "instance-noise": Size(900, {**_CONV, **rates(5e-4)}),
    "minibatch-discrimination": Size(700, {**_CONV, **rates(5e-4)}),
    "feature-matching": Size(700, {**_CONV, **rates(5e-4)}),
    "msg-gan": Size(300, {"generator.width": "16", "critic.width": "16", "batch": "16"}),
    "pictures": Size(500, {"generator.width": "12", "critic.width": "12"}),
    "photos": Size(400, {"generator.width": "16", "critic.width": "16"}),
}
ON_TEXT: dict[str, Size] = {
    "text": Size(900, _TEXT),
    "text-gan": Size(1_200, {**_TEXT, "critic-steps": "1", "batch": "32"}),
}

SIZES = {"points": ON_POINTS, "images": ON_IMAGES, "text": ON_TEXT}


def training(
    recipe: str,
    source: Source,
    fields: Fields | None = None,
    *,
    mechanism: str = "none",
    seed: int = 0,
    more: float = 1.0,
) -> Training:
    """A recipe at the suite's size for the data, with fields in place of its own; ``more`` times its rounds."""
    size = SIZES[source.kind][recipe]
    changed = {**size.fields, **(fields or {})}
    if source.base == "glyphs16":
        more *= 0.7
    return Training(recipe, source, max(40, round(more * size.rounds)), changed, seed, mechanism)
