"""The metrics of an evaluation are chosen by name, and those that have too few samples are told of."""

from __future__ import annotations

import dataclasses

import pytest

from steadygan.data import DataOptions, Stored, open_data
from steadygan.errors import UsageError
from steadygan.evaluation.measures import MEASURES, OTHER_NAMES, Subject, select


@pytest.fixture(scope="module")
def digits():
    return open_data(DataOptions("digits"))


def test_metrics_that_have_too_few_samples_are_named(digits):
    lines = []
    names = {measure.name for measure in select(None, Subject(digits, 60), lines.append)}
    assert {"frechet", "memorisation"} <= names and not {"inception_score", "classes"} & names
    assert lines == ["note: 60 samples are too few for inception_score, classes: left out; 100 are needed"]
    select(None, Subject(digits, 100), lines.append)
    assert len(lines) == 1


def test_too_few_samples_for_all_metrics_are_refused(digits):
    for count in (2, 49):
        with pytest.raises(UsageError, match=f"{count} samples are too few for any metric: 50 are needed at least"):
            select(None, Subject(digits, count))


def test_a_lone_held_out_sample_leaves_out_the_metrics_that_compare_them(digits):
    held_out = Stored(digits.held_out.samples[:1], digits.held_out.labels[:1])
    lone, lines = dataclasses.replace(digits, held_out=held_out), []
    names = [measure.name for measure in select(None, Subject(lone, 100), lines.append)]
    assert names == [measure.name for measure in select(None, Subject(digits, 100)) if measure.name != "memorisation"]
    assert lines == ["note: 1 held-out sample is too few for memorisation: left out; 2 are needed"]
    with pytest.raises(UsageError, match="metric 'memorisation' needs 2 held-out samples or more, 'digits' has 1"):
        select(["memorisation"], Subject(lone, 100))


def test_names_of_other_tools_are_answered_with_ours(digits):
    assert set(OTHER_NAMES.values()) <= {measure.name for measure in MEASURES}
    for theirs, ours in (("FID", "frechet"), ("kid", "kernel"), ("recall", "manifold")):
        with pytest.raises(UsageError, match=f"metric '{theirs}' is '{ours}' here"):
            select([theirs], Subject(digits, 100))
