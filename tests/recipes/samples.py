"""Samples that recipes are made for, and groups of recipes."""

from __future__ import annotations

from steadygan.types import SampleSpec

POINTS = SampleSpec((2,))
IMAGES = SampleSpec((3, 32, 32))
TEXT = SampleSpec((40, 16))
CONDITIONAL = (
    *("acgan", "acgan-wgan-gp", "projection", "biggan", "biggan-cifar10", "biggan-128", "sgan"),
    "pictures-by-class",
)
RESIDUAL = ("wgan-gp-cifar10", "sngan-cifar10", "sagan", "projection", "biggan", "biggan-cifar10", "biggan-128")
"""for pictures of 8 to 128 px but 28, and not for points"""
PICTURES = (
    *("r3gan-cifar10", "photos", "pictures", "pictures-by-class", "stylegan2", "stylegan2-ada", "progan", "sgan"),
)
