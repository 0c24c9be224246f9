"""Where a run stands; random numbers are functions of (seed, counters)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Counters:
    """Where a run stands after a number of rounds."""

    round: int = 0
    """rounds done"""
    critic_steps: int = 0
    """critic steps done"""
    position: int = 0
    """real samples taken from the data"""
    seen: int = 0
    """fakes that the generator was trained on"""
    seconds: float = 0.0
    """of training, over all sessions"""
