"""Modules of the user's own behind the contract of this library's generators and critics.

A critic may return scores [N] or [N, 1], a patch map [N, 1, ...], a list of such (scales), a tuple of the score and
features, or a dict or ``CriticOutput`` with ``score``, ``class_logits``, ``features``, ``code``.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from steadygan.errors import UsageError
from steadygan.networks.layers.answers import critic_output, form_of
from steadygan.scores import widened
from steadygan.types import CriticOutput, Sample, SampleSpec, Scales, at_each_scale, register_scales, sample_count

register_scales()

LABEL_NAMES = ("labels", "label", "y", "classes", "class_labels")
"""names of the parameter of ``forward`` that takes the labels"""


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
        self.couples_beside_norms = False
        """True if it does by more than batch norms, which are synchronised over processes"""
        self.any_count = True
        """False if it was found to take some numbers of samples alone"""

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
            raise UsageError(f"the critic {self.name}: {error}") from None


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
                f"the generator {self.name} returned {form_of(samples)}; needed: samples [N, {_sizes(self.shape)}]"
            )
        if tuple(finest.shape) != (latents.shape[0], *self.shape):
            raise UsageError(
                f"the generator {self.name} returned {list(finest.shape)} for {len(latents)} latents; "
                f"needed: [N, {_sizes(self.shape)}]"
            )
        if isinstance(samples, Scales):
            return Scales(tuple(widened(image) for image in samples.images))
        return widened(samples)

    def _scales(self, images: Sequence[Any]) -> Scales:
        sides = [image.shape[-1] if isinstance(image, Tensor) and image.dim() == 4 else 0 for image in images]
        if not sides or any(2 * side != following for side, following in pairwise([*sides, 2 * sides[-1]])):
            raise UsageError(
                f"the generator {self.name} returned {form_of(images)}; needed: samples alone, "
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


def _usual_layout(tensor: Tensor) -> Tensor:
    """Contiguous, with the usual strides also for a single channel, whose layout is ambiguous."""
    return tensor.contiguous().view(-1).view(tensor.shape)


def _sizes(shape: Sequence[int]) -> str:
    return ", ".join(map(str, shape))
