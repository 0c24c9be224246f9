"""What a stranger has to know of an exported generator: how latents are drawn, and what the samples are."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from steadygan.errors import UsageError
from steadygan.priors import Normal, TruncatedNormal, Uniform
from steadygan.version import __version__

if TYPE_CHECKING:
    from steadygan.priors import PriorLike
    from steadygan.run import Run, Weights

FORMAT = 1
KEY = "steadygan"
"""the name under which formats with metadata hold the facts, as JSON"""


@dataclass(frozen=True)
class ExportFacts:
    """The facts of an exported generator, plain data."""

    kind: str
    """'picture', 'points', 'text', 'signal', 'volume', or 'image' of more than 4 bands"""
    shape: tuple[int, ...]
    """of one sample: (C, H, W) of pictures; (L,) of text"""
    latent_size: int
    prior: Mapping[str, Any]
    """of a latent's numbers: 'name' (Normal: N(0, 1); Uniform: U[-1, 1); TruncatedNormal: N(0, 1) within 'threshold')
    and its parameters"""
    conditional: bool
    """True: ``labels`` are an input"""
    truncation: bool
    """True: ``truncation`` is an input, 1 for none"""
    recipe: str
    run: str
    """name of the run's folder"""
    round: int
    """of the checkpoint"""
    weights: str
    """'average' (with batch-norm statistics of its own), 'average-plain' or 'raw'"""
    data: str
    """fingerprint of the data"""
    classes: int = 0
    class_names: tuple[str, ...] = ()
    alphabet: Mapping[str, Any] | None = None
    """of text: 'characters', in which an id is an index, and the ids 'padding' and 'unknown'"""
    units: Mapping[str, Any] | None = None
    """of numbers that were scaled for training: names of columns, the number type, and which are whole; samples are
    in these units already"""
    fixed_noise: bool = False
    """True: noise that the network drew in training is constant"""
    opset: int | None = None
    """of ONNX"""
    versions: Mapping[str, str] = field(default_factory=dict)
    """of the packages that wrote it"""
    parity: float | None = None
    """largest difference from PyTorch on fixed latents, as a share of the samples' range"""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs, in order."""
        return ("latents", *(("labels",) if self.conditional else ()), *(("truncation",) if self.truncation else ()))

    def to_json(self) -> dict[str, Any]:
        """Plain data; what is not known, or does not apply, is null."""
        return {"format": FORMAT, "inputs": list(self.inputs), **_plain(dataclasses.asdict(self))}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> ExportFacts:
        """The facts that ``to_json`` gave.

        Raises:
            UsageError: for other content.
        """
        if not isinstance(content, Mapping):
            raise UsageError("no facts of an exported generator: no JSON object")
        names = {known.name for known in dataclasses.fields(cls)}
        values = {name: value for name, value in content.items() if name in names}
        for name in ("shape", "class_names"):
            values[name] = tuple(values.get(name, ()))
        try:
            return cls(**values)
        except TypeError as error:
            raise UsageError(f"no facts of an exported generator: {error}") from None

    def metadata(self) -> dict[str, str]:
        """For formats whose metadata are texts: all facts as one JSON text."""
        return {KEY: json.dumps(self.to_json())}

    @classmethod
    def of_metadata(cls, metadata: Mapping[str, str]) -> ExportFacts:
        """The facts that ``metadata`` gave.

        Raises:
            UsageError: for a file that holds none.
        """
        try:
            content = json.loads(metadata[KEY])
        except (KeyError, ValueError):
            raise UsageError(f"no file of an exported generator: its metadata have no '{KEY}'") from None
        return cls.from_json(content)


def facts_of(run: Run, *, truncates: bool, weights: Weights = "average", round_: int | None = None) -> ExportFacts:
    """The facts of a run's generator, without parity.

    Args:
        run: which run
        truncates: the exported generator takes ``truncation``
        weights: that are exported
        round_: of the checkpoint; None: the last
    """
    import torch

    from steadygan.networks.drawing import numbers_of

    spec, prior, alphabet, units = run.sample_spec, run.recipe.prior, run.alphabet, run.data.units
    draws = numbers_of(run.recipe.generator, spec)
    return ExportFacts(
        kind="picture" if spec.is_picture else spec.kind,
        shape=spec.shape[1:] if spec.is_text else spec.shape,
        latent_size=prior.size,
        prior=_prior(prior),
        conditional=run.conditional,
        truncation=truncates,
        recipe=run.recipe.name,
        run=run.folder.resolve().name,
        round=run.rounds_done if round_ is None else round_,
        weights=weights,
        data=run.data.fingerprint,
        classes=spec.classes if run.conditional else 0,
        class_names=run.class_names if run.conditional else (),
        alphabet=None if alphabet is None else dataclasses.asdict(alphabet),
        units=None if units is None else units.to_json(),
        fixed_noise=draws is not None and bool(draws.noise),
        versions={"steadygan": __version__, "torch": torch.__version__},
    )


def _prior(prior: PriorLike) -> dict[str, Any]:
    """The name and the parameters of a prior; of a user's own the name with its module, and the size."""
    kind = type(prior)
    if kind in (Normal, TruncatedNormal, Uniform):
        return {"name": kind.__name__, **vars(prior)}
    return {"name": f"{kind.__module__}.{kind.__qualname__}", "size": prior.size}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


__all__ = ["ExportFacts", "facts_of"]
