"""What networks of the user's own do with their inputs, by gradients: mixing of samples, use of inputs and labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from steadygan.measuring import preserved_buffers
from steadygan.networks.layers.own import OwnNetwork, is_own
from steadygan.rng import torch_seeded
from steadygan.training.out_of_memory import is_out_of_memory
from steadygan.types import CriticOutput, Sample, SampleSpec, at_each_scale, scales_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.recipe import Recipe

_ROWS = 3  # no network is made for this number of samples alone
_NUDGE = 0.1


@contextmanager
def unchanged(network: nn.Module) -> Iterator[None]:
    """Context in which passes change no buffer of the network and no state of torch's generators."""
    with preserved_buffers(network), torch_seeded(0):
        yield


def find_coupling(
    generator: nn.Module, critic: nn.Module, recipe: Recipe, sample: SampleSpec, device: torch.device
) -> None:
    """Sets ``couples_batch`` of the user's own networks: True where a sample's output depends on the others."""
    if not (is_own(generator) or is_own(critic)):
        return
    latents, labels = trial_latents(recipe, sample, device, _ROWS)
    _set(generator, latents, labels)
    if is_own(critic):
        _set(critic, trial_samples(generator, latents, labels, sample), labels)


def trial_latents(recipe: Recipe, sample: SampleSpec, device: torch.device, count: int) -> tuple[Tensor, Tensor | None]:
    """Latents [count, size] of the prior, and labels of all classes in turn."""
    spec = recipe.prior.random_spec()
    drawn = torch.Generator().manual_seed(0)
    draw = torch.randn if spec.distribution == "normal" else torch.rand
    noise = draw(count, *spec.shape, generator=drawn).to(device)
    labels = torch.arange(count, device=device) % sample.classes if sample.classes else None
    return recipe.prior.latents(noise), labels


def trial_samples(generator: nn.Module, latents: Tensor, labels: Tensor | None, sample: SampleSpec) -> Sample:
    """Uniform noise from -1 to 1 in the form of the generator's samples: one size or several."""
    drawn = torch.Generator().manual_seed(1)

    def noise(shape: Sequence[int]) -> Tensor:
        return (2 * torch.rand(*shape, generator=drawn) - 1).to(latents.device)

    try:
        with torch.no_grad(), unchanged(generator):
            like: Sample = generator(latents, labels)
    except Exception:  # what is wrong with it is said by the trial
        return noise((len(latents), *sample.shape))
    return at_each_scale(lambda tensor: noise(tensor.shape), like)


def _set(network: nn.Module, inputs: Sample, labels: Tensor | None) -> None:
    for module in network.modules():
        if isinstance(module, OwnNetwork):
            mixes = mixes_samples(network, inputs, labels)
            module.any_count = mixes is not None
            module.couples_batch = mixes is not False  # None: joined batches might not fit
            if mixes:
                with _without_batch_norms(network):
                    module.couples_beside_norms = mixes_samples(network, inputs, labels) is True


@contextmanager
def _without_batch_norms(network: nn.Module) -> Iterator[None]:
    """Context in which the batch norms that can be synchronised over processes normalise by running statistics."""
    norms = [part for part in network.modules() if part.training and hasattr(part, "sum_over_processes")]
    for norm in norms:
        norm.training = False
    try:
        yield
    finally:
        for norm in norms:
            norm.training = True


def mixes_samples(network: nn.Module, inputs: Sample, labels: Tensor | None) -> bool | None:
    """True if an output of the first sample depends on other samples; None if the network fails for these."""

    def first(answer: Tensor) -> Tensor:
        return answer[0].sum()

    try:
        gradients = input_gradients(network, inputs, labels, first)
    except Exception as error:
        return False if is_out_of_memory(error) else None
    return any(gradient is not None and bool((gradient[1:] != 0).any()) for gradient in gradients)


def input_gradients(
    network: nn.Module, inputs: Sample, labels: Tensor | None, total: Callable[[Tensor], Tensor]
) -> tuple[Tensor | None, ...]:
    """Gradients of a total of the answer in the inputs, for each of their scales; None: it does not depend on them."""
    with unchanged(network):
        inputs = at_each_scale(lambda tensor: tensor.detach().clone().requires_grad_(True), inputs)
        value = total(answer_of(network, inputs, labels))
        if not value.requires_grad:
            return (None,) * len(scales_of(inputs))
        return torch.autograd.grad(value, scales_of(inputs), allow_unused=True)


def answer_of(network: nn.Module, inputs: Sample, labels: Tensor | None) -> Tensor:
    """Scores [N] of a critic, the finest samples [N, ...] of a generator."""
    answer = network(inputs, labels)
    return answer.score if isinstance(answer, CriticOutput) else scales_of(answer)[-1]


def uses_inputs(network: nn.Module, inputs: Sample, labels: Tensor | None) -> bool:
    """True if the answer depends on the inputs, at the network's weights or near them (a last layer may begin at 0)."""

    def projected(answer: Tensor) -> Tensor:
        drawn = torch.Generator().manual_seed(3)
        return (answer * torch.randn(answer.shape, generator=drawn).to(answer)).sum()

    def moved() -> bool:
        gradients = input_gradients(network, inputs, labels, projected)
        return any(gradient is not None and bool((gradient != 0).any()) for gradient in gradients)

    if moved():
        return True
    parameters = list(network.parameters())
    before = [parameter.detach().clone() for parameter in parameters]
    drawn = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in parameters:
            parameter.add_(_NUDGE * torch.randn(parameter.shape, generator=drawn).to(parameter))
    try:
        return moved()
    finally:
        with torch.no_grad():
            for parameter, value in zip(parameters, before, strict=True):
                parameter.copy_(value)


def uses_labels(network: nn.Module, inputs: Sample, classes: int) -> bool:
    """True if the answer, or its gradient in a weight, changes with the labels."""
    if classes < 2:
        return False
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]

    def answered(label: int) -> list[Tensor | None]:
        with unchanged(network):
            labels = torch.full((len(scales_of(inputs)[0]),), label, device=scales_of(inputs)[0].device)
            answer = answer_of(network, inputs, labels)
            gradients = torch.autograd.grad(answer.sum(), parameters, allow_unused=True)
            return [answer.detach(), *gradients]

    first, second = answered(0), answered(1)
    return any(
        (a is None) != (b is None) or (a is not None and b is not None and not torch.equal(a, b))
        for a, b in zip(first, second, strict=True)
    )
