"""Representations: maps from stored data to the samples that networks see, and back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from steadygan.checks import above, finite, one_of, whole_fields, whole_number
from steadygan.codec import OMIT_DEFAULT
from steadygan.errors import UsageError
from steadygan.types import RandomSpec, Sample, SampleSpec, Scales, has_alpha, scales_of

if TYPE_CHECKING:
    from torch import Tensor


class RepresentationLike(Protocol):
    """Pure maps between stored samples and the networks' samples; random numbers come in as ``noise``.

    ``decode`` gives multi-scale images at their finest size; a single scale keeps its size.
    """

    def fitted(self, sample: SampleSpec) -> RepresentationLike:
        """The representation with open fields taken from the samples.

        Raises:
            UsageError: if it does not fit such samples.
        """

    def random_spec(self, sample: SampleSpec) -> RandomSpec | None: ...
    def encode(self, stored: Tensor, noise: Tensor | None = None) -> Sample: ...
    def decode(self, samples: Any) -> Tensor: ...


def decode_scales(representation: RepresentationLike, samples: Sample) -> tuple[Tensor, ...]:
    """Decodes samples of all scales, coarse to fine; a single tensor if they have one size."""
    return tuple(representation.decode(scale) for scale in scales_of(samples))


@dataclass(frozen=True)
class Plain:
    """Pixels 0..255 scaled to low..high; so are signals, volumes and bands, stored in [-1, 1]; points unchanged."""

    low: float = -1.0
    """value of black, and of the least number of a signal"""
    high: float = 1.0
    """value of white, and of the largest number of a signal"""
    dequantise: Literal["none", "paper"] = "none"
    """paper: uniform noise below one level, 2 (x/256 - 1/2) + U[0, 1/128), as in the WGAN-GP ResNet code"""
    colour: Literal["as_stored", "over_white"] = field(default="as_stored", metadata=OMIT_DEFAULT)
    """of pictures with alpha: 'over_white' shows networks colours composited on white beside alpha, so that colours
    under transparent pixels have no part in training; white is ``high``"""

    def __post_init__(self) -> None:
        finite("Plain.low", self.low)
        above("Plain.high", self.high, self.low, note=f"Plain.low is {self.low}")
        one_of("Plain.dequantise", self.dequantise, ("none", "paper"))
        one_of("Plain.colour", self.colour, ("as_stored", "over_white"))

    def fitted(self, sample: SampleSpec) -> Plain:
        """The representation itself.

        Raises:
            UsageError: for text, and for noise below one of 256 levels where there are no levels.
        """
        if sample.is_text:
            raise UsageError(
                f"Plain is for pictures and points, but a sample is {sample}: recipes for text are text and text-gan"
            )
        if self.dequantise == "paper" and sample.is_grid and not sample.is_picture:
            raise UsageError(
                f"Plain.dequantise is 'paper', which is for pictures of 256 levels, but a sample is {sample}: "
                "set --representation.dequantise none"
            )
        return self

    def random_spec(self, sample: SampleSpec) -> RandomSpec | None:
        return RandomSpec("uniform", sample.shape) if self.dequantise == "paper" and sample.is_picture else None

    def encode(self, stored: Tensor, noise: Tensor | None = None) -> Tensor:
        """uint8 images [N, C, H, W], or float32 grids [N, C, ...] in [-1, 1], to float32 in [low, high].

        float32 points [N, D] stay as they are.
        """
        import torch

        span = self.high - self.low
        if stored.dtype != torch.uint8:
            if stored.dim() < 3 or (self.low, self.high) == (-1.0, 1.0):
                return stored
            return (stored + 1.0).mul_(span / 2).add_(self.low)
        if self._over_white(stored):
            alpha = stored[:, -1:].to(torch.float32).div_(255.0)
            missing = (255.0 - stored[:, :-1].to(torch.float32)) * alpha
            stored = torch.cat([255.0 - missing, stored[:, -1:].to(torch.float32)], 1).contiguous(
                memory_format=torch.channels_last
            )
        if noise is None:
            return stored.to(torch.float32).mul_(span / 255.0).add_(self.low)
        return (stored.to(torch.float32) + noise).mul_(span / 256.0).add_(self.low)

    def decode(self, samples: Tensor) -> Tensor:
        """Images in [low, high] to uint8 [N, C, H, W], rounded to the nearest level.

        Signals, volumes and images of more than 4 bands to float32 in [-1, 1]; points as they are.
        """
        import torch

        span = self.high - self.low
        if samples.dim() != 4 or samples.shape[1] > 4:
            made = samples.float()
            plain = samples.dim() < 3 or (self.low, self.high) == (-1.0, 1.0)
            return made if plain else (made - self.low).mul_(2 / span).sub_(1.0)
        if self.dequantise == "paper":  # level k stands for the interval [k, k + 1) / 256
            levels = ((samples.float() - self.low) * (256.0 / span)).floor()
        else:
            levels = (samples.float() - self.low) * (255.0 / span)
            if not self._over_white(samples):
                levels = levels.round()
        if self._over_white(samples):
            alpha = levels[:, -1:].round().clamp(0, 255)
            missing = (255.0 - levels[:, :-1].clamp(0, 255)) * (255.0 / alpha.clamp(min=1.0))
            colour = torch.where(alpha > 0, 255.0 - missing, 255.0)
            levels = torch.cat([colour.round(), alpha], 1)
        return levels.clamp_(0, 255).to(torch.uint8)

    def _over_white(self, pictures: Tensor) -> bool:
        return self.colour == "over_white" and has_alpha(pictures.shape[1])


def with_colour_over_white(representation: RepresentationLike) -> RepresentationLike:
    """The representation for pictures whose transparency is kept; one of a user's own as it is."""
    if isinstance(representation, Plain):
        return replace(representation, colour="over_white")
    if isinstance(representation, Pyramid):
        return replace(representation, image=replace(representation.image, colour="over_white"))
    return representation


