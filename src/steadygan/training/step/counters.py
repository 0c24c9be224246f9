"""Counters of a run, of which (with the seed) all random numbers are functions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Counters:
    """Progress of a run."""

    round: int = 0
    """rounds done"""
    critic_steps: int = 0
    """critic steps done"""
    position: int = 0
    """real samples taken from the data"""
    seen: int = 0
    """fakes used in generator steps"""
    seconds: float = 0.0
    """of training, over all sessions"""
