"""What a page knows of a generator: how to draw latents, names, and what it refuses."""

from __future__ import annotations

import base64
import dataclasses

import numpy as np
import pytest
import torch
from scipy.stats import truncnorm

from steadygan.errors import UsageError
from steadygan.export.generator import exportable
from steadygan.export.page import contents as page_contents
from steadygan.export.page.contents import contents, kind_of, prior_facts, truncated_deviation
from steadygan.networks import MLPGenerator
from steadygan.priors import Normal, TruncatedNormal, Uniform
from steadygan.types import RandomSpec, SampleSpec
from tests.export.untrained import FAMILIES, Untrained


def floats(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f4")


@dataclasses.dataclass(frozen=True)
class Triangular:
    """A prior of a user's own: sums of two uniform numbers."""

    size: int = 3

    def random_spec(self):
        return RandomSpec("uniform", (2, self.size))

    def latents(self, noise):
        return noise.sum(1)

    def nearest(self, latents):
        return latents


def with_prior(prior):
    run = FAMILIES["points"]()
    run.recipe = dataclasses.replace(run.recipe, prior=prior)
    return run


@pytest.mark.parametrize("threshold", [0.1, 1.0, 2.0, 9.0])
def test_the_deviation_of_a_truncated_normal_is_scipys(threshold):
    assert truncated_deviation(threshold) == pytest.approx(truncnorm.std(-threshold, threshold), rel=1e-6)


@pytest.mark.parametrize("prior", [Normal(5), TruncatedNormal(5, 0.7), Uniform(5)])
def test_the_deviation_is_that_of_the_latents(prior):
    facts = prior_facts(with_prior(prior))
    assert facts["size"] == 5 and facts.get("threshold") == getattr(prior, "threshold", None)
    assert float(with_prior(prior).latents(20_000).std()) == pytest.approx(facts["deviation"], rel=0.02)


def test_latents_of_a_prior_of_the_users_own_are_in_the_page():
    run = with_prior(Triangular())
    facts = prior_facts(run)
    bank = floats(facts["bank"]).reshape(-1, 3)
    np.testing.assert_array_equal(bank, run.latents(page_contents.BANK).numpy())
    assert facts["kind"] == "drawn" and facts["deviation"] == pytest.approx(np.sqrt(1 / 6), rel=0.05)


@pytest.mark.parametrize("family", ["points", "images with labels", "text", "StyleGAN2"])
def test_samples_of_fixed_latents_are_those_of_the_run(family):
    run = FAMILIES[family]()
    content = contents(run, exportable(run), b"model", [])
    check = content["check"]
    latents = torch.from_numpy(floats(check["latents"]).reshape(4, -1).copy())
    expected = run.decode(latents, torch.tensor(check["labels"]) if run.conditional else None)
    made = floats(check["samples"]).reshape(expected.shape)
    np.testing.assert_allclose(made, expected, atol=0.5 + 1e-3 if run.sample_spec.is_image else 1e-6)
    assert content["shape"] == list(expected.shape[1:])
    assert content["truncation"] == ("styles" if family == "StyleGAN2" else "latents")
    assert content["classes"] == (list("abcdefghij")[: run.sample_spec.classes] if run.conditional else [])


def test_axes_hold_the_points():
    run = FAMILIES["points"]()
    low, high = contents(run, exportable(run), b"", [])["extent"]
    points = run.sample(500, seed=3)
    assert ((points > low) & (points < high)).all(1).mean() > 0.98
    assert high[0] - low[0] == pytest.approx(high[1] - low[1])  # one unit is as long on both axes


@pytest.mark.parametrize(
    ("shape", "made"),
    [((3,), "points of 3 numbers"), ((5, 8, 8), "images of many bands"), ((1, 4, 4, 4), "volumes")],
)
def test_samples_that_a_page_cannot_show_are_refused(shape, made):
    run = Untrained("wgan-gp", SampleSpec(shape), generator=MLPGenerator(8))
    with pytest.raises(UsageError, match=f"points of 2 numbers and text, but untrained makes {made}: export it"):
        kind_of(run)


def test_a_model_that_no_browser_opens_is_refused(monkeypatch):
    monkeypatch.setattr(page_contents, "LARGEST", 10)
    run = FAMILIES["points"]()
    with pytest.raises(UsageError, match=r"a page holds up to .*--to onnx"):
        contents(run, exportable(run), b"x" * 11, [])
