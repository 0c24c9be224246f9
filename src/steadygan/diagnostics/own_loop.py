"""The subject of a loop of one's own: networks, latents and samples as they are given, with fixed seeds."""

from __future__ import annotations

import contextlib
import dataclasses
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch

from steadygan.diagnostics.looks import untouched
from steadygan.diagnostics.own_draws import parts_of, repeatable
from steadygan.diagnostics.own_samples import LEAST, OwnSamples
from steadygan.diagnostics.own_scales import Form, form_of
from steadygan.diagnostics.real_side import SAMPLES, most_rows, rows_of, width_of
from steadygan.diagnostics.signals.critic_passes import mean_scores, without_trace
from steadygan.diagnostics.subject import Clipping, Subject
from steadygan.errors import UsageError
from steadygan.measuring import preserved_host_random_state
from steadygan.networks.layers.packing import packing_of
from steadygan.scores import bounded_by
from steadygan.types import CriticOutput, PlayerName, Sample, at_each_scale, sample_count, scales_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.diagnostics.own_critic import OwnCritic
    from steadygan.losses import Loss

_BANK = 1_024  # latents that are drawn once of a function that cannot be seeded


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
    latents = samples.draw_latents(0, LEAST)
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
    few = rows_of(subject.reference, 0, max(LEAST // subject.group, 1) * subject.group)
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


def _shape(samples: Sample) -> str:
    return ", ".join(str(size) for size in scales_of(samples)[-1].shape[1:])
