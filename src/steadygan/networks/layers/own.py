"""Modules of the user's own behind the contract of this library's generators and critics.

A critic of the user's own may return, for N samples:

- scores [N] or [N, 1], or a patch map [N, 1, ...]
- a list of such (scales); of a list of lists the last of each
- (score, features), or a dict or ``CriticOutput`` with ``score``, ``class_logits``, ``features``, ``code``
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from steadygan.errors import UsageError, nearest
from steadygan.types import CriticOutput, Sample, SampleSpec, Scales, at_each_scale, register_scales, sample_count

register_scales()

LABEL_NAMES = ("labels", "label", "y", "classes", "class_labels")
"""names of the parameter of ``forward`` that takes the labels"""
_FIELDS = ("score", "class_logits", "features", "code")


class OwnNetwork(nn.Module):
    """A module of the user's own; ``conditional`` is True if it gets the labels."""

    def __init__(self, network: nn.Module, name: str, label_name: str | None) -> None:
        super().__init__()
        self.network = network
        self.name = name
        self.label_name = label_name
        self.needs_labels = label_name is not None and label_name in _required(network)
        """True if its forward cannot do without labels"""
        self.conditional = label_name is not None
        self.couples_batch = False
        """True if a sample's output depends on others, as was found by trying"""

    def called(self, inputs: Any, labels: Tensor | None) -> Any:
        """The module's own answer, to inputs in the usual layout, whatever it does with ``view``."""
        inputs = at_each_scale(_usual_layout, inputs)
        return self.network(inputs) if self.label_name is None else self.network(inputs, **{self.label_name: labels})


class OwnCritic(OwnNetwork):
    """Samples [N, ...] and labels [N] or None to a CriticOutput, whatever form the module's answer has."""

    def __init__(
        self, network: nn.Module, name: str, label_name: str | None, *, patches: str = "mean", classes: int = 0
    ) -> None:
        super().__init__(network, name, label_name)
        self.patches = patches
        self.classes = classes

    def forward(self, samples: Sample, labels: Tensor | None = None) -> CriticOutput:
        """Raises UsageError for an answer of another form."""
        answer = self.called(samples, labels)
        try:
            return critic_output(answer, sample_count(samples), each_patch=self.patches == "each", classes=self.classes)
        except UsageError as error:
            raise UsageError(f"the critic {self.name} {error}") from None


class OwnGenerator(OwnNetwork):
    """Latents [N, size] and labels [N] or None to samples [N, *shape] (or ``Scales``), float32 or wider."""

    def __init__(self, network: nn.Module, name: str, label_name: str | None, shape: tuple[int, ...]) -> None:
        super().__init__(network, name, label_name)
        self.shape = shape

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Sample:
        """Raises UsageError for samples of another shape."""
        samples = self.called(latents, labels)
        if isinstance(samples, list | tuple):
            samples = self._scales(samples)
        finest = samples.finest if isinstance(samples, Scales) else samples
        if not isinstance(finest, Tensor):
            raise UsageError(
                f"the generator {self.name} returned {_form(samples)}; needed: samples [N, {_sizes(self.shape)}]"
            )
        if tuple(finest.shape) != (len(latents), *self.shape):
            raise UsageError(
                f"the generator {self.name} returned {list(finest.shape)} for {len(latents)} latents; "
                f"needed: [N, {_sizes(self.shape)}]"
            )
        if isinstance(samples, Scales):
            return Scales(tuple(_wide(image) for image in samples.images))
        return _wide(samples)

    def _scales(self, images: Sequence[Any]) -> Scales:
        sides = [image.shape[-1] if isinstance(image, Tensor) and image.dim() == 4 else 0 for image in images]
        if not sides or any(2 * side != following for side, following in pairwise([*sides, 2 * sides[-1]])):
            raise UsageError(
                f"the generator {self.name} returned {_form(images)}; needed: samples alone, "
                "or images of several sizes, each twice the one before"
            )
        return Scales(tuple(images))


