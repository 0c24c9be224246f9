"""Stacked networks (SGAN, Huang et al. 2017): a class becomes features, and features become images.

Each level has a generator and a critic of its own; to the training they are one generator and one critic, whose
objective (``objectives.stacked``) has terms for each level. The features are those of the recipe's ``encoder``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from steadygan.checks import at_least, literal_fields, true_or_false, whole_fields, whole_number, within
from steadygan.codec import DURATION
from steadygan.errors import UsageError
from steadygan.networks.checks import need_classes, need_labels
from steadygan.networks.dcgan import DCGANCritic, DCGANGenerator
from steadygan.networks.mlp import MLPCritic, MLPGenerator
from steadygan.networks.resnet import ResNetCritic, ResNetGenerator
from steadygan.networks.sgan import SGANImageCritic, SGANImageGenerator
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn

Images: TypeAlias = DCGANGenerator | MLPGenerator | ResNetGenerator | SGANImageGenerator
"""Generators of images from features and noise."""
ImageCritics: TypeAlias = DCGANCritic | MLPCritic | ResNetCritic | SGANImageCritic
"""Critics of images."""
Norm = Literal["none", "batch", "layer"]
Squash = Literal["none", "tanh"]
Init = Literal["he", "normal_0.02"]


@dataclass(frozen=True)
class StackedGenerator:
    """Two generators: noise and a class to features, then these and more noise to images.

    The first ``noise`` numbers of a latent are the upper level's, the others the lower one's. Until the round
    ``joint_from`` the lower level learns from features of real images, then from those of the upper one.
    """

    images: Images = DCGANGenerator()
    """the lower level's network, without labels"""
    features: int = 256
    """numbers of a feature, as the encoder's"""
    noise: int = 50
    """numbers of noise of the upper level"""
    units: int = 512
    """units of each hidden layer of the upper level"""
    norm: Norm = "batch"
    """norm in the layers of the upper level, and of the noise of the lower one"""
    apart: bool = False
    """the upper level's noise and label first pass a layer of their own (half of ``units``, and ``units``)"""
    noise_layers: int = 0
    """layers of 128 units that the lower level's noise passes before it joins the features"""
    joint_from: int | None = field(default=None, metadata=DURATION)
    """round from which both levels are trained together; none: each by itself to the end"""
    joint_weight: float = 0.01
    """weight of the lower level's loss in the upper one's, when they are trained together"""
    init: Init = "he"
    """initial weights of the upper level: he, or normal_0.02 as the authors"""
    conditional: ClassVar[bool] = True
    """True: the generator takes labels"""
    needs_real: ClassVar[bool] = True
    """True: in training it takes features of real images"""

    def __post_init__(self) -> None:
        name = "StackedGenerator"
        whole_fields(self, "features", "noise", "units")
        whole_fields(self, "noise_layers", least=0)
        whole_number(f"{name}.joint_from", self.joint_from, 0, or_none=True)
        literal_fields(self, norm=Norm, init=Init)
        true_or_false(f"{name}.apart", self.apart)
        at_least(f"{name}.joint_weight", self.joint_weight, 0)
        if getattr(self.images, "conditional", False):
            raise UsageError(f"{name}.images is conditional, but features stand for the class there: make it false")

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        """A generator of such images, from latents of size ``latent`` and labels.

        Raises:
            UsageError: for other samples, for data without labels, and for latents that leave the lower level none.
        """
        from steadygan.networks.layers import stacked
        from steadygan.networks.layers.initialization import all_initialized

        classes = need_labels("StackedGenerator", sample)
        rest = latent - self.noise
        if rest < 1:
            raise UsageError(
                f"StackedGenerator.noise is {self.noise} of a prior of {latent} numbers: the lower level needs one of "
                f"them at least; allowed: 1 to {latent - 1}"
            )
        paths: tuple[nn.Module | None, nn.Module | None] = (None, None)
        joined = self.noise + classes
        if self.apart:
            paths = self._layers(self.noise, self.units // 2), self._layers(classes, self.units)
            joined = self.units // 2 + self.units
        trunk = self._layers(joined, self.units, self.units, last=self.features)
        top = stacked.FeatureGenerator(paths, trunk, classes)
        if self.init != "he":
            all_initialized(top, self.init)
        of_noise = self._layers(rest, *(128,) * self.noise_layers) if self.noise_layers else None
        if of_noise is not None and self.init != "he":
            all_initialized(of_noise, self.init)
        inputs = self.features + (128 if self.noise_layers else rest)
        bottom = stacked.ImageGenerator(of_noise, self.images.build(sample, inputs))
        return stacked.StackedGenerator(top, bottom, self.noise, self.joint_from, self.joint_weight)

    def _layers(self, inputs: int, *widths: int, last: int | None = None) -> nn.Module:
        """Linear layers with norm and ReLU; a last one without norm."""
        from torch import nn

        from steadygan.networks.layers.linear import linear
        from steadygan.networks.layers.normalization import norm_1d

        parts: list[nn.Module] = []
        for width in widths:
            layer = linear(inputs, width, "he") if self.norm == "none" else _without_bias(inputs, width)
            parts += [layer, *norm_1d(self.norm, width), nn.ReLU()]
            inputs = width
        if last is not None:
            parts += [linear(inputs, last, "he"), nn.ReLU()]
        return nn.Sequential(*parts)


@dataclass(frozen=True)
class StackedCritic:
    """Two critics: of features, and of images. Each also recovers the noise of its level's generator."""

    images: ImageCritics = DCGANCritic()
    """the critic of images, whose layers but the last are used"""
    features: int = 256
    """numbers of a feature, as the encoder's"""
    noise: int = 50
    """numbers of noise of the upper level, as the generator's"""
    lower_noise: int = 50
    """numbers of noise of the lower level: those of the prior without ``noise``"""
    units: int = 512
    """units of each of the two hidden layers of the critic of features"""
    norm: Norm = "none"
    """norm after the second of them; not batch under a gradient penalty"""
    implicit: bool = False
    """class logits whose log sum exp is the score: the classes, and fakes as one more (Salimans et al. 2016); the
    objective's ``class_weight`` then counts"""
    squash: Squash = "none"
    """of the recovered noise; tanh for a prior in [-1, 1]"""
    corruption: float = 0.0
    """deviation of Gaussian noise on the features before their critic"""
    init: Init = "he"
    """initial weights: he, or normal_0.02 as the authors"""

    def __post_init__(self) -> None:
        whole_fields(self, "features", "noise", "lower_noise", "units")
        literal_fields(self, norm=Norm, squash=Squash, init=Init)
        true_or_false("StackedCritic.implicit", self.implicit)
        within("StackedCritic.corruption", self.corruption, 0, 10)

    def build(self, sample: SampleSpec) -> nn.Module:
        """A critic of such images and of features.

        Raises:
            UsageError: for other samples, unsupported sizes, and classes in data without labels.
        """
        from torch import nn

        from steadygan.networks.layers import activations, stacked
        from steadygan.networks.layers.initialization import all_initialized
        from steadygan.networks.layers.linear import linear
        from steadygan.networks.layers.normalization import norm_1d

        self._check_images()
        classes = need_classes("StackedCritic", sample, "implicit") if self.implicit else 0
        second = linear(self.units, self.units, "he") if self.norm == "none" else _without_bias(self.units, self.units)
        parts: list[nn.Module] = [stacked.GaussianNoise(self.corruption)] if self.corruption else []
        parts += [linear(self.features, self.units, "he"), activations.make("leaky_relu", critic=True)]
        parts += [second, *norm_1d(self.norm, self.units), activations.make("leaky_relu", critic=True)]
        scheme: Literal["glorot", "normal_0.02"] = "glorot" if self.init == "he" else "normal_0.02"
        top = stacked.LevelCritic(
            nn.Sequential(*parts),
            "flatten",
            (self.units, self.units),
            self.noise,
            classes,
            squash=self.squash,
            scheme=scheme,
        )
        if self.init != "he":
            all_initialized(top, self.init)
        whole: Any = self.images.build(sample)
        trunk, head = whole.trunk, whole.head
        pool = str(getattr(head, "pool", "flatten"))
        every = stacked.flat_width(trunk, sample.shape)
        widths = (head.score.in_features, every)
        bottom = stacked.LevelCritic(trunk, pool, widths, self.lower_noise, classes, squash=self.squash, scheme=scheme)
        return stacked.StackedCritic(top, bottom)

    def _check_images(self) -> None:
        """Refuses outputs of the critic of images that its level has no use for."""
        for name in ("class_logits", "projection", "features", "minibatch"):
            if getattr(self.images, name, None):
                raise UsageError(
                    f"StackedCritic.images has {name}, which a critic of a level does not; allowed: leave it out"
                )
        if getattr(self.images, "packing", 1) != 1:
            raise UsageError("StackedCritic.images has packing, but each sample has noise of its own; allowed: 1")


def _without_bias(inputs: int, outputs: int) -> nn.Module:
    """A linear layer before a norm, whose offset is its bias."""
    from torch import nn

    from steadygan.networks.layers.linear import linear

    layer = linear(inputs, outputs, "he")
    without = nn.Linear(inputs, outputs, bias=False)
    without.weight = layer.weight
    return without
