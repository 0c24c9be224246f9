"""A run that generates: samples of its generator, drawn by a seed or made of given latents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from typing import TYPE_CHECKING, Any, Unpack

from steadygan.checks import whole_number
from steadygan.errors import UsageError
from steadygan.run.folder import RunFolder, Weights
from steadygan.run.given import as_labels, as_latents
from steadygan.run.sampling import Options, Sampling
from steadygan.run.truncation import take_statistics
from steadygan.system import progress
from steadygan.system.torch_defaults import torch_defaults

if TYPE_CHECKING:
    import torch
    from torch import nn

    from steadygan.data.classes import Asked
    from steadygan.data.dataset import Labels, Samples
    from steadygan.types import Sample


BLOCK = 256
"""samples that are made from one seed of torch's, and yielded together"""


def need_samples(count: Any, seed: Any = 0) -> None:
    """Raises UsageError for less than one sample, and for a seed that is no whole number."""
    if not isinstance(count, Integral) or count < 1:
        raise UsageError(f"the number of samples is {count!r}; it has to be a whole number, 1 or more")
    whole_number("seed", seed, 0, 2**63 - 1, note="below 2^63")


class GeneratingRun(RunFolder):
    """The generator of a run in a folder, and its samples; networks are loaded at first use."""

    _is_truncated = False
    _kept: tuple[tuple[Weights, int | None], nn.Module] | None = None
    """the generator of other weights or another round that was loaded last"""

    @torch_defaults()
    def latents(self, count: int, seed: int = 0) -> torch.Tensor:
        """Latents [count, size] of the run's prior; the first n do not depend on the count."""
        from steadygan.rng import Stream, draw_random, stream_generator

        need_samples(count, seed)
        noise = draw_random(self.recipe.prior.random_spec(), stream_generator(seed, Stream.SAMPLES), count)
        return self.recipe.prior.latents(noise)

    @torch_defaults()
    def labels(self, count: int, seed: int = 0, label: Asked | None = None) -> torch.Tensor | None:
        """Labels [count]: the given classes in turn, else drawn uniformly; None if the data has no classes."""
        from steadygan.rng import Stream, draw_labels, stream_generator

        if label is not None:
            import torch

            asked = torch.tensor(self.class_numbers(label))
            return asked[torch.arange(count) % len(asked)]
        return draw_labels(self.sample_spec.classes, stream_generator(seed, Stream.SAMPLE_LABELS), count)

    @torch_defaults()
    def decode(
        self, latents: torch.Tensor, labels: torch.Tensor | None = None, *, generator: nn.Module | None = None
    ) -> Samples:
        """Samples of given latents [N, size]: images, points or ids of characters, as from ``sample``.

        Raises:
            UsageError: for latents of another shape or not finite, and for labels that are not a class for each.
        """
        import torch

        latents = as_latents(latents, self.recipe.prior.size)
        labels = None if labels is None else as_labels(labels, len(latents), self.sample_spec.classes)
        blocks = self._decoded(latents, labels, generator or self.generator)
        return self.in_units(torch.cat([scales[-1] for scales in blocks]).numpy())

    def in_units(self, samples: Samples) -> Samples:
        """Samples in the units of the data, where they were scaled for training."""
        units = self.data.units
        return samples if units is None else units.restored(samples)

    @torch_defaults()
    def decoded(self, made: Sample) -> Samples:
        """What the generator made [N, ...] as samples in the units of the data; of several scales the finest."""
        from steadygan.representations import decode_scales

        return self.in_units(decode_scales(self.recipe.representation, made)[-1].numpy())

    def _decoded(
        self, latents: torch.Tensor, labels: torch.Tensor | None, network: nn.Module, first: int = 0
    ) -> Iterator[tuple[torch.Tensor, ...]]:
        """Samples in blocks, each with its scales, coarse to fine; one scale if samples have one size.

        first: index of the first latent among those of the whole call, which begins a block
        """
        import torch

        from steadygan.networks.layers.passes import in_passes
        from steadygan.representations import decode_scales
        from steadygan.rng import torch_seeded

        with torch.no_grad():
            for i in range(0, len(latents), BLOCK):
                block = slice(i, i + BLOCK)
                with torch_seeded(first + i):
                    passes = in_passes(network, latents[block], None if labels is None else labels[block])
                    made = [decode_scales(self.recipe.representation, samples) for samples in passes]
                yield tuple(map(torch.cat, zip(*made, strict=True)))

    def stream(
        self,
        count: int,
        seed: int = 0,
        *,
        scaled: bool = False,
        **options: Unpack[Options],
    ) -> Iterator[Samples]:
        """The samples of ``sample`` in blocks [n, ...], for more of them than memory holds; ``scaled`` as of blocks."""
        for samples, _ in self.blocks(count, seed, scaled=scaled, **options):
            yield samples

    def blocks(
        self,
        count: int,
        seed: int = 0,
        *,
        scaled: bool = False,
        **options: Unpack[Options],
    ) -> Iterator[tuple[Samples, Labels | None]]:
        """The samples of ``sample`` and their labels, in blocks [n, ...] and [n]: nothing is as long as ``count``.

        ``scaled``: as networks see numbers, not in the units of the data, to compare with the data set's samples.
        """
        import torch

        from steadygan.rng import Stream, draw_labels, draw_random, stream_generator

        need_samples(count, seed)
        sampling = Sampling(**options)
        label = sampling.label
        spec, classes = self.recipe.prior.random_spec(), self.sample_spec.classes
        numbers, drawn = stream_generator(seed, Stream.SAMPLES), stream_generator(seed, Stream.SAMPLE_LABELS)
        asked = None if label is None else self.class_numbers(label)
        for first in progress.steps("drawing samples", range(0, count, BLOCK), count, lambda _: BLOCK):
            size = min(BLOCK, count - first)
            with self.drawing(sampling) as network:
                latents = self.recipe.prior.latents(draw_random(spec, numbers, size))
                labels = draw_labels(classes, drawn, size)
                if asked is not None:
                    labels = torch.tensor(asked)[torch.arange(first, first + size) % len(asked)]
                decoded = list(self._decoded(latents, labels, network, first))
            for scales in decoded:
                made = scales[-1].numpy()
                yield made if scaled else self.in_units(made), None if labels is None else labels.numpy()

    def sample(
        self,
        count: int,
        seed: int = 0,
        **options: Unpack[Options],
    ) -> Samples:
        """``count`` generated samples, the same for the same seed.

        uint8 images [N, C, H, W], float32 points [N, D], ids of characters [N, L], which ``lines`` gives as text; of
        data that was scaled for training, signals [N, C, T], volumes [N, C, D, H, W], images of many bands and rows of
        tables [N, D], in the units and the number type of the data.

        Args:
            count: how many
            seed: decides the latents; the first n samples do not depend on the count
            options: ``label``, ``weights``, ``round_`` and ``truncation``, as fields of ``sampling.Sampling``
        """
        need_samples(count, seed)
        sampling = Sampling(**options)
        with self.drawing(sampling) as network:
            return self.decode(self.latents(count, seed), self.labels(count, seed, sampling.label), generator=network)

    def scales(
        self,
        count: int,
        seed: int = 0,
        **options: Unpack[Options],
    ) -> tuple[Samples, ...]:
        """The samples of ``sample`` at every size that the generator outputs, coarse to fine; most output one."""
        import torch

        need_samples(count, seed)
        sampling = Sampling(**options)
        with self.drawing(sampling) as network:
            blocks = list(self._decoded(self.latents(count, seed), self.labels(count, seed, sampling.label), network))
        return tuple(torch.cat(parts).numpy() for parts in zip(*blocks, strict=True))

    def class_grid(
        self,
        columns: int,
        seed: int = 0,
        *,
        most: int = 20,
        **options: Unpack[Options],
    ) -> tuple[Samples, list[int]]:
        """Samples [classes, columns, ...] whose columns share a latent, and the classes of the rows.

        Args:
            columns: samples of each class
            seed: decides the latents, which are those of ``sample``, and the choice of classes
            most: how many classes are chosen if there are more and no ``label`` names some
            options: as of ``sample``; ``label`` names the classes, None: all, or ``most`` of them

        Raises:
            UsageError: if the generator is not conditional.
        """
        import numpy as np

        from steadygan.data.classes import some_classes

        if columns < 1:
            raise UsageError(f"the number of samples of a class is {columns}; it has to be 1 or more")
        sampling = Sampling(**options)
        asked = some_classes(self.sample_spec.classes, most, seed) if sampling.label is None else sampling.label
        classes, latents = self.class_numbers(asked), self.latents(columns, seed)
        with self.drawing(sampling) as network:
            rows = [self.decode(latents, self.labels(columns, seed, number), generator=network) for number in classes]
        return np.stack(rows), classes

    def lines(self, count: int, seed: int = 0, **options: Unpack[Options]) -> list[str]:
        """The samples of ``sample`` as lines of text, without padding at their ends.

        Raises:
            UsageError: for a run on pictures or points.
        """
        from steadygan.data.text.alphabet import decode

        alphabet = self.alphabet
        if alphabet is None:
            raise UsageError(f"{self.folder} makes {self.sample_kind}, no lines of text: use sample")
        return decode(self.sample(count, seed, **options), alphabet)

    @torch_defaults()
    def load_generator(self, weights: Weights = "average", round_: int | None = None) -> nn.Module:
        network = super().load_generator(weights, round_)
        if self._is_truncated and weights != "average-plain":
            take_statistics(network, self.recipe, self.sample_spec)
        return network

    def generator_of(self, weights: Weights, round_: int | None) -> nn.Module:
        """The generator in eval mode; the averaged one of the last checkpoint is kept, and the last one of others."""
        if weights == "average" and round_ is None:
            return self.generator
        if self._kept is None or self._kept[0] != (weights, round_):
            self._kept = (weights, round_), self.load_generator(weights, round_)
        return self._kept[1]

    @contextmanager
    def drawing(self, sampling: Sampling) -> Iterator[nn.Module]:
        """The generator that draws, for the block with its styles truncated if that is asked for."""
        from steadygan.run.styles import truncated

        network = self.generator_of(sampling.weights, sampling.round_)
        with torch_defaults(), truncated(network, sampling.truncation):
            yield network

    def need_pictures(self, done: str) -> None:
        if not self.sample_spec.is_picture:
            raise UsageError(f"{self.folder} makes {self.sample_kind}; only pictures can be {done}")

    @property
    def sample_kind(self) -> str:
        return self.sample_spec.plural