def is_own(network: nn.Module) -> bool:
    """True if there is a module of the user's own in a network."""
    return any(isinstance(module, OwnNetwork) for module in network.modules())


def critic_of(
    module: Any, sample: SampleSpec, name: str, *, conditional: bool | None = None, patches: str = "mean"
) -> OwnCritic:
    """A critic of samples around a module of the user's own.

    Args:
        module: that a factory made
        sample: what it is for
        name: of the factory, for messages
        conditional: hand on the labels; None: if its forward has a parameter for them, and the data has classes
        patches: 'mean' or 'each'

    Raises:
        UsageError: for something else than a module, and for a forward of other parameters.
    """
    network = _checked(module, name)
    if isinstance(network, OwnCritic):
        return network
    label = _label_name(network, name, sample, conditional)
    critic = OwnCritic(network, name, label, patches=patches, classes=sample.classes)
    _materialise(critic, torch.zeros(2, *sample.shape), sample)
    return critic


def generator_of(
    module: Any, sample: SampleSpec, latent: int, name: str, *, conditional: bool | None = None
) -> OwnGenerator:
    """A generator of samples around a module of the user's own; see ``critic_of``."""
    network = _checked(module, name)
    if isinstance(network, OwnGenerator):
        return network
    generator = OwnGenerator(network, name, _label_name(network, name, sample, conditional), sample.shape)
    _materialise(generator, torch.zeros(2, latent), sample)
    return generator


def critic_output(answer: Any, count: int, *, each_patch: bool = False, classes: int = 0) -> CriticOutput:
    """The output of a critic from an answer of any of the forms above.

    Args:
        answer: of a module, for ``count`` samples
        count: N
        each_patch: keep the scores of patches beside their mean, for the loss
        classes: of the data, to check class logits

    Raises:
        UsageError: for another form.
    """
    fields = _fields(answer)
    maps = [_map(value, count) for value in _scales(fields.pop("score"))]
    if not maps:
        raise UsageError("returned an empty list; needed: one score a sample, [N]")
    means = [scores.mean(1) if scores.shape[1] > 1 else scores.squeeze(1) for scores in maps]
    score = means[0] if len(means) == 1 else torch.stack(means).mean(0)
    several = each_patch and (len(maps) > 1 or maps[0].shape[1] > 1)
    further: dict[str, Any] = {name: _field(name, value, count, classes) for name, value in fields.items()}
    return CriticOutput(score, patches=tuple(maps) if several else None)._replace(**further)


def _fields(answer: Any) -> dict[str, Any]:
    """The answer's fields by name; ``score`` is a tensor, or a list of them."""
    if isinstance(answer, CriticOutput):
        return {name: value for name in _FIELDS if (value := getattr(answer, name)) is not None}
    if isinstance(answer, Mapping):
        unknown = [str(name) for name in answer if name not in _FIELDS]
        if unknown or "score" not in answer:
            got = f"'{unknown[0]}'{nearest(unknown[0], _FIELDS)}" if unknown else "no 'score'"
            raise UsageError(f"returned a dict with {got} (known: {', '.join(_FIELDS)})")
        return {str(name): value for name, value in answer.items() if value is not None}
    if isinstance(answer, tuple) and len(answer) == 2 and not _is_score(answer[1]):
        return {"score": answer[0], "features": answer[1]}
    return {"score": answer}


def _scales(score: Any) -> list[Any]:
    if not isinstance(score, list | tuple):
        return [score]
    return [each[-1] if isinstance(each, list | tuple) and each else each for each in score]


def _is_score(value: Any) -> bool:
    """True for [N], [N, 1] and [N, 1, ...]."""
    return not isinstance(value, Tensor) or value.dim() == 1 or (value.dim() > 1 and value.shape[1] == 1)


