"""One-dimensional residual networks: WGAN-GP's language model (Gulrajani et al. 2017, Table 4; its code).

A sample is [V, L]: at each of L positions one number for each of V characters, one-hot in real text, probabilities in
generated text. The generator's softmax goes straight to the critic, without sampling; text is the likeliest character
of each position. (The authors' code has [L, V]; theirs is the same network on the transpose.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steadygan.checks import above, refused, whole_fields
from steadygan.errors import UsageError
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn


def _check(spec: TextGenerator | TextCritic) -> None:
    name = type(spec).__name__
    whole_fields(spec, "width", "blocks", "kernel")
    if spec.kernel % 2 == 0:
        raise refused(f"{name}.kernel", spec.kernel, "odd numbers: 1, 3, 5, …")
    above(f"{name}.residual_scale", spec.residual_scale, 0)


def _need_text(spec: str, sample: SampleSpec) -> tuple[int, int]:
    if not sample.is_text:
        raise UsageError(f"{spec} is for text, (characters, length), but a sample is {sample}")
    characters, length = sample.shape
    return characters, length


def _blocks(spec: TextGenerator | TextCritic, *, critic: bool) -> list[nn.Module]:
    from steadygan.networks.layers.sequences import LineBlock

    return [LineBlock(spec.width, spec.kernel, spec.residual_scale, critic=critic) for _ in range(spec.blocks)]


@dataclass(frozen=True)
class TextGenerator:
    """A linear layer to maps [N, width, L], residual blocks without norms, a softmax over the characters.

    Uniform weights by the authors' rules: Glorot for the linear layer, He for convolutions; biases 0.
    """

    width: int = 512
    """feature maps of every block (DIM); the authors: 512 is slow and overfits"""
    blocks: int = 5
    """number of residual blocks"""
    kernel: int = 5
    """kernel size in characters, odd"""
    residual_scale: float = 0.3
    """factor of a block's residual"""

    def __post_init__(self) -> None:
        _check(self)

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        """A generator of such text, from latents of size ``latent``.

        Raises:
            UsageError: for samples that are not (characters, length).
        """
        from steadygan.networks.layers.generator_critic import Generator, LabelledSequential
        from steadygan.networks.layers.initialization import initialized
        from steadygan.networks.layers.linear import linear
        from steadygan.networks.layers.sequences import CharacterSoftmax, LineConv, ToMaps

        characters, length = _need_text("TextGenerator", sample)
        parts: list[nn.Module] = [linear(latent, self.width * length, "glorot"), ToMaps(self.width, length)]
        parts += _blocks(self, critic=False)
        parts += [initialized(LineConv(self.width, characters, 1), "he"), CharacterSoftmax()]
        return Generator(LabelledSequential(*parts), sample.shape, "linear")


@dataclass(frozen=True)
class TextCritic:
    """A 1-wide convolution from characters to maps, residual blocks without norms, a linear score of all maps."""

    width: int = 512
    """feature maps of every block (DIM); the authors: 512 is slow and overfits"""
    blocks: int = 5
    """number of residual blocks"""
    kernel: int = 5
    """kernel size in characters, odd"""
    residual_scale: float = 0.3
    """factor of a block's residual"""
    features: bool = False
    """also output the last hidden layer (feature matching)"""

    def __post_init__(self) -> None:
        _check(self)

    def build(self, sample: SampleSpec) -> nn.Module:
        """A critic of such text.

        Raises:
            UsageError: for samples that are not (characters, length).
        """
        from steadygan.networks.layers.generator_critic import Critic, LabelledSequential, ScoreHead
        from steadygan.networks.layers.initialization import initialized
        from steadygan.networks.layers.sequences import LineConv, ToMaps

        characters, length = _need_text("TextCritic", sample)
        parts: list[nn.Module] = [ToMaps(characters, length)]
        parts += [initialized(LineConv(characters, self.width, 1), "he"), *_blocks(self, critic=True)]
        head = ScoreHead(self.width * length, "glorot", features=self.features)
        return Critic(LabelledSequential(*parts), head)
