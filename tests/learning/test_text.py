"""WGAN-GP on sentences of a small grammar, against a bound that untrained and unpenalised generators miss."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadygan.data import open_data
from steadygan.metrics.ngrams import ngram_js
from steadygan.optimizers import Adam
from steadygan.penalties import GradientPenalty
from steadygan.recipes import text_gan
from steadygan.schedules import Constant
from tests.grammar import data, small
from tests.learning.trained import trained

BOUND = 0.3
"""of the divergence of pairs of characters"""
QUICK = Adam(4e-3, betas=(0.5, 0.9))


def pair_divergence(path: Path, folder: Path, rounds: int, **changes) -> float:
    """The divergence of pairs of characters in samples from those in held-out lines."""
    quick = {"generator_optimizer": QUICK, "critic_optimizer": QUICK, "critic_steps": Constant(2), **changes}
    run = trained(folder, lambda _: small(**quick), rounds, data=data(path))
    return ngram_js(open_data(data(path)).held_out.samples, run.sample(500, seed=7), 2)


@pytest.mark.slow
def test_wgan_gp_learns_how_characters_follow_each_other(grammar: Path, tmp_path: Path) -> None:
    assert pair_divergence(grammar, tmp_path, 130) < BOUND


@pytest.mark.parametrize(
    ("rounds", "changes"),
    [
        pytest.param(1, {}, id="untrained"),
        pytest.param(40, {"make": text_gan}, id="text-gan", marks=pytest.mark.slow),
        pytest.param(40, {"penalties": (GradientPenalty(0.0),)}, id="no penalty", marks=pytest.mark.slow),
    ],
)
def test_untrained_and_unpenalised_text_misses_the_bound(
    grammar: Path, tmp_path: Path, rounds: int, changes: dict
) -> None:
    assert pair_divergence(grammar, tmp_path, rounds, **changes) > 2 * BOUND
