"""Sizes of studies that train on points and on pictures."""

from __future__ import annotations

from typing import NamedTuple


class Size(NamedTuple):
    """Networks and length at a scale."""

    width: int
    """of the networks for points"""
    batch: int
    """of points"""
    rounds: int
    """on points"""
    maps: int
    """width of the networks for pictures"""
    picture_rounds: int
    """on pictures"""
    samples: int
    """that are judged"""