def _map(value: Any, count: int) -> Tensor:
    """Scores [N, P] of P patches, float32 or wider."""
    if not isinstance(value, Tensor):
        raise UsageError(f"returned {_form(value)}; needed: scores [N], [N, 1] or [N, 1, height, width]")
    fits = value.dim() >= 1 and value.shape[0] == count and _is_score(value) and value.numel() > 0
    if not fits:
        why = " (one number for the whole batch)" if value.dim() == 0 else ""
        raise UsageError(
            f"returned {list(value.shape)}{why} for {count} samples; "
            "needed: scores [N], [N, 1], a patch map [N, 1, height, width], or a list of them"
        )
    if not value.is_floating_point():
        raise UsageError(f"returned scores of {_dtype(value)}; needed: floating-point numbers")
    return _wide(value.reshape(count, -1))


def _field(name: str, value: Any, count: int, classes: int) -> Tensor:
    if not isinstance(value, Tensor) or value.dim() < 2 or value.shape[0] != count:
        raise UsageError(f"returned {name} of {_form(value)} for {count} samples; needed: [N, width]")
    if name == "class_logits" and classes and value.shape[1:] != (classes,):
        raise UsageError(f"returned class_logits {list(value.shape)}, but the data has {classes} classes")
    return _wide(value.flatten(1))


def _parameters(network: nn.Module) -> list[inspect.Parameter]:
    """The parameters of a module's forward beside its first one and variable ones."""
    forward = getattr(network, "_orig_mod", network).forward  # of a compiled module, its own
    try:
        parameters = list(inspect.signature(forward).parameters.values())
    except (TypeError, ValueError):
        return []
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p for p in parameters[1:] if p.kind not in variable]


def _required(network: nn.Module) -> list[str]:
    return [p.name for p in _parameters(network) if p.default is p.empty]


def _label_name(network: nn.Module, name: str, sample: SampleSpec, conditional: bool | None) -> str | None:
    """The parameter of forward that gets the labels; None: it gets none.

    Raises:
        UsageError: for a forward that needs something else, or labels that the data does not have.
    """
    further, required = _parameters(network), _required(network)
    found = next((p.name for p in further if p.name in LABEL_NAMES), None)
    if found is None and conditional and further:
        found = further[0].name
    if conditional and found is None:
        raise UsageError(f"{name} is to be conditional, but its forward has no parameter for labels")
    unknown = [each for each in required if each != found]
    if unknown:
        raise UsageError(
            f"the forward of {name} needs '{unknown[0]}' beside its first argument; "
            "it gets labels as 'labels' or 'y', and nothing else"
        )
    if sample.classes and conditional is not False:
        return found
    if found is not None and (found in required or conditional):
        because = "conditional is false" if sample.classes else "the data has none"
        raise UsageError(f"the forward of {name} needs labels, but {because}")
    return None


def _checked(module: Any, name: str) -> nn.Module:
    if not isinstance(module, nn.Module):
        raise UsageError(f"{name} made a {type(module).__name__}; a torch.nn.Module is needed")
    return module


def _materialise(network: OwnNetwork, inputs: Tensor, sample: SampleSpec) -> None:
    """Gives lazy layers their shapes, by a pass of zeros."""
    if any(is_lazy(tensor) for tensor in [*network.parameters(), *network.buffers()]):
        with torch.no_grad():
            network(inputs, torch.zeros(len(inputs), dtype=torch.int64) if sample.classes else None)


def _wide(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor


def _usual_layout(tensor: Tensor) -> Tensor:
    """Contiguous, with the usual strides also for a single channel, whose layout is ambiguous."""
    return tensor.contiguous().view(-1).view(tensor.shape)


def _form(value: Any) -> str:
    """What a value is, in few words."""
    if isinstance(value, Tensor):
        return str(list(value.shape))
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        return f"a {type(value).__name__} of {_form(value[0])}"
    return f"a {type(value).__name__}"


def _sizes(shape: Sequence[int]) -> str:
    return ", ".join(map(str, shape))


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
