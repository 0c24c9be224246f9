"""The subject of a loop of one's own: networks, latents and samples as they are given, with fixed seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from steadygan.diagnostics.real_side import SAMPLES, most_rows
from steadygan.diagnostics.signals.critic_passes import mean_scores
from steadygan.diagnostics.subject import Clipping, Subject
from steadygan.errors import UsageError
from steadygan.measuring import preserved_random_state
from steadygan.types import Batch, CriticOutput, Sample

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.losses import Loss

_LEAST = 16


@dataclass(frozen=True, eq=False)
class OwnSamples:
    """Latents and samples of a loop of one's own, by tensors or by functions that draw them."""

    latents: Tensor | Callable[[int], Tensor]
    """[N, ...], or a function of their number"""
    real: Tensor | Callable[[int], Tensor]
    """training samples [M, ...], or a function of their number"""
    held_out: Tensor | None = None
    labels: Tensor | None = None
    held_out_labels: Tensor | None = None

    def __post_init__(self) -> None:
        for name in ("latents", "real"):
            given = getattr(self, name)
            if not isinstance(given, torch.Tensor) and not callable(given):
                raise UsageError(f"{name} is {type(given).__name__}; allowed: a tensor [N, ...], or a function of N")
        for name in ("latents", "real", "held_out"):
            given = getattr(self, name)
            if isinstance(given, torch.Tensor) and (given.dim() < 2 or len(given) < _LEAST):
                raise UsageError(f"{name} has shape {list(given.shape)}; needed: [N, ...], N from {_LEAST}")
        if self.held_out is not None and not isinstance(self.held_out, torch.Tensor):
            raise UsageError(f"held_out is {type(self.held_out).__name__}; allowed: a tensor [N, ...]")
        for name, samples in (("labels", self.real), ("held_out_labels", self.held_out)):
            given = getattr(self, name)
            if given is None:
                continue
            if not isinstance(samples, torch.Tensor) or given.shape != samples.shape[:1]:
                got = list(samples.shape) if isinstance(samples, torch.Tensor) else type(samples).__name__
                raise UsageError(f"{name} has shape {list(given.shape)} for samples {got}; needed: one for each")
        if self.labels is not None and self.held_out is not None and self.held_out_labels is None:
            raise UsageError("held_out_labels is missing; needed: a label for each held-out sample, as for real ones")

    @property
    def count(self) -> int | None:
        """Training samples; None if they are drawn."""
        return len(self.real) if isinstance(self.real, torch.Tensor) else None

    def draw_latents(self, round_: int, count: int) -> Tensor:
        """Latents [count, ...]; the first of a tensor are fixed ones, the others are taken in turn."""
        given = self.latents
        if not isinstance(given, torch.Tensor):
            return _drawn(given, count, 2 * round_)
        if round_ == 0:
            return given[torch.arange(count, device=given.device) % len(given)].detach()
        return given[_rows(len(given), count, round_).to(given.device)].detach()

    def draw(self, round_: int, count: int) -> Batch:
        """Training samples [count, ...] with their labels; fewer where there are no more."""
        given = self.real
        if not isinstance(given, torch.Tensor):
            return Batch(_drawn(given, count, 2 * round_ + 1))
        rows = _rows(len(given), min(count, len(given)), round_)
        return Batch(given[rows.to(given.device)].detach(), _of(self.labels, rows))

    def held_out_samples(self) -> Batch | None:
        """Held-out samples, chosen once."""
        if self.held_out is None:
            return None
        rows = _rows(len(self.held_out), min(SAMPLES, len(self.held_out)), 0)
        return Batch(self.held_out[rows.to(self.held_out.device)].detach(), _of(self.held_out_labels, rows))


def subject_of(
    generator: nn.Module,
    critic: nn.Module,
    samples: OwnSamples,
    *,
    loss: Loss | None = None,
    clip: float | None = None,
    batch: int = 64,
) -> Subject:
    """What looks need to know of a loop's networks and samples."""
    conditional = samples.labels is not None
    probe = samples.draw(0, 1).samples
    assert isinstance(probe, torch.Tensor)
    reference = samples.draw(0, max(SAMPLES, most_rows(probe[0].numel())))

    def generate(latents: Tensor, labels: Tensor | None) -> Sample:
        made = generator(latents, labels) if conditional else generator(latents)
        if not isinstance(made, torch.Tensor) or made.shape[1:] != probe.shape[1:]:
            got = list(made.shape) if isinstance(made, torch.Tensor) else type(made).__name__
            raise UsageError(f"the generator gave {got}; needed: samples like the real ones, [N, {_shape(probe)}]")
        return made

    def score(network: nn.Module, x: Sample, labels: Tensor | None) -> CriticOutput:
        assert isinstance(x, torch.Tensor)
        output: Any = network(x, labels) if conditional else network(x)
        return CriticOutput(mean_scores(output, len(x)), labels=labels)

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
        splits_at_zero=splits,
        logits=splits and loss is not None and loss.has_labels,
        wasserstein=getattr(loss, "estimates_wasserstein", False),
        clipping=None if clip is None else Clipping(clip, dict(critic.named_parameters())),
        batch=batch,
    )
    _try(subject, batch)
    return subject


def _try(subject: Subject, batch: int) -> None:
    """A pass of both networks, so that what does not fit is said at the beginning."""
    from steadygan.diagnostics.looks import untouched

    latents = subject.latents(0, min(batch, SAMPLES))
    labels = subject.reference.labels
    with untouched(subject), torch.no_grad():
        some = None if labels is None else labels[: len(latents)]
        made = subject.generate(latents if some is None else latents[: len(some)], some)
        subject.score(subject.critic, made, some)


def _rows(available: int, count: int, seed: int) -> Tensor:
    """``count`` rows of so many, each at most once more often than another."""
    order = torch.randperm(available, generator=torch.Generator().manual_seed(seed))
    return order.repeat(-(-count // available))[:count]


def _drawn(draw: Callable[[int], Tensor], count: int, seed: int) -> Tensor:
    """What a function draws, the same in each call; torch's random states are left as they were."""
    with preserved_random_state(torch.device("cuda" if torch.cuda.is_available() else "cpu")), torch.no_grad():
        torch.manual_seed(seed)
        found = draw(count)
    if not isinstance(found, torch.Tensor) or len(found) != count:
        got = list(found.shape) if isinstance(found, torch.Tensor) else type(found).__name__
        raise UsageError(
            f"a function that draws {count} samples or latents gave {got}; needed: a tensor [{count}, ...]"
        )
    return found.detach()


def _of(labels: Tensor | None, rows: Tensor) -> Tensor | None:
    return None if labels is None else labels[rows.to(labels.device)]


def _shape(samples: Tensor) -> str:
    return ", ".join(str(size) for size in samples.shape[1:])
