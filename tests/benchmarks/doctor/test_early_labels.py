"""Labels of beginnings against labels of whole runs, by constructed outcomes."""

from __future__ import annotations

import pytest

from benchmarks.doctor.early_labels import beginning, scores
from benchmarks.doctor.labels import label
from tests.benchmarks.doctor.test_labels import BAD, changed, found

ALIKE = changed(spread=0.02, excess=1.0)


def turning(first, last):
    """Checkpoints that are one thing up to half of the run, and another one from there on."""
    made = found(last)
    return {**made, "average": [first.to_json()] * 5 + made["average"][5:]}


def test_a_beginning_has_the_checkpoints_up_to_its_end_alone():
    early = beginning(turning(ALIKE, BAD), 0.5)
    assert len(early["average"]) == 5 and len(early["moved"]) == 4
    assert label(early).name == "full_collapse"
    assert label(turning(ALIKE, BAD)).name == "not_learned"


@pytest.mark.parametrize(("share", "recall", "alarms"), [(0.5, 0.0, 1.0), (0.8, 1.0, 0.0)])
def test_an_answer_counts_by_the_label_of_the_whole_run(share, recall, alarms):
    healthy = [turning(ALIKE, changed())] * 3  # collapsed at half of the run
    failing = [turning(changed(), ALIKE)] * 3  # good at half of the run
    score = scores([*healthy, *failing], share)
    assert (score.recall.value, score.recall.of) == (recall, 3)
    assert (score.false_alarms.value, score.false_alarms.of) == (alarms, 3)


def test_ambiguous_trainings_are_left_out():
    assert scores([found(changed(excess=0.2))], 0.5).false_alarms.of == 0