@dataclass(frozen=True)
class OneHot:
    """One-hot text: at each position 1 for its character, 0 for all others."""

    characters: int | None = None
    """size of the alphabet, with unknown and padding; None: follows the text"""

    def __post_init__(self) -> None:
        whole_number("OneHot.characters", self.characters, 2, or_none=True)

    def fitted(self, sample: SampleSpec) -> OneHot:
        """The representation with the size of the samples' alphabet.

        Raises:
            UsageError: for samples that are no text, or text of another alphabet.
        """
        if not sample.is_text:
            raise UsageError(f"OneHot is for text, one sample a line in a .txt file, but a sample is {sample}")
        if self.characters not in (None, sample.shape[0]):
            raise UsageError(
                f"OneHot.characters is {self.characters}, but a sample is {sample}: "
                f"leave it out, or give --representation.characters {sample.shape[0]}"
            )
        return OneHot(sample.shape[0])

    def random_spec(self, sample: SampleSpec) -> RandomSpec | None:
        return None

    def encode(self, stored: Tensor, noise: Tensor | None = None) -> Tensor:
        """Ids [N, L], uint8 or int16, to float32 [N, V, L] of ones and zeros."""
        import torch

        if self.characters is None:
            raise UsageError("OneHot.characters is null; fitted(sample) takes it from the text")
        indices = stored.long()[:, None]
        zeros = torch.zeros(len(stored), self.characters, stored.shape[1], device=stored.device)
        return zeros.scatter_(1, indices, 1.0)

    def decode(self, samples: Tensor) -> Tensor:
        """The likeliest character of each position: [N, V, L] to ids [N, L], uint8 for V up to 256, else int16."""
        import torch

        return samples.argmax(1).to(torch.uint8 if samples.shape[1] <= 256 else torch.int16)


@dataclass(frozen=True)
class Pyramid:
    """Images at several sizes, coarse to fine, each the 2x2 means of the next (MSG-GAN)."""

    least: int = 4
    """pixels of the coarsest size, of its shorter side: 4 in MSG-GAN, 7 for images of 28 px"""
    image: Plain = Plain()
    """scaling of the pixels"""

    def __post_init__(self) -> None:
        whole_fields(self, "least")

    def fitted(self, sample: SampleSpec) -> Pyramid:
        """The representation itself.

        Raises:
            UsageError: for samples that are no pictures, or cannot be halved down to ``least`` pixels.
        """
        if not sample.is_picture:
            remedy = "recipes for text are text and text-gan" if sample.is_text else "a recipe for points is wgan-gp"
            raise UsageError(f"Pyramid is for pictures, but a sample is {sample}: {remedy}")
        shorter, longer = sorted(sample.shape[1:])
        factor = shorter // self.least
        if not factor or factor & (factor - 1) or shorter != self.least * factor:
            raise UsageError(
                f"Pyramid.least is {self.least}, but a sample is {sample}: it takes images whose shorter side is "
                f"{self.least} px or doublings of it; bring pictures there with --data.size"
            )
        if longer % factor:
            raise UsageError(
                f"Pyramid.least is {self.least}, but a sample is {sample}: its longer side has to be a multiple of "
                f"{factor}, such as {round(longer / factor) * factor}"
            )
        return self

    def random_spec(self, sample: SampleSpec) -> RandomSpec | None:
        return self.image.random_spec(sample)

    def encode(self, stored: Tensor, noise: Tensor | None = None) -> Scales:
        """uint8 images [N, C, H, W] to float32 ones in [low, high] at sizes from ``least`` to H or W, the shorter."""
        from torch.nn.functional import avg_pool2d

        sizes = [self.image.encode(stored, noise)]
        while min(sizes[-1].shape[-2:]) > self.least:
            sizes.append(avg_pool2d(sizes[-1], 2))
        return Scales(tuple(sizes[::-1]))

    def decode(self, samples: Sample) -> Tensor:
        """The finest size, or a single one, as uint8 [N, C, H, W]."""
        return self.image.decode(scales_of(samples)[-1])


if TYPE_CHECKING:
    Representation: TypeAlias = RepresentationLike
else:
    Representation = Plain | OneHot | Pyramid
