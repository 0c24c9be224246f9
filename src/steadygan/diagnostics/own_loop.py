"""The subject of a loop of one's own: networks, latents and samples as they are given, with fixed seeds."""

from __future__ import annotations

import contextlib
import dataclasses
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from steadygan.diagnostics.looks import untouched
from steadygan.diagnostics.own_draws import Given, drawn, is_stored, parts_of, repeatable
from steadygan.diagnostics.own_scales import Form, form_of
from steadygan.diagnostics.real_side import SAMPLES, most_rows, rows_of, width_of
from steadygan.diagnostics.signals.critic_passes import mean_scores, without_trace
from steadygan.diagnostics.subject import Clipping, Subject
from steadygan.errors import UsageError
from steadygan.measuring import preserved_host_random_state
from steadygan.networks.layers.packing import packing_of
from steadygan.scores import bounded_by
from steadygan.types import Batch, CriticOutput, PlayerName, Sample, at_each_scale, sample_count, scales_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.diagnostics.own_critic import OwnCritic
    from steadygan.losses import Loss

_LEAST = 16
_BANK = 1_024  # latents that are drawn once of a function that cannot be seeded


@dataclass(frozen=True, eq=False)
class OwnSamples:
    """Latents and samples of a loop of one's own, by tensors or by functions that draw them."""

    latents: Tensor | Callable[[int], Tensor]
    """[N, ...], or a function of their number"""
    real: Given
    """training samples [M, ...], or a function of their number; a list of images by scale where the generator gives
    one, or the finest alone"""
    held_out: Given = None
    labels: Tensor | None = None
    held_out_labels: Tensor | None = None
    form: Form = Form()
    """of samples, as the generator gives them"""
    fixed: Tensor | None = None
    """the latents that are followed, where a function draws them"""

    def __post_init__(self) -> None:
        if isinstance(self.latents, list | tuple):
            raise UsageError("latents is a list; allowed: a tensor [N, ...], or a function of N")
        for name in ("latents", "real"):
            given = getattr(self, name)
            if not is_stored(given) and not callable(given):
                raise UsageError(f"{name} is {type(given).__name__}; allowed: a tensor [N, ...], or a function of N")
        for name in ("latents", "real", "held_out"):
            for scale in parts_of(getattr(self, name)):
                if scale.dim() < 2 or len(scale) < _LEAST:
                    raise UsageError(f"{name} has shape {list(scale.shape)}; needed: [N, ...], N from {_LEAST}")
        if self.held_out is not None and not is_stored(self.held_out):
            raise UsageError(f"held_out is {type(self.held_out).__name__}; allowed: a tensor [N, ...]")
        for name, samples in (("labels", self.real), ("held_out_labels", self.held_out)):
            given = getattr(self, name)
            if given is None:
                continue
            if not isinstance(given, torch.Tensor):
                raise UsageError(f"{name} is {type(given).__name__}; needed: a tensor [N] of int64")
            if not is_stored(samples) or given.shape != parts_of(samples)[0].shape[:1]:
                got = list(parts_of(samples)[0].shape) if is_stored(samples) else type(samples).__name__
                raise UsageError(f"{name} has shape {list(given.shape)} for samples {got}; needed: one for each")
        if self.labels is not None and self.held_out is not None and self.held_out_labels is None:
            raise UsageError("held_out_labels is missing; needed: a label for each held-out sample, as for real ones")

    @property
    def count(self) -> int | None:
        """Training samples; None if they are drawn."""
        return len(parts_of(self.real)[0]) if is_stored(self.real) else None

    def draw_latents(self, round_: int, count: int) -> Tensor:
        """Latents [count, ...]; of round 0 fixed ones, the first of a tensor, whose others are taken in turn."""
        given = self.latents if round_ or self.fixed is None else self.fixed
        if not isinstance(given, torch.Tensor):
            found = drawn(given, count, 2 * round_)
            if not isinstance(found, torch.Tensor):
                raise UsageError(f"the function that draws latents gave {type(found).__name__}; needed: a tensor")
            return found
        if round_ == 0:
            return given[torch.arange(count, device=given.device) % len(given)].detach()
        return given[_rows(len(given), count, round_).to(given.device)].detach()

    def draw(self, round_: int, count: int) -> Batch:
        """Training samples [count, ...] with their labels; fewer where there are no more."""
        if self.count is None:
            return Batch(self.form.sample(drawn(self.real, count, 2 * round_ + 1), "real"))
        return self._of_rows(self.real, self.labels, _rows(self.count, min(count, self.count), round_), "real")

    def held_out_samples(self) -> Batch | None:
        """Held-out samples, chosen once."""
        if self.held_out is None:
            return None
        available = len(parts_of(self.held_out)[0])
        rows = _rows(available, min(SAMPLES, available), 0)
        return self._of_rows(self.held_out, self.held_out_labels, rows, "held_out")

    def _of_rows(self, given: Given, labels: Tensor | None, rows: Tensor, what: str) -> Batch:
        parts = [scale[rows.to(scale.device)].detach() for scale in parts_of(given)]
        samples = self.form.sample(parts[0] if isinstance(given, torch.Tensor) else parts, what)
        return Batch(samples, None if labels is None else labels[rows.to(labels.device)])


