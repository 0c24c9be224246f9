"""``steadygan evaluate``: metrics of runs, with the provenance of each number."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadygan import api
from steadygan.cli.as_json import add_json, print_json
from steadygan.cli.parser import ROUND, Parser, add_kinds, at_least, chosen_round, round_or_best
from steadygan.errors import UsageError
from steadygan.kinds import check_used, import_kinds
from steadygan.run import RUNS, is_run

if TYPE_CHECKING:
    from steadygan.evaluation.record import Evaluation


def run(arguments: Sequence[str]) -> int:
    """Measures and prints."""
    parser = Parser(
        "evaluate", "Measures the samples of runs, and writes evaluation.json and nearest.png into their folders."
    )
    parser.add_argument(
        "runs",
        nargs="*",
        metavar="RUN",
        help="names below runs/ or folders (default: the newest); with --against, samples: folders of pictures, .npz, "
        ".npy or .txt files",
    )
    parser.add_argument(
        "--against", metavar="DATA", help="measures samples that are there already against this real data"
    )
    parser.add_argument("--metrics", metavar="A,B", help="of those listed below (default: all that fit the data)")
    parser.add_argument(
        "--features",
        default="auto",
        metavar="NAME",
        help="classifier, inception, patches, pixels, or package.module:function (default: a classifier of the data's "
        "classes if it has labels, else patches)",
    )
    parser.add_argument("--inception-weights", metavar="FILE", help="Inception's weights, as .pth or .safetensors")
    parser.add_argument(
        "--count",
        type=at_least(2),
        metavar="N",
        help="samples (default: as many as there are real ones, 2,000 to 10,000)",
    )
    parser.add_argument("--seed", type=at_least(0), default=0, metavar="S", help="of the latents (default: 0)")
    parser.add_argument(
        "--weights",
        default="average",
        metavar="W",
        help="average, average-plain (batch-norm statistics of training) or raw (default: average)",
    )
    parser.add_argument("--data", metavar="SOURCE", help="where the runs' data is now, if it has moved")
    parser.add_argument("--round", type=round_or_best, metavar="R", help=ROUND)
    add_kinds(parser)
    add_json(parser)
    parser.epilog = "metrics: " + "; ".join(f"{name}: {what}" for name, what in _listed())
    values = parser.parse(arguments)
    from steadygan.evaluation.run_evaluation import evaluate
    from steadygan.run.layout import EVALUATION

    if values.against is not None:
        return _of_samples(values)
    _hint_at_samples(values.runs)
    kinds = import_kinds(values.kinds)
    runs = [api.load(name, kinds=kinds) for name in values.runs or [None]]
    if kinds:
        check_used(kinds, *(loaded.recipe for loaded in runs))
    done: list[_Measured] = []
    for loaded in runs:
        with _shown_anyway(str(loaded.folder), done, values.json):
            new = evaluate(
                loaded,
                metrics=values.metrics.split(",") if values.metrics else None,
                features=values.features,
                count=values.count,
                seed=values.seed,
                weights=values.weights,
                round_=chosen_round(loaded, values.round),
                inception_weights=values.inception_weights,
                data=values.data,
                say=_note,
            )
        done.append(_Measured(str(loaded.folder), new, loaded.folder / EVALUATION))
        if not values.json:
            done[-1].show()
    if values.json:
        _print_rows(done)
    return 0


@dataclasses.dataclass(frozen=True)
class _Measured:
    """The new numbers of a run, or of samples, and the file where they are kept."""

    source: str
    evaluations: Sequence[Evaluation]
    written: Path | None
    """None: it cannot be written"""

    def show(self) -> None:
        """Prints them."""
        from steadygan.evaluation.tables import evaluation_lines

        print(f"{self.source}:")
        print("\n".join(evaluation_lines(self.evaluations)))
        if self.written is not None:
            print(f"written: {self.written}")

    def rows(self) -> list[dict[str, Any]]:
        """One row a number, with what decides it."""
        found: list[dict[str, Any]] = []
        for each in self.evaluations:
            numbers = (dataclasses.asdict(number) for number in each.numbers)
            found += [{"of": self.source, **number, "provenance": each.provenance} for number in numbers]
        return found


def _print_rows(measured: Sequence[_Measured]) -> None:
    rows = [row for each in measured for row in each.rows()]
    print_json("evaluate", rows, written=[each.written for each in measured if each.written is not None])


@contextlib.contextmanager
def _shown_anyway(source: str, done: Sequence[_Measured], as_json: bool) -> Iterator[None]:
    """Prints numbers whose file cannot be written, as on a full disk, before the error goes on."""
    from steadygan.evaluation.record import NotKeptError

    try:
        yield
    except NotKeptError as error:
        measured = _Measured(source, error.evaluations, None)
        if as_json:
            _print_rows([*done, measured])
        else:
            measured.show()
        raise


def _of_samples(values: argparse.Namespace) -> int:
    """Measures samples against real data, and prints."""
    from steadygan.evaluation.given_samples import evaluate_samples, record_beside

    if not values.runs:
        raise UsageError("--against is for samples: name a folder of pictures, an array file or a text file")
    of_runs = {"--weights": values.weights != "average", "--round": values.round, "--data": values.data}
    for option, given in (of_runs | {"--kinds": values.kinds}).items():
        if given:
            raise UsageError(f"{option} is for runs, but --against measures samples that are there already")
    done: list[_Measured] = []
    for path in values.runs:
        with _shown_anyway(path, done, values.json):
            new = evaluate_samples(
                path,
                values.against,
                metrics=values.metrics.split(",") if values.metrics else None,
                features=values.features,
                count=values.count,
                seed=values.seed,
                weights_file=values.inception_weights,
                say=_note,
            )
        done.append(_Measured(path, new, record_beside(path)))
        if not values.json:
            done[-1].show()
    if values.json:
        _print_rows(done)
    return 0


def _note(line: str) -> None:
    """Prints what a reader of the numbers has to know."""
    print(f"steadygan: {line}", file=sys.stderr, flush=True)


def _hint_at_samples(names: Sequence[str]) -> None:
    """Refuses a path that is no run, with the way to measure what is in it."""
    for name in names:
        if Path(name).exists() and not is_run(Path(name)) and not is_run(RUNS / name):
            raise UsageError(f"{name} is no run; samples are measured with 'steadygan evaluate {name} --against DATA'")


def _listed() -> list[tuple[str, str]]:
    from steadygan.evaluation.measures import MEASURES

    return [(measure.name, measure.what) for measure in MEASURES]
