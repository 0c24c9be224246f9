"""The numbers of pictures in studies, against independent computations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.special import rel_entr

from steadygan.data.options import DataOptions
from steadygan.errors import UsageError
from steadygan.features.classifier import classifier_features
from steadygan.features.patches import fit_patches
from steadygan.preparation import prepare
from steadygan.studies.experiments._data import named, pictures
from steadygan.studies.experiments._judged import CLASSIFIER, Judge, inception_numbers
from steadygan.studies.sources import is_stand_in, source


@pytest.fixture(scope="module")
def digits():
    return prepare("wgan-gp", "digits").dataset


@pytest.mark.slow
def test_numbers_of_digits_are_those_of_other_computations(digits):
    samples = np.asarray(digits.held_out.samples[:100])
    numbers = Judge(digits)(samples)

    train = np.asarray(digits.train.samples)
    patches = fit_patches(train)
    real, fake = (np.asarray(patches(each).features, float) for each in (train, samples))
    assert numbers["distance"] == pytest.approx(frechet(real, fake), rel=1e-4)

    classifier = classifier_features(digits, seed=CLASSIFIER)
    p = np.asarray(classifier(samples).probabilities, float)
    divergences = [rel_entr(part, part.mean(0)).sum(axis=1).mean() for part in np.array_split(p, 10)]
    assert numbers["score"] == pytest.approx(np.mean(np.exp(divergences)))
    real, fake = (np.asarray(classifier(each).features, float) for each in (train, samples))
    assert numbers["class_distance"] == pytest.approx(frechet(real, fake), rel=1e-3)


def frechet(real, fake):
    (a, s), (b, t) = ((each.mean(0), np.cov(each, rowvar=False)) for each in (real, fake))
    return float(np.square(a - b).sum() + np.trace(s + t - 2 * sqrtm(s @ t).real))


def test_pictures_without_labels_are_judged_by_patches_unless_labels_are_needed():
    dataset = prepare("wgan-gp", DataOptions(source="digits", labels=False)).dataset
    numbers = Judge(dataset)(np.asarray(dataset.held_out.samples[:60]))
    assert numbers.keys() == {"distance", "precision", "recall"}
    with pytest.raises(UsageError, match="classes"):
        Judge(dataset, need_labels=True)


def test_points_are_refused():
    with pytest.raises(UsageError, match="pictures"):
        Judge(prepare("wgan-gp", "8gaussians").dataset)


def test_inception_is_asked_for_nothing_without_a_file_of_weights(digits, monkeypatch):
    monkeypatch.delenv("STEADYGAN_INCEPTION", raising=False)
    assert inception_numbers(digits, np.asarray(digits.train.samples[:10])) == {}
    monkeypatch.setenv("STEADYGAN_INCEPTION", "nowhere.pth")
    assert inception_numbers(digits, np.asarray(digits.train.samples[:10])) == {}  # grey


def test_data_of_a_kind_is_the_users_or_the_stand_in(monkeypatch, tmp_path):
    monkeypatch.delenv("STEADYGAN_DATA_PICTURES", raising=False)
    assert source("pictures") == "digits" and is_stand_in("pictures") and named("pictures") == {}
    assert pictures("pictures", 32, 8) == DataOptions(source="digits", size=8)
    monkeypatch.setenv("STEADYGAN_DATA_PICTURES", str(tmp_path))
    assert pictures("pictures", 32, 8) == DataOptions(source=str(tmp_path.resolve()), size=32)
    assert named("pictures") == {"data": str(tmp_path.resolve())}
