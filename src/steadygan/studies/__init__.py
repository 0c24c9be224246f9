"""Studies: experiments over trainings, each with a question, trials, a figure, a table and claims that it decides.

One experiment a file in ``experiments/``; ``find`` gives one by its name.
"""

from steadygan.studies.catalogue import experiment_names, find
from steadygan.studies.claims import Claim, Decision
from steadygan.studies.results import Results, Row
from steadygan.studies.study import Plot, Scale, Study, Table
from steadygan.studies.training import Training
from steadygan.studies.trial import Calculation, Outcome, Trial

__all__ = [
    "Calculation",
    "Claim",
    "Decision",
    "Outcome",
    "Plot",
    "Results",
    "Row",
    "Scale",
    "Study",
    "Table",
    "Training",
    "Trial",
    "experiment_names",
    "find",
]
