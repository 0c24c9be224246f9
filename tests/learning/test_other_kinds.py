"""Trainings on signals and tables that must learn, judged by spectra, means, deviations and correlations."""

from __future__ import annotations

import numpy as np
import pytest

import steadygan as sg
from steadygan.networks import ConvCritic, ConvGenerator, MLPCritic, MLPGenerator
from steadygan.optimizers import Adam
from steadygan.priors import Normal
from steadygan.recipes import wgan_gp
from steadygan.schedules import Constant
from tests.learning.trained import trained


def share_of_third_harmonic(signals):
    """Share of the power of signals [N, T], without their means, that lies at three periods."""
    power = np.abs(np.fft.rfft(signals - signals.mean(axis=1, keepdims=True))) ** 2
    return (power[:, 3] / power.sum(axis=1)).mean()


@pytest.mark.slow
def test_wgan_gp_over_one_dimension_learns_waves_of_one_frequency_and_every_phase(tmp_path):
    rng = np.random.default_rng(0)
    places = np.arange(24) / 24
    waves = (3 + 2 * np.sin(2 * np.pi * (3 * places + rng.random((1000, 1, 1))))).astype(np.float32)
    rate = Adam(2e-3, betas=(0.0, 0.9))
    sample = sg.SampleSpec((1, 24), kind="signal")
    run = trained(
        tmp_path,
        wgan_gp,
        110,
        data=waves,
        sample=sample,
        generator=ConvGenerator(16),
        critic=ConvCritic(16),
        generator_optimizer=rate,
        critic_optimizer=rate,
        critic_steps=Constant(3),
        prior=Normal(16),
        batch=32,
    )
    made = run.sample(300, seed=1)[:, 0]
    assert share_of_third_harmonic(made) > 0.7  # of real ones 1; of noise, and before training, below 0.15
    assert abs(made.mean() - 3) < 0.3
    phases = np.histogram(np.angle(np.fft.rfft(made)[:, 3]), bins=4, range=(-np.pi, np.pi))[0]
    assert phases.min() > 30  # 75 each, if phases are spread evenly


@pytest.mark.slow
def test_rows_of_a_table_have_its_means_deviations_and_correlation_in_its_units(tmp_path):
    rng = np.random.default_rng(0)
    first = rng.normal(40, 12, 2000)
    table = np.column_stack([first, 1000 + 50 * first + rng.normal(0, 200, 2000), rng.poisson(3, 2000)])
    rate = Adam(3e-3, betas=(0.5, 0.9))
    run = trained(
        tmp_path,
        wgan_gp,
        120,
        data=table,
        sample=sg.SampleSpec((3,)),
        generator=MLPGenerator(64),
        critic=MLPCritic(64, activation="leaky_relu"),
        generator_optimizer=rate,
        critic_optimizer=rate,
        critic_steps=Constant(3),
        batch=64,
    )
    made = run.sample(2000, seed=1)
    assert (np.abs(made.mean(axis=0) - table.mean(axis=0)) < 0.25 * table.std(axis=0)).all()
    assert (np.abs(made.std(axis=0) / table.std(axis=0) - 1) < 0.3).all()
    assert abs(np.corrcoef(made.T)[0, 1] - np.corrcoef(table.T)[0, 1]) < 0.1
    assert np.array_equal(made[:, 2], np.rint(made[:, 2]))
