"""Looks at a training: one row of all signals that apply, which leaves the training as it was."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from steadygan.checks import is_number
from steadygan.diagnostics import faults, of_critic, of_data, of_samples
from steadygan.diagnostics.real_side import SAMPLES, RealSide
from steadygan.diagnostics.signals.critic_passes import device_of, read
from steadygan.diagnostics.signals.host import host_rows
from steadygan.diagnostics.window import Window
from steadygan.errors import UsageError, in_one_line
from steadygan.measuring import (
    measuring,
    preserved_host_random_state,
    preserved_random_state,
    seed_random_numbers,
    without_autocast,
)
from steadygan.types import Batch, Sample, at_each_scale

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from steadygan.diagnostics.fields import Row
    from steadygan.diagnostics.subject import Subject

T = TypeVar("T")

FIXED = 32
"""latents whose samples are followed from look to look"""
_OWN = (UsageError, RuntimeError, ArithmeticError)
"""errors whose text says by itself why a signal could not be measured"""


class Looker:
    """Takes looks at a subject. Weights, modes, buffers, gradients and random states are the same afterwards."""

    def __init__(
        self, subject: Subject, saved: Mapping[str, NDArray[np.generic]] | None = None, most: int = SAMPLES
    ) -> None:
        """
        Args:
            subject: the training
            saved: what ``state`` gave, to go on from there
            most: samples of each kind that a look compares, at most
        """
        self.subject = subject
        self.real = RealSide(subject, most)
        self.window = Window(saved)
        self.left_out: dict[str, str] = {}
        """why signals were left out of the last look, by group"""

    @property
    def state(self) -> dict[str, NDArray[np.generic]]:
        """What a look remembers of those before."""
        return self.window.state

    def look(self, round_: int, progress: Mapping[str, float], numbers: Mapping[str, Any], *, deep: bool) -> Row:
        """A row of the log.

        Args:
            round_: rounds done
            progress: 'rounds', 'seen', 'training_samples', as far as they are known
            numbers: fields that the loop knows itself, as numbers or 0-d tensors: losses, norms of gradients and steps
            deep: measures what costs more, too
        """
        self.left_out = {}
        with untouched(self.subject):
            row = self._look(round_, numbers, deep)
        self.window.looks += 1
        known = {"round": round_, **progress, **row}
        return {field: value for field, value in known.items() if isinstance(value, str) or value == value}

    def _look(self, round_: int, numbers: Mapping[str, Any], deep: bool) -> dict[str, Any]:
        subject, real = self.subject, self.real
        row = self._tried("numbers", lambda: self._known({**numbers, **subject.numbers()})) or {}
        train = self._tried("real samples", lambda: subject.real(round_, real.count))
        fake = None if train is None else self._tried("samples", lambda: self._fakes(round_, train))
        gradients = [name for name in numbers if name in row and name.endswith("_gradient")]
        losses = {name: row[name] for name in numbers if name in row and name not in gradients}
        made = None if fake is None else fake.samples
        fault = self._tried("non_finite", lambda: faults.first_fault(subject, losses, made, train))
        if fault is not None:
            return {**row, "non_finite": fault}
        for name in gradients:  # not finite beside finite weights: of a step that mixed precision left out
            if not math.isfinite(row[name]):
                del row[name]

        def add(group: str, measure: Callable[[], Mapping[str, float]]) -> None:
            row.update(self._tried(group, measure) or {})

        if fake is not None:
            self._samples(add, round_, fake)
        if train is not None:
            self._critic(add, round_, train, fake, deep)
        if not self.window.looks:
            add("data", lambda: of_data.of_data(real))
        if deep:
            self._deeply(add, round_, fake)
        return row

    def _tried(self, group: str, measure: Callable[[], T]) -> T | None:
        """What is measured, or None with the reason in ``left_out``: whatever networks raise, the training goes on."""
        try:
            return measure()
        except Exception as error:
            self.left_out[group] = reason(error)
            return None

    def _known(self, named: dict[str, Any]) -> dict[str, Any]:
        """Fields that are known, as floats; others are left out."""
        for name in [name for name, value in named.items() if not _is_number(value)]:
            value = named.pop(name)
            shape = f" {list(value.shape)}" if isinstance(value, torch.Tensor) else ""
            self.left_out[name] = f"{type(value).__name__}{shape} is no number"
        return dict(zip(named, _numbers(named), strict=True))

    def _fakes(self, round_: int, train: Batch) -> Batch:
        return Batch(self._generated(self.subject.latents(round_, self.real.count), train.labels), train.labels)

    def _samples(self, add: Any, round_: int, fake: Batch) -> None:
        real = self.real
        add("variety", lambda: of_samples.variety(fake.samples, real))
        add("modes", lambda: of_samples.modes(fake.samples, real, self.window))
        add("movement", lambda: self._moved(round_))
        add("grid", lambda: of_samples.grid(fake.samples, real))
        add("scales", lambda: of_samples.scales(fake.samples, self.subject))
        if self.subject.text:
            add("words", lambda: of_samples.words(fake.samples, real))

    def _critic(self, add: Any, round_: int, train: Batch, fake: Batch | None, deep: bool) -> None:
        subject, gradients = self.subject, of_critic.slope_count(self.real.most)
        found = {} if fake is None else self._scores(add, round_, train, fake)
        add("depth", lambda: of_critic.depth(subject, train, gradients))
        add("weights", lambda: of_critic.weights(subject))
        if deep and fake is not None and "slopes" in found:
            add("lipschitz", lambda: of_critic.lipschitz(subject, found["slopes"], train, fake))

    def _scores(self, add: Any, round_: int, train: Batch, fake: Batch) -> dict[str, Any]:
        """Adds what scores and slopes tell; gives both, as far as they could be measured."""
        subject, gradients = self.subject, of_critic.slope_count(self.real.most)
        found: dict[str, Any] = {}

        def scored() -> dict[str, float]:
            held_out = self.real.compared if self.real.unseen else None
            found["scores"] = scores = of_critic.score_all(subject, train, held_out, fake)
            return of_critic.of_scores(subject, scores)

        def sloped() -> dict[str, float]:
            found["slopes"] = slopes = of_critic.slopes(subject, train, fake, round_, gradients)
            return of_critic.of_slopes(slopes)

        add("scores", scored)
        add("slopes", sloped)
        if "scores" in found:
            scores = found["scores"]
            add("loss", lambda: of_critic.of_loss(subject, scores))
            real = scores.train if scores.held_out is None else scores.held_out
            if scores.fake.features is not None and real.features is not None:
                add("features", lambda: of_samples.feature_variety(scores.fake.features, real.features))
        return found

    def _deeply(self, add: Any, round_: int, fake: Batch | None) -> None:
        subject, real = self.subject, self.real
        if fake is not None:
            add("neighbours", lambda: of_samples.neighbours(fake.samples, real))
            add("response", lambda: of_samples.response(subject, real, round_, fake.labels))
        add("sigmas", lambda: of_critic.sigmas(subject))
        if subject.rise is not None:
            rise = subject.rise
            add("rise", lambda: {"rise": rise(round_)})

    def _moved(self, round_: int) -> dict[str, float]:
        labels = self.real.subject.reference.labels
        some = None if labels is None else labels[:FIXED]
        latents = self.subject.latents(0, FIXED if some is None else len(some))
        rows = host_rows(self._generated(latents, some), "samples of fixed latents")
        return self.window.add(round_, rows[:, self.real.places], self.real.deviation)

    def _generated(self, latents: Tensor, labels: Tensor | None) -> Sample:
        """Samples of all latents, in passes of the subject's batch."""
        edges = list(range(0, len(latents), max(2, self.subject.batch)))
        if len(edges) > 1 and len(latents) - edges[-1] < 2:  # statistics of a batch of one sample are none
            edges.pop()
        parts = []
        with torch.no_grad():
            for start, stop in pairwise([*edges, len(latents)]):
                some = None if labels is None else labels[start:stop]
                parts.append(self.subject.generate(latents[start:stop], some))
        made = at_each_scale(lambda *scales: torch.cat(scales).float(), *parts)
        return made