def subject_of(
    generator: nn.Module,
    critic: nn.Module,
    samples: OwnSamples,
    *,
    loss: Loss | None = None,
    clip: float | None = None,
    batch: int = 64,
    trained: OwnCritic | None = None,
) -> Subject:
    """What looks need to know of a loop's networks and samples."""
    conditional = samples.labels is not None
    samples = _repeatable(samples)
    samples = dataclasses.replace(samples, form=_form(generator, samples))
    form = samples.form
    probe = samples.draw(0, 1).samples
    reference = samples.draw(0, _reference_count(probe))
    shapes, dtype = [scale.shape[1:] for scale in scales_of(probe)], scales_of(probe)[0].dtype
    packing = packing_of(critic)
    batch = max(batch // packing, 1) * packing

    def generate(latents: Tensor, labels: Tensor | None) -> Sample:
        made = form.sample(generator(latents, labels) if conditional else generator(latents), "the generator")
        if [scale.shape[1:] for scale in scales_of(made)] != shapes:
            got = ", ".join(str(list(scale.shape)) for scale in scales_of(made))
            raise UsageError(f"the generator gave {got}; needed: samples like the real ones, [N, {_shape(probe)}]")
        return made

    def score(network: nn.Module, x: Sample, labels: Tensor | None) -> CriticOutput:
        given = form.back(at_each_scale(lambda scale: scale.to(dtype), x))  # looks compare samples in float32
        output: Any = network(given, labels) if conditional else network(given)
        return CriticOutput(mean_scores(output, sample_count(x)), labels=labels)

    def generator_loss(real: CriticOutput, fake: CriticOutput) -> Tensor:
        assert loss is not None
        return loss.generator(fake.score, real.score if loss.needs_real else None)

    splits = getattr(loss, "splits_at_zero", False)
    subject = Subject(
        generator=generator,
        critic=critic,
        generate=generate,
        score=score,
        latents=samples.draw_latents,
        real=samples.draw,
        reference=reference,
        held_out=samples.held_out_samples(),
        conditional=conditional,
        classes=0 if samples.labels is None else int(samples.labels.max()) + 1,
        generator_loss=None if loss is None else generator_loss,
        rise=None if trained is None else lambda round_: trained.rise(subject, form, round_),
        splits_at_zero=splits,
        logits=splits and loss is not None and loss.has_labels,
        wasserstein=getattr(loss, "estimates_wasserstein", False),
        trained=() if trained is None else trained.parameters(critic),
        clipping=None if clip is None else Clipping(clip, dict(critic.named_parameters())),
        batch=batch,
        group=packing,
        packing=packing,
        drawn=samples.count is None,
    )
    if loss is not None:
        _warn_of_bounded_scores(
            subject
        )  # first: some networks keep the graph of their last pass, as spectral_norm does
    _try(subject, batch)
    if trained is not None:
        with untouched(subject):
            trained.check(subject, form)
    return subject


def loss_of_scores(loss: Loss, player: PlayerName, real: Any, fake: Any) -> Tensor | None:
    """What a loss makes of scores as a critic gives them, on their device; None where it needs missing ones."""
    with torch.no_grad():
        if player == "generator":
            return None if loss.needs_real and real is None else loss.generator(fake, real)
        return None if real is None else loss.critic(real, fake)


def _repeatable(samples: OwnSamples) -> OwnSamples:
    """The samples, with functions that draw the same for a seed, and latents that are followed, drawn once."""
    changes: dict[str, Any] = {}
    if not isinstance(samples.latents, torch.Tensor):
        changes["latents"] = repeatable(samples.latents, "latents", lambda _: _BANK)
    if samples.count is None:
        changes["real"] = repeatable(samples.real, "real", lambda some: _reference_count(parts_of(some)[-1]))
    samples = dataclasses.replace(samples, **changes)
    return dataclasses.replace(samples, fixed=samples.draw_latents(0, SAMPLES)) if "latents" in changes else samples


def _reference_count(some: Sample) -> int:
    """Training samples that generated ones are compared with."""
    return max(SAMPLES, most_rows(width_of(some)))


def _form(generator: nn.Module, samples: OwnSamples) -> Form:
    """What form the generator's samples have, by a pass of a few latents."""
    latents = samples.draw_latents(0, _LEAST)
    labels = () if samples.labels is None else (samples.labels[: len(latents)],)
    with without_trace(generator), preserved_host_random_state(), torch.no_grad(), _told_at_once():
        return form_of(generator(latents, *labels))


def _try(subject: Subject, batch: int) -> None:
    """A pass of both networks, so that what does not fit is said at the beginning."""
    latents = subject.latents(0, min(batch, SAMPLES))
    labels = subject.reference.labels
    with untouched(subject), torch.no_grad(), _told_at_once():
        some = None if labels is None else labels[: len(latents)]
        made = subject.generate(latents if some is None else latents[: len(some)], some)
        subject.score(subject.critic, made, some)
        for samples in (subject.reference, subject.held_out):
            if samples is not None:
                few = rows_of(samples, 0, batch)
                subject.score(subject.critic, few.samples, few.labels)


def _warn_of_bounded_scores(subject: Subject) -> None:
    """Warns of a critic that ends in a sigmoid or the like: the loss that is given takes raw scores."""
    few = rows_of(subject.reference, 0, max(_LEAST // subject.group, 1) * subject.group)
    with untouched(subject), torch.enable_grad(), _told_at_once():
        function = bounded_by(subject.score(subject.critic, few.samples, few.labels).score)
    if function:
        warnings.warn(
            f"the critic's scores end in a {function}, but losses of this package take raw scores (logits): leave it "
            "out, or leave out the monitor's loss",
            stacklevel=4,
        )


@contextlib.contextmanager
def _told_at_once() -> Iterator[None]:
    """Context in which what the networks raise becomes one line: their samples or latents do not fit them."""
    try:
        yield
    except UsageError:
        raise
    except Exception as error:
        text = " ".join(str(error).split())[:160]
        raise UsageError(f"the networks do not take what is given: {type(error).__name__}: {text}") from error


def _rows(available: int, count: int, seed: int) -> Tensor:
    """``count`` rows of so many, each at most once more often than another."""
    order = torch.randperm(available, generator=torch.Generator().manual_seed(seed))
    return order.repeat(-(-count // available))[:count]


def _shape(samples: Sample) -> str:
    return ", ".join(str(size) for size in scales_of(samples)[-1].shape[1:])
