"""What tests of experiments share: a study carried out at smoke scale, and what each must do with its results."""

from __future__ import annotations

import io
from pathlib import Path

import torch

from steadygan.studies import Results, Row, Study
from steadygan.studies.study import SCALES

ANSWERS = ("holds", "does not hold", "not decided here")


def smoke(study: Study, folder: Path) -> Results:
    """The outcomes of all trials at smoke scale with seed 0."""
    with torch.random.fork_rng(devices=[]):
        rows = [
            Row(trial.settings, trial.seed, trial.work.carry_out(folder / trial.name, trial.seed))
            for trial in study.trials("smoke", [0])
        ]
    return Results(tuple(rows))


def check_report(study: Study, results: Results) -> None:
    """Figures, table and decisions of all, one and none of the trials; names of trials that differ at any scale."""
    for some in (results, Results(results.rows[:1]), Results(results.rows[-1:]), Results(())):
        for plot in study.plots(some):
            page = io.BytesIO()
            if some is not results:  # places of axes are found by drawing again and again
                plot.image.set_layout_engine("none")
            plot.image.savefig(page, format="png")
            assert plot.caption
            assert len(page.getvalue()) > 1_000
        table = study.table(some)
        assert all(len(row) == len(table.columns) for row in table.rows)
        for claim in study.claims:
            assert claim.decide(some).answer in ANSWERS
    assert study.table(results).rows
    for scale in SCALES:
        names = [trial.name for trial in study.trials(scale, [0, 1])]
        assert len(set(names)) == len(names) >= 2
