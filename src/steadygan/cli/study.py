"""``steadygan study``: carries out a study, lists all of them, or says what one would cost."""

from __future__ import annotations

from collections.abc import Sequence

from steadygan.cli.parser import Parser, at_least
from steadygan.errors import unknown_name


def run(arguments: Sequence[str]) -> int:
    """Carries out a study; returns the exit code."""
    values = _parser().parse(arguments)
    from steadygan.studies import catalogue, session, sources
    from steadygan.studies.study import SCALES

    if values.name is None:
        print("\n".join(catalogue.experiment_names()))
        return 0
    if values.scale not in SCALES:
        raise unknown_name("scale", values.scale, SCALES)
    named = dict(sources.parsed(text) for text in values.data)
    folder = session.opened(values.name, values.scale, seeds=values.seeds, out=values.out, data=named)
    found = session.carry_out(folder, again=values.again)
    for claim in found.study.claims:
        decision = found.decisions[claim.name]
        print(f"{claim.name}: {decision.answer}: {decision.evidence}")
    print(found.state)
    return 0 if found.complete else 1


def _parser() -> Parser:
    parser = Parser("study", "Carries out a study: trainings that answer a question of a paper.")
    parser.add_argument("name", nargs="?", metavar="NAME", help="of the study; without one, all are listed")
    parser.add_argument("--scale", default="laptop", metavar="S", help="smoke, laptop (default) or paper")
    parser.add_argument("--seeds", type=at_least(1), metavar="N", help="how many (default: the study's)")
    parser.add_argument(
        "--data", action="append", default=[], metavar="KIND=PATH", help="data of your own (repeatable)"
    )
    parser.add_argument("--out", metavar="DIR", help="the study's folder (default: runs/studies/NAME-SCALE)")
    parser.add_argument("--again", action="store_true", help="begins trials anew that failed")
    return parser
