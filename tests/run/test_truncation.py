"""Samples from a truncated prior: latents within the threshold, and batch-norm statistics that fit them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

import steadygan as sg
from steadygan.errors import UsageError
from steadygan.networks import BigGANCritic, BigGANGenerator
from steadygan.priors import Normal, TruncatedNormal, Uniform
from steadygan.recipe import RunOptions
from steadygan.recipes import biggan
from steadygan.run.standing_statistics import statistics_latents

RUN = RunOptions(precision="fp32", threads=1, picture_every=100, evaluate="none")


def small_run(folder, **changes):
    fields = {"generator": BigGANGenerator(2, shared=4), "critic": BigGANCritic(2), "prior": Normal(6), "batch": 8}
    recipe = dataclasses.replace(biggan(sg.SampleSpec((1, 8, 8), 10)), run=RUN, **{**fields, **changes})
    return sg.train(recipe, data="digits", out=folder / "run", rounds=2, observers=[])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return small_run(tmp_path_factory.mktemp("truncated"))


def test_latents_lie_within_the_threshold_and_the_run_itself_stays(run):
    narrow = run.truncated(0.3)
    assert narrow.latents(200).abs().max() <= 0.3 and run.latents(200).abs().max() > 1
    assert narrow.recipe.prior == TruncatedNormal(6, 0.3) and run.recipe.prior == Normal(6)
    assert torch.equal(narrow.latents(3, 7), narrow.latents(5, 7)[:3])
    assert np.array_equal(narrow.sample(4, 1), np.concatenate(list(narrow.stream(4, 1))))


def test_batch_norms_have_the_statistics_of_truncated_samples(run):
    """Of the first norm, on the first layer's maps: the mean over batches of each batch's own."""
    narrow = run.truncated(0.3)
    generator, plain = narrow.generator, run.generator
    norm = generator.trunk.blocks[0][0].opening[0]
    moments = []
    for latents, _ in statistics_latents(narrow.recipe, narrow.sample_spec, torch.device("cpu")):
        maps = generator.trunk.first(latents[:, : generator.trunk.chunk])
        moments.append((maps.mean((0, 2, 3)), maps.var((0, 2, 3))))
    mean, variance = (torch.stack(each).mean(0) for each in zip(*moments, strict=True))
    torch.testing.assert_close(norm.running_mean, mean, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(norm.running_var, variance, rtol=1e-4, atol=1e-6)
    before = plain.trunk.blocks[0][0].opening[0].running_var
    assert (norm.running_var < 0.5 * before).all()
    raw = narrow.load_generator("raw").trunk.blocks[0][0].opening[0].running_var
    assert (raw < 0.5 * run.load_generator("raw").trunk.blocks[0][0].opening[0].running_var).all()
    trained = narrow.load_generator("average-plain").state_dict()
    assert all(
        torch.equal(value, trained[name]) for name, value in run.load_generator("average-plain").state_dict().items()
    )


def test_a_wide_truncation_changes_nothing_that_is_seen(run):
    difference = run.truncated(30.0).sample(8, 2).astype(int) - run.sample(8, 2)
    assert np.abs(difference).max() <= 1


def test_interpolations_stay_within_it(run):
    assert run.truncated(0.5).interpolate(2, 3, 1).shape == (3, 2, 1, 8, 8)


def test_a_prior_that_is_truncated_already_gets_no_wider(run):
    assert run.truncated(0.3).truncated(2.0).recipe.prior == TruncatedNormal(6, 0.3)
    assert run.truncated(2.0).truncated(0.3).recipe.prior == TruncatedNormal(6, 0.3)


def test_other_priors_and_thresholds_are_refused_in_one_line(run, tmp_path):
    for bad in (0.0, -1.0, float("nan")):
        with pytest.raises(UsageError, match="truncation"):
            run.truncated(bad)
    other = small_run(tmp_path, prior=Uniform(6))
    with pytest.raises(UsageError, match=r"normal prior.*Uniform") as error:
        other.truncated(0.5)
    assert "\n" not in str(error.value)
