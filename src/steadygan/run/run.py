"""A run: its folder, and samples, interpolations and inversions of its generator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Unpack

from steadygan.checks import whole_number
from steadygan.errors import UsageError
from steadygan.run import interpolate, inversions, latent_files
from steadygan.run.folder import Weights
from steadygan.run.generating import GeneratingRun, need_samples
from steadygan.run.given import as_latents
from steadygan.run.sampling import Options, Sampling
from steadygan.run.truncation import with_truncated_prior
from steadygan.system import progress
from steadygan.system.torch_defaults import torch_defaults

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from steadygan.data.dataset import Samples
    from steadygan.run.inversions import Inversion, InversionOptions
    from steadygan.run.latent_files import LatentPoints


def _need_path(count: int, *, steps: int, least: int = 2) -> None:
    """Raises UsageError for less than one sample, and for fewer steps."""
    need_samples(count)
    whole_number("steps", steps, least)


class Run(GeneratingRun):
    """A training run in a folder; networks are loaded at first use.

    >>> run = sg.load("runs/wgan-gp-digits")          # doctest: +SKIP
    >>> images = run.sample(64, seed=1)               # uint8 [64, 1, 8, 8]
    """

    def style_mixing(
        self,
        rows: int,
        columns: int,
        coarse: int,
        seed: int = 0,
        **options: Unpack[Options],
    ) -> Samples:
        """A grid of mixed styles [1 + rows, 1 + columns, C, H, W]: the rows' in the first ``coarse`` layers.

        The first column and row show the two sets of samples themselves, those of ``sample`` in order, with their
        classes (StyleGAN); the corner is 0.

        Raises:
            UsageError: for generators without styles, and numbers out of range.
        """
        from steadygan.run.styles import mixing_grid

        for count in (rows, columns):
            need_samples(count, seed)
        sampling, latents = Sampling(**options), self.latents(rows + columns, seed)
        labels = self.labels(rows + columns, seed, sampling.label)
        first, second = (
            (latents[part], None if labels is None else labels[part]) for part in (slice(rows), slice(rows, None))
        )
        with self.drawing(sampling) as network:
            return mixing_grid(self.decoded, network, first, second, coarse)

    def interpolate_styles(
        self,
        count: int,
        steps: int,
        seed: int = 0,
        **options: Unpack[Options],
    ) -> Samples:
        """Interpolations of ``count`` images in w, [steps, count, C, H, W]: straight lines between styles.

        Raises:
            UsageError: for generators without styles, and numbers out of range.
        """
        from steadygan.run.styles import between_styles

        _need_path(count, steps=steps)
        sampling, latents = Sampling(**options), self.latents(2 * count, seed)
        labels = self.labels(count, seed, sampling.label)
        with self.drawing(sampling) as network:
            return between_styles(self.decoded, network, latents[:count], latents[count:], steps, labels)

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
        self.need_pictures("interpolated")
        _need_path(count, steps=steps)
        path = interpolate.circle(self.recipe.prior, count, steps, seed, loop=loop)
        return self._film(path, count, steps, seed, Sampling(**options))

    def walk(self, count: int, stops: int, steps: int, seed: int = 0, **options: Unpack[Options]) -> NDArray[np.uint8]:
        """A walk through latent space, uint8 [stops * steps, count, C, H, W], which ends where it begins.

        It passes ``stops`` latents of each image, and takes ``steps`` from one to the next, on arcs on which latents
        are distributed as in training, like those of ``interpolate``. The first frame has the samples of ``sample``.
        """
        self.need_pictures("walked through")
        whole_number("stops", stops, 2)
        _need_path(count, steps=steps, least=1)
        path = interpolate.through(self.recipe.prior, count, stops, steps, seed)
        return self._film(path, count, stops * steps, seed, Sampling(**options))

    def _film(
        self, path: Iterator[torch.Tensor], count: int, steps: int, seed: int, sampling: Sampling
    ) -> NDArray[np.uint8]:
        """The samples of each set of latents on a path, all of the same labels."""
        import numpy as np

        labels = self.labels(count, seed, sampling.label)
        frames = progress.steps("drawing frames", path, steps)
        with self.drawing(sampling) as network:
            return np.stack([self.decode(latents, labels, generator=network) for latents in frames]).astype(np.uint8)

    @torch_defaults()
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

        Raises:
            UsageError: for latents of other shapes or not finite, and for less than two steps.
        """
        import numpy as np

        size = self.recipe.prior.size
        ends = as_latents(first, size, "first latents"), as_latents(second, size, "second latents")
        if ends[0].shape != ends[1].shape:
            raise UsageError(f"got {len(ends[0])} first latents and {len(ends[1])} second ones; needed: as many")
        _need_path(len(ends[0]), steps=steps)
        generator = self.generator_of(weights, round_)
        path = interpolate.line(self.recipe.prior, *ends, steps)
        return np.stack([self.decode(latents, labels, generator=generator) for latents in path]).astype(np.uint8)

    @torch_defaults()
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

        See ``run.inversions.find_latents``.
        """
        return inversions.find_latents(
            self, images, steps, seed, starts=starts, labels=labels, weights=weights, round_=round_
        )

    @torch_defaults()
    def invert(self, samples: Samples, **options: Unpack[InversionOptions]) -> Inversion:
        """Latents z of given samples, of any kind but text, from several starts; see ``run.inversions.invert``.

        >>> found = run.invert(images)                    # doctest: +SKIP
        >>> found.errors, found.reconstructions           # doctest: +SKIP
        """
        return inversions.invert(self, samples, **options)

    @torch_defaults()
    def project(self, images: NDArray[np.uint8], **options: Unpack[InversionOptions]) -> Inversion:
        """Projection of images into w of a style-based generator; see ``run.inversions.project``.

        >>> found = run.project(images)                   # doctest: +SKIP
        >>> again = run.decode_latents(found.latents)     # doctest: +SKIP
        """
        return inversions.project(self, images, **options)

    @torch_defaults()
    def decode_latents(
        self, latents: LatentPoints, *, weights: Weights = "average", round_: int | None = None
    ) -> Samples:
        """The samples of latents in z or w, such as those of an inversion or of a file (``run.latent_files``).

        Raises:
            UsageError: for latents of another form than this run's.
        """
        return latent_files.samples_of(self, self.generator_of(weights, round_), latents)

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
