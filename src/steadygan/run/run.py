"""A run as a Python value: what lies in its folder, and what its generator makes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from steadygan.errors import UsageError
from steadygan.run import interpolate
from steadygan.run.folder import RunFolder, Weights
from steadygan.types import scales_of

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import nn

    from steadygan.data.classes import Asked
    from steadygan.data.dataset import Samples


def _need_samples(count: int) -> None:
    if count < 1:
        raise UsageError(f"the number of samples is {count}; it has to be 1 or more")


class Run(RunFolder):
    """A training run in a folder; networks are loaded when they are first asked for.

    >>> run = sg.load("runs/wgan-gp-digits")          # doctest: +SKIP
    >>> images = run.sample(64, seed=1)               # uint8 [64, 1, 8, 8]
    """

    def latents(self, count: int, seed: int = 0) -> torch.Tensor:
        """Latents [count, size] of the run's prior; the first n do not depend on the count."""
        from steadygan.rng import Stream, draw_random, stream_generator

        noise = draw_random(self.recipe.prior.random_spec(), stream_generator(seed, Stream.SAMPLES), count)
        return self.recipe.prior.latents(noise)

    def labels(self, count: int, seed: int = 0, label: Asked | None = None) -> torch.Tensor | None:
        """Labels [count]: the classes that are asked for in turn, else uniform; None where the data has no classes."""
        from steadygan.rng import Stream, draw_labels, stream_generator

        if label is not None:
            import torch

            asked = torch.tensor(self.class_numbers(label))
            return asked[torch.arange(count) % len(asked)]
        return draw_labels(self.sample_spec.classes, stream_generator(seed, Stream.SAMPLE_LABELS), count)

    def decode(
        self, latents: torch.Tensor, labels: torch.Tensor | None = None, *, generator: nn.Module | None = None
    ) -> Samples:
        """What the generator makes of latents [N, size]: images, points or ids of characters, as of ``sample``."""
        import torch

        blocks = self._decoded(latents, labels, generator or self.generator)
        return torch.cat([scales[-1] for scales in blocks]).numpy()

    def _decoded(
        self, latents: torch.Tensor, labels: torch.Tensor | None, network: nn.Module
    ) -> Iterator[tuple[torch.Tensor, ...]]:
        """Blocks of samples; each has its scales, coarse to fine, or one tensor where samples have one size."""
        import torch

        from steadygan.representations import decode_scales

        with torch.no_grad():
            for i in range(0, len(latents), 256):
                part = network(latents[i : i + 256], None if labels is None else labels[i : i + 256])
                yield decode_scales(self.recipe.representation, part)

    def stream(
        self, count: int, seed: int = 0, *, weights: Weights = "average", round_: int | None = None
    ) -> Iterator[Samples]:
        """The samples of ``sample`` in blocks [n, ...], for more than memory holds."""
        network = self._generator_of(weights, round_)
        for scales in self._decoded(self.latents(count, seed), self.labels(count, seed), network):
            yield scales[-1].numpy()

    def sample(
        self,
        count: int,
        seed: int = 0,
        *,
        label: Asked | None = None,
        weights: Weights = "average",
        round_: int | None = None,
    ) -> Samples:
        """``count`` new samples, the same for the same seed.

        uint8 images [N, C, H, W], float32 points [N, D], or ids of characters [N, L], which ``lines`` gives as text.

        Args:
            count: how many
            seed: decides the latents; the first n samples do not depend on the count
            label: the class, by number or name, or several that take turns; None: each sample's is drawn
            weights: the running average of the generator's weights, or the raw ones
            round_: of the checkpoint; None: the last
        """
        _need_samples(count)
        labels = self.labels(count, seed, label)
        return self.decode(self.latents(count, seed), labels, generator=self._generator_of(weights, round_))

    def class_grid(
        self,
        columns: int,
        seed: int = 0,
        *,
        label: Asked | None = None,
        most: int = 20,
        weights: Weights = "average",
        round_: int | None = None,
    ) -> tuple[Samples, list[int]]:
        """Samples [classes, columns, ...] whose columns share a latent, and the classes of the rows.

        Args:
            columns: samples of each class
            seed: decides the latents, which are those of ``sample``, and the choice of classes
            label: the classes, by number or name; None: all
            most: of more classes so many are chosen, where none are asked for

        Raises:
            UsageError: for a run whose generator takes no classes.
        """
        import numpy as np

        from steadygan.data.classes import some_classes

        if columns < 1:
            raise UsageError(f"the number of samples of a class is {columns}; it has to be 1 or more")
        classes = self.class_numbers(some_classes(self.sample_spec.classes, most, seed) if label is None else label)
        generator, latents = self._generator_of(weights, round_), self.latents(columns, seed)
        rows = [self.decode(latents, self.labels(columns, seed, number), generator=generator) for number in classes]
        return np.stack(rows), classes

    def lines(self, count: int, seed: int = 0, *, weights: Weights = "average", round_: int | None = None) -> list[str]:
        """The samples of ``sample`` as lines of text, without the padding at their ends.

        Raises:
            UsageError: for a run on pictures or points.
        """
        from steadygan.data.text.alphabet import decode

        alphabet = self.alphabet
        if alphabet is None:
            raise UsageError(f"{self.folder} makes {self._what}, no lines of text: use sample")
        return decode(self.sample(count, seed, weights=weights, round_=round_), alphabet)

    def scales(
        self,
        count: int,
        seed: int = 0,
        *,
        label: Asked | None = None,
        weights: Weights = "average",
        round_: int | None = None,
    ) -> tuple[Samples, ...]:
        """The samples of ``sample`` at every size that the generator makes, coarse to fine; most make one."""
        import torch

        _need_samples(count)
        network = self._generator_of(weights, round_)
        blocks = self._decoded(self.latents(count, seed), self.labels(count, seed, label), network)
        return tuple(torch.cat(parts).numpy() for parts in zip(*blocks, strict=True))

    def interpolate(
        self,
        count: int,
        steps: int,
        seed: int = 0,
        *,
        loop: bool = False,
        label: Asked | None = None,
        weights: Weights = "average",
        round_: int | None = None,
    ) -> NDArray[np.uint8]:
        """``count`` images that change into others, uint8 [steps, count, C, H, W], beginning with those of ``sample``.

        Latents go along cos(t) a + sin(t) b, which is N(0, I) at each t, so that all are as likely as those of
        training: a quarter of a turn, from a to b, or with ``loop`` the whole turn, without the last step that would
        be the first again. Latents that are not normal take the same way in their quantiles.
        """
        import numpy as np

        if not self.sample_spec.is_image:
            raise UsageError(f"{self.folder} makes {self._what}; only pictures can be interpolated")
        if count < 1 or steps < 2:
            raise UsageError(f"got {count} samples in {steps} steps; an interpolation needs 1 and 2 or more")
        generator, labels = self._generator_of(weights, round_), self.labels(count, seed, label)
        moments = interpolate.round_a_circle(self.recipe.prior, count, steps, seed, loop=loop)
        return np.stack([self.decode(latents, labels, generator=generator) for latents in moments]).astype(np.uint8)

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
        """Latents [N, size] from which the generator makes something like given images, such as real ones.

        >>> latents = run.find_latents(images)            # doctest: +SKIP
        >>> mirrored = run.find_latents(images[..., ::-1])  # doctest: +SKIP
        >>> strips = run.mix(latents, mirrored, 10)       # doctest: +SKIP

        Args:
            images: uint8 [N, C, H, W] of the run's shape
            steps: of Adam on mean |x - G(z)|
            seed: decides the latents that it starts from
            starts: tries for each image, of which the best counts
            labels: [N], where the generator wants them
            weights: the running average of the generator's weights, or the raw ones
            round_: of the checkpoint; None: the last

        Raises:
            UsageError: for other images, and for runs that make no pictures.
        """
        import numpy as np
        import torch

        from steadygan.inversion import find_latents

        shape = self.sample_spec.shape
        if not self.sample_spec.is_image:
            raise UsageError(f"{self.folder} makes {self._what}; only pictures' latents can be found")
        if images.dtype != np.uint8 or images.shape[1:] != shape or not len(images):
            raise UsageError(
                f"images are {images.dtype} {list(images.shape)}; needed: uint8 [N, {', '.join(map(str, shape))}]"
            )
        if steps < 1 or starts < 1:
            raise UsageError(f"got {steps} steps from {starts} starts; needed: 1 or more of both")
        prior, generator = self.recipe.prior, self._generator_of(weights, round_)
        begun = self.latents(starts * len(images), seed).reshape(starts, len(images), prior.size)
        encoded = self.recipe.representation.encode(torch.from_numpy(np.ascontiguousarray(images)))
        targets = scales_of(encoded)[-1]
        found = [
            find_latents(
                generator, prior, targets[part], begun[:, part], None if labels is None else labels[part], steps=steps
            )[0]
            for part in (slice(i, i + 64) for i in range(0, len(images), 64))
        ]
        return torch.cat(found)

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
        """Images on the straight way between two sets of latents [N, size], ends included: uint8 [steps, N, C, H, W].

        Where the prior has a bound, mixes are the nearest latents within it.
        """
        import numpy as np

        generator = self._generator_of(weights, round_)
        moments = interpolate.straight(self.recipe.prior, first, second, steps)
        return np.stack([self.decode(latents, labels, generator=generator) for latents in moments]).astype(np.uint8)

    @property
    def _what(self) -> str:
        spec = self.sample_spec
        return "pictures" if spec.is_image else "text" if spec.is_text else "points"

    def _generator_of(self, weights: Weights, round_: int | None) -> nn.Module:
        return self.generator if weights == "average" and round_ is None else self.load_generator(weights, round_)