def reason(error: Exception) -> str:
    """Why a signal is left out, in one line."""
    text = str(error).partition("\n")[0]
    return text if text and isinstance(error, _OWN) else in_one_line(error)


def _is_number(value: Any) -> bool:
    return value.numel() == 1 if isinstance(value, torch.Tensor) else is_number(value)


def _numbers(named: Mapping[str, Any]) -> list[float]:
    """Numbers and 0-d tensors as floats, with one read of each device."""
    values = list(named.values())
    tensors = [i for i, value in enumerate(values) if isinstance(value, torch.Tensor)]
    for device in {values[i].device for i in tensors}:
        held = [i for i in tensors if values[i].device == device]
        for i, number in zip(held, read([values[i].detach().reshape(()).float() for i in held]), strict=True):
            values[i] = number
    return [float(value) for value in values]


@contextlib.contextmanager
def untouched(subject: Subject) -> Iterator[None]:
    """Context of a look: networks as for measurement, a critic with gradients, no autocast but the subject's own, no
    process waited for, random states restored."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(preserved_random_state())
        stack.enter_context(preserved_host_random_state())
        stack.enter_context(without_autocast(device_of(subject.reference.samples)))
        with torch.no_grad():
            for network in (subject.generator, subject.critic):
                stack.enter_context(_measuring(network))
        stack.enter_context(_trainable(subject))
        stack.enter_context(torch.enable_grad())
        seed_random_numbers(0)  # of networks that draw in eval mode too
        yield


@contextlib.contextmanager
def _trainable(subject: Subject) -> Iterator[None]:
    """Context in which a critic that is frozen as a whole, as in the generator's step, has gradients again."""
    own = list(subject.critic.parameters())
    trained = [each for each in subject.trained or own if each.is_floating_point() or each.is_complex()]
    frozen = [] if any(each.requires_grad for each in own) else trained
    try:
        for parameter in frozen:
            parameter.requires_grad_(True)
        yield
    finally:
        for parameter in frozen:
            parameter.requires_grad_(False)


@contextlib.contextmanager
def _measuring(network: torch.nn.Module) -> Iterator[None]:
    with torch.no_grad():
        context = measuring(network)
        context.__enter__()
    try:
        yield
    finally:
        with torch.no_grad():
            context.__exit__(None, None, None)
