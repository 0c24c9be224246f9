"""A run: its folder, and samples, interpolations and inversions of its generator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Unpack

from steadygan.errors import UsageError
from steadygan.run import interpolate, inversions, latent_files
from steadygan.run.folder import RunFolder, Weights
from steadygan.run.sampling import Options, Sampling
from steadygan.run.truncation import take_statistics, with_truncated_prior
from steadygan.system import progress
from steadygan.types import scales_of

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import nn

    from steadygan.data.classes import Asked
    from steadygan.data.dataset import Labels, Samples
    from steadygan.run.inversions import Inversion
    from steadygan.run.latent_files import LatentPoints


BLOCK = 256
"""samples that are made from one seed of torch's, and yielded together"""


def _need_samples(count: int) -> None:
    if count < 1:
        raise UsageError(f"the number of samples is {count}; it has to be 1 or more")


class Run(RunFolder):
    """A training run in a folder; networks are loaded at first use.

    >>> run = sg.load("runs/wgan-gp-digits")          # doctest: +SKIP
    >>> images = run.sample(64, seed=1)               # uint8 [64, 1, 8, 8]
    """

    _is_truncated = False

    def latents(self, count: int, seed: int = 0) -> torch.Tensor:
        """Latents [count, size] of the run's prior; the first n do not depend on the count."""
        from steadygan.rng import Stream, draw_random, stream_generator

        noise = draw_random(self.recipe.prior.random_spec(), stream_generator(seed, Stream.SAMPLES), count)
        return self.recipe.prior.latents(noise)

    def labels(self, count: int, seed: int = 0, label: Asked | None = None) -> torch.Tensor | None:
        """Labels [count]: the given classes in turn, else drawn uniformly; None if the data has no classes."""
        from steadygan.rng import Stream, draw_labels, stream_generator

        if label is not None:
            import torch

            asked = torch.tensor(self.class_numbers(label))
            return asked[torch.arange(count) % len(asked)]
        return draw_labels(self.sample_spec.classes, stream_generator(seed, Stream.SAMPLE_LABELS), count)

    def decode(
        self, latents: torch.Tensor, labels: torch.Tensor | None = None, *, generator: nn.Module | None = None
    ) -> Samples:
        """Samples of given latents [N, size]: images, points or ids of characters, as from ``sample``."""
        import torch

        blocks = self._decoded(latents, labels, generator or self.generator)
        return self.in_units(torch.cat([scales[-1] for scales in blocks]).numpy())

    def in_units(self, samples: Samples) -> Samples:
        """Samples in the units of the data, where they were scaled for training."""
        units = self.data.units
        return samples if units is None else units.restored(samples)

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

        _need_samples(count)
        sampling = Sampling(**options)
        label = sampling.label
        spec, classes = self.recipe.prior.random_spec(), self.sample_spec.classes
        numbers, drawn = stream_generator(seed, Stream.SAMPLES), stream_generator(seed, Stream.SAMPLE_LABELS)
        asked = None if label is None else torch.tensor(self.class_numbers(label))
        for first in progress.steps("drawing samples", range(0, count, BLOCK), count, lambda _: BLOCK):
            size = min(BLOCK, count - first)
            latents = self.recipe.prior.latents(draw_random(spec, numbers, size))
            labels = draw_labels(classes, drawn, size)
            if asked is not None:
                labels = asked[torch.arange(first, first + size) % len(asked)]
            with self._drawing(sampling) as network:
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
        _need_samples(count)
        sampling = Sampling(**options)
        with self._drawing(sampling) as network:
            return self.decode(self.latents(count, seed), self.labels(count, seed, sampling.label), generator=network)

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
        with self._drawing(sampling) as network:
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
            raise UsageError(f"{self.folder} makes {self._sample_kind}, no lines of text: use sample")
        return decode(self.sample(count, seed, **options), alphabet)

    def style_mixing(
        self,
        rows: int,
        columns: int,
        coarse: int,
        seed: int = 0,
        **options: Unpack[Options],
    ) -> Samples:
        """A grid of mixed styles, uint8 [1 + rows, 1 + columns, C, H, W]: the rows' in the first ``coarse`` layers.

        The first column and row show the two sets of samples themselves, those of ``sample`` in order (StyleGAN).

        Raises:
            UsageError: for generators without styles, and numbers out of range.
        """
        from steadygan.run.styles import mixing_grid

        _need_samples(min(rows, columns))
        sampling, latents = Sampling(**options), self.latents(rows + columns, seed)
        labels = None if sampling.label is None else self.labels(max(rows, columns), seed, sampling.label)
        with self._drawing(sampling) as network:
            return mixing_grid(self.recipe.representation, network, latents[:rows], latents[rows:], labels, coarse)

    def interpolate_styles(
        self,
        count: int,
        steps: int,
        seed: int = 0,
        **options: Unpack[Options],
    ) -> Samples:
        """Interpolations of ``count`` images in w, uint8 [steps, count, C, H, W]: straight lines between styles.

        Raises:
            UsageError: for generators without styles, and numbers out of range.
        """
        from steadygan.run.styles import between_styles

        if count < 1 or steps < 2:
            raise UsageError(f"got {count} samples in {steps} steps; an interpolation needs 1 and 2 or more")
        sampling, latents = Sampling(**options), self.latents(2 * count, seed)
        labels = self.labels(count, seed, sampling.label)
        with self._drawing(sampling) as network:
            return between_styles(self.recipe.representation, network, latents[:count], latents[count:], steps, labels)

    def scales(
        self,
        count: int,
        seed: int = 0,
        **options: Unpack[Options],
    ) -> tuple[Samples, ...]:
        """The samples of ``sample`` at every size that the generator outputs, coarse to fine; most output one."""
        import torch

        _need_samples(count)
        sampling = Sampling(**options)
        with self._drawing(sampling) as network:
            blocks = list(self._decoded(self.latents(count, seed), self.labels(count, seed, sampling.label), network))
        return tuple(torch.cat(parts).numpy() for parts in zip(*blocks, strict=True))

    def interpolate(
        self,
        count: int,
        steps: int,
        seed: int = 0,
        *,
        loop: bool = False,
        **options: Unpack[Options],
    ) -> NDArray[np.uint8]:
        """Interpolations of ``count`` images, uint8 [steps, count, C, H, W], beginning with those of ``sample``.

        Latents are cos(t) a + sin(t) b, which is N(0, I) at each t like the latents of training: a quarter turn from
        a to b, or with ``loop`` a whole turn, without the last step, which would repeat the first. Uniform latents are
        mixed in their normal quantiles.
        """
        self._need_pictures("interpolated")
        if count < 1 or steps < 2:
            raise UsageError(f"got {count} samples in {steps} steps; an interpolation needs 1 and 2 or more")
        path = interpolate.circle(self.recipe.prior, count, steps, seed, loop=loop)
        return self._film(path, count, steps, seed, Sampling(**options))

    def walk(self, count: int, stops: int, steps: int, seed: int = 0, **options: Unpack[Options]) -> NDArray[np.uint8]:
        """A walk through latent space, uint8 [stops * steps, count, C, H, W], which ends where it begins.

        It passes ``stops`` latents of each image, and takes ``steps`` from one to the next, on arcs on which latents
        are distributed as in training, like those of ``interpolate``. The first frame has the samples of ``sample``.
        """
        self._need_pictures("walked through")
        if count < 1 or stops < 2 or steps < 1:
            raise UsageError(
                f"got {count} samples, {stops} stops and {steps} steps; a walk needs 1, 2 and 1 or more of them"
            )
        path = interpolate.through(self.recipe.prior, count, stops, steps, seed)
        return self._film(path, count, stops * steps, seed, Sampling(**options))

    def _film(
        self, path: Iterator[torch.Tensor], count: int, steps: int, seed: int, sampling: Sampling
    ) -> NDArray[np.uint8]:
        """The samples of each set of latents on a path, all of the same labels."""
        import numpy as np

        labels = self.labels(count, seed, sampling.label)
        frames = progress.steps("drawing frames", path, steps)
        with self._drawing(sampling) as network:
            return np.stack([self.decode(latents, labels, generator=network) for latents in frames]).astype(np.uint8)

    def _need_pictures(self, done: str) -> None:
        if not self.sample_spec.is_picture:
            raise UsageError(f"{self.folder} makes {self._sample_kind}; only pictures can be {done}")

    def invert(
        self,
        samples: Samples,
        *,
        steps: int = 300,
        starts: int = 8,
        seed: int = 0,
        label: Asked | None = None,
        weights: Weights = "average",
        round_: int | None = None,
    ) -> Inversion:
        """Latents z of given samples, of any kind but text, from several starts; see ``run.inversions.invert``.

        >>> found = run.invert(images)                    # doctest: +SKIP
        >>> found.errors, found.reconstructions           # doctest: +SKIP
        """
        return inversions.invert(
            self, samples, steps=steps, starts=starts, seed=seed, label=label, weights=weights, round_=round_
        )

    def project(
        self,
        images: NDArray[np.uint8],
        *,
        steps: int = 500,
        starts: int = 1,
        seed: int = 0,
        label: Asked | None = None,
        weights: Weights = "average",
        round_: int | None = None,
    ) -> Inversion:
        """Projection of images into w of a style-based generator; see ``run.inversions.project``.

        >>> found = run.project(images)                   # doctest: +SKIP
        >>> again = run.decode_latents(found.latents)     # doctest: +SKIP
        """
        return inversions.project(
            self, images, steps=steps, starts=starts, seed=seed, label=label, weights=weights, round_=round_
        )

    def decode_latents(
        self, latents: LatentPoints, *, weights: Weights = "average", round_: int | None = None
    ) -> Samples:
        """The samples of latents in z or w, such as those of an inversion or of a file (``run.latent_files``).

        Raises:
            UsageError: for latents of another form than this run's.
        """
        return latent_files.samples_of(self, self.generator_of(weights, round_), latents)

    def find_latents(
        self,
        images: NDArray[np.uint8],
        steps: int = 300,
        seed: int = 0,
        *,
        starts: int = 4,
        labels: torch.Tensor | None = None,
        weights: Weights = "average",
        round_: int | None = None,
    ) -> torch.Tensor:
        """GAN inversion: latents [N, size] whose samples come nearest to given images, such as real ones.

        >>> latents = run.find_latents(images)            # doctest: +SKIP
        >>> mirrored = run.find_latents(images[..., ::-1])  # doctest: +SKIP
        >>> strips = run.mix(latents, mirrored, 10)       # doctest: +SKIP

        Args:
            images: uint8 [N, C, H, W] of the run's shape
            steps: of Adam on mean |x - G(z)|
            seed: decides the initial latents
            starts: initial latents for each image, of which the best result is kept
            labels: [N], for conditional generators
            weights: the average of the generator's weights, or the raw ones
            round_: of the checkpoint; None: the last

        Raises:
            UsageError: for other images, and for runs that make no pictures.
        """
        import numpy as np
        import torch

        from steadygan.inversion import find_latents

        shape = self.sample_spec.shape
        if not self.sample_spec.is_picture:
            raise UsageError(f"{self.folder} makes {self._sample_kind}; only pictures can be inverted")
        if images.dtype != np.uint8 or images.shape[1:] != shape or not len(images):
            raise UsageError(
                f"images are {images.dtype} {list(images.shape)}; needed: uint8 [N, {', '.join(map(str, shape))}]"
            )
        if steps < 1 or starts < 1:
            raise UsageError(f"got {steps} steps from {starts} starts; needed: 1 or more of both")
        prior, generator = self.recipe.prior, self.generator_of(weights, round_)
        initial = self.latents(starts * len(images), seed).reshape(starts, len(images), prior.size)
        encoded = self.recipe.representation.encode(torch.from_numpy(np.ascontiguousarray(images)))
        targets = scales_of(encoded)[-1]
        latents = [
            find_latents(
                generator, prior, targets[rows], initial[:, rows], None if labels is None else labels[rows], steps=steps
            )[0]
            for rows in (slice(i, i + 64) for i in range(0, len(images), 64))
        ]
        return torch.cat(latents)

    def mix(
        self,
        first: torch.Tensor,
        second: torch.Tensor,
        steps: int,
        *,
        labels: torch.Tensor | None = None,
        weights: Weights = "average",
        round_: int | None = None,
    ) -> NDArray[np.uint8]:
        """Linear interpolation between two sets of latents [N, size], ends included: uint8 [steps, N, C, H, W].

        For a bounded prior, mixes are clipped to its support.
        """
        import numpy as np

        generator = self.generator_of(weights, round_)
        path = interpolate.line(self.recipe.prior, first, second, steps)
        return np.stack([self.decode(latents, labels, generator=generator) for latents in path]).astype(np.uint8)

    def truncated(self, threshold: float) -> Run:
        """The run with latents whose numbers lie within a threshold: more typical samples, less variety (BigGAN).

        Where the latent also sets scales of batch norms, as in BigGAN, these take their statistics anew, of truncated
        samples. The paper shows thresholds of 2 to 0.04.

        >>> run.truncated(0.5).sample(64)                 # doctest: +SKIP

        Raises:
            UsageError: for a run whose prior is not normal, and for a threshold that is not above 0.
        """
        made = Run(self.folder, kinds=self.kinds)
        made.recipe = with_truncated_prior(self.recipe, threshold)
        made._is_truncated = True
        return made

    def load_generator(self, weights: Weights = "average", round_: int | None = None) -> nn.Module:
        network = super().load_generator(weights, round_)
        if self._is_truncated and weights != "average-plain":
            take_statistics(network, self.recipe, self.sample_spec)
        return network

    @property
    def _sample_kind(self) -> str:
        spec = self.sample_spec
        return "images of many bands" if spec.is_image and not spec.is_picture else spec.plural

    @contextmanager
    def _drawing(self, sampling: Sampling) -> Iterator[nn.Module]:
        """The generator that draws, for the block with its styles truncated if that is asked for."""
        from steadygan.run.styles import truncated

        network = self.generator_of(sampling.weights, sampling.round_)
        with truncated(network, sampling.truncation):
            yield network

    def generator_of(self, weights: Weights, round_: int | None) -> nn.Module:
        """The generator in eval mode, kept if it is the averaged one of the last checkpoint."""
        return self.generator if weights == "average" and round_ is None else self.load_generator(weights, round_)
