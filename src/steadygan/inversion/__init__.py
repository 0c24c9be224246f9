"""GAN inversion: points of a generator's space, z or w, whose samples are near given targets."""

from __future__ import annotations

from steadygan.inversion.descent import Descent, Found, descend, find_latents
from steadygan.inversion.distances import Absolute, CriticAndPixels, Distance, Squares, critic_layers
from steadygan.inversion.spaces import LatentSpace, Space, StyleSpace
from steadygan.inversion.starts import Starts, chosen_starts

__all__ = [
    "Absolute",
    "CriticAndPixels",
    "Descent",
    "Distance",
    "Found",
    "LatentSpace",
    "Space",
    "Squares",
    "Starts",
    "StyleSpace",
    "chosen_starts",
    "critic_layers",
    "descend",
    "find_latents",
]
