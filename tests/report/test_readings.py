"""The charts of a run, their titles and their sentences."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from steadygan.evaluation.measures import MEASURES
from steadygan.objectives import Objective
from steadygan.penalties import Location
from steadygan.report.captions import EVALUATED, NO_CURVES, READINGS
from steadygan.report.readings import _ENERGIES, _PLACES, readings_for


def test_counters_have_no_chart_and_unknown_fields_share_one_by_prefix() -> None:
    fields = [*NO_CURVES, *(f"layer/{i}" for i in range(10)), "k_t", "penalty"]
    charts = readings_for(fields)
    assert [chart.title for chart in charts] == ["Penalty", "layer", "layer", "k t"]
    assert [len(chart.fields) for chart in charts] == [2, 8, 2, 1]


@pytest.mark.parametrize(
    ("penalties", "said"),
    [
        ([{"kind": "GradientPenalty", "weight": 10.0}], "The penalty holds it to 1:"),
        ([{"kind": "Drift"}, {"kind": "GradientPenalty", "target": 750.0}], "The penalty holds it to 750:"),
        ([{"kind": "GradientPenalty", "one_sided": True}], "The penalty holds it to at most 1;"),
        ([{"kind": "GradientPenalty", "target": 0.0}], "The penalty pulls it to 0"),
        ([{"kind": "R1"}, {"kind": "R2"}], "The penalty pulls it to 0"),
        ([{"kind": "MyPenalty"}], "Which height is right depends on the penalty"),
        ([], "Which height is right depends on the penalty"),
        (None, "Which height is right depends on the penalty"),
        ("torn", "Which height is right depends on the penalty"),
    ],
)
def test_the_gradient_norm_is_read_by_the_recipes_own_penalty(penalties: Any, said: str) -> None:
    (chart,) = readings_for(["gradient_norm_mean"], {"penalties": penalties})
    assert said in chart.sentence


def test_spectral_norms_share_charts_that_say_what_they_are() -> None:
    charts = readings_for(["critic_loss", *(f"sigma/critic.trunk.{i}" for i in range(7)), "gamma/critic.trunk.8"])
    assert [chart.title for chart in charts] == ["Critic loss", "Spectral norms", "Attention"]
    assert charts[1].fields[0] == ("sigma/critic.trunk.0", "critic.trunk.0") and "raw weight" in charts[1].sentence


@pytest.mark.parametrize("reading", EVALUATED, ids=lambda reading: reading.title)
def test_a_chart_of_samples_says_which_way_is_better(reading: Any) -> None:
    better = {"precision": "higher", "recall": "higher", "coverage": "higher", "density": "1 is best"}
    better |= {"modes": "higher", "high_quality": "higher"}
    names = [field.removeprefix("evaluation/") for field, _ in reading.fields]
    words = {better.get(name, "lower") for name in names}
    sentence = reading.sentence.lower()
    assert all(word in sentence for word in words)
    assert "higher is better" not in sentence or "lower is better" not in sentence


def test_what_a_training_is_evaluated_by_has_a_chart() -> None:
    charted = {field.removeprefix("evaluation/") for reading in EVALUATED for field, _ in reading.fields}
    named = {"frechet", "precision", "recall", "density", "coverage", "modes", "high_quality", "modes_kl"}
    assert named | {"wasserstein1", "ngram_js_4"} <= charted
    assert {"modes", "wasserstein1", "frechet"} <= {measure.name for measure in MEASURES}


def test_the_judge_is_named_where_its_metric_is_drawn() -> None:
    fields = ["evaluation/frechet", "evaluation/precision", "convergence_mean"]
    judged = [chart.title for chart in readings_for(fields, judge="frechet") if "kept as the best" in chart.sentence]
    assert judged == ["Fréchet distance"]
    judged = [c.title for c in readings_for(fields, judge="convergence_mean") if "kept as the best" in c.sentence]
    assert judged == ["Convergence (M)"]


def test_numbers_of_an_own_evaluation_claim_no_direction() -> None:
    (chart,) = readings_for(["evaluation/mine"])
    assert chart.title == "Further numbers of the samples" and "cannot say" in chart.sentence


def test_a_number_that_nobody_explains_has_no_sentence() -> None:
    assert [(c.title, c.sentence) for c in readings_for(["my_number"])] == [("my number", "")]


@pytest.mark.parametrize(
    ("penalty", "place"),
    [
        (
            {"kind": "GradientPenalty", "at": {"kind": "Between"}},
            " between real and generated samples",
        ),
        ({"kind": "GradientPenalty", "at": {"kind": "NearReal"}}, " around real samples"),
        ({"kind": "R1", "gamma": 1.0}, " at real samples"),
        ({"kind": "R2", "gamma": 1.0}, " at generated samples"),
        ({"kind": "MyPenalty", "at": {"kind": "MyPlace"}}, ""),
    ],
)
def test_the_gradient_norm_is_named_by_where_it_is_taken(penalty: dict[str, Any], place: str) -> None:
    (chart,) = readings_for(["gradient_norm_mean"], {"penalties": [penalty]})
    assert chart.title == f"Critic gradient norm{place}"


def test_every_location_has_its_words() -> None:
    assert {kind.__name__ for kind in get_args(Location)} == set(_PLACES)


def test_clipped_weights_leave_the_unit_of_the_estimate_open() -> None:
    clipped = readings_for(["wasserstein"], {"constraint": {"kind": "WeightClip"}})[0].sentence
    assert "unit open" in clipped and "unit open" not in readings_for(["wasserstein"], {"constraint": None})[0].sentence


def test_charts_share_no_field() -> None:
    fields = [field for reading in READINGS for field, _ in reading.fields]
    assert len(set(fields)) == len(fields) and not set(fields) & NO_CURVES


def test_scores_of_autoencoder_critics_are_energies() -> None:
    began, lecam = {"kind": "BoundaryEquilibrium"}, {"kind": "LeCam", "base": {"kind": "EnergyBased"}}
    for objective in (began, lecam):
        assert [c.title for c in readings_for(["real_score"], {"objective": objective})] == ["Energies"]
    assert readings_for(["real_score"], {"objective": {"kind": "Adversarial"}})[0].title == "Critic scores"


def test_all_objectives_of_energies_are_known() -> None:
    made = {kind: kind() for kind in get_args(Objective) if kind.__name__ not in ("LeCam", "FeatureMatching")}
    energies = {kind.__name__ for kind, objective in made.items() if not objective.real_is_high}
    assert energies <= set(_ENERGIES)
