"""``steadygan evaluate``: metrics of runs, with the provenance of each number."""

from __future__ import annotations

from collections.abc import Sequence

from steadygan import api
from steadygan.cli.parser import ROUND, Parser, add_kinds, at_least, chosen_round, round_or_best
from steadygan.kinds import import_kinds


def run(arguments: Sequence[str]) -> int:
    """Measures and prints."""
    parser = Parser(
        "evaluate", "Measures the samples of runs, and writes evaluation.json and nearest.png into their folders."
    )
    parser.add_argument("runs", nargs="*", metavar="RUN", help="names below runs/ or folders (default: the newest)")
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
    parser.add_argument("--round", type=round_or_best, metavar="R", help=ROUND)
    add_kinds(parser)
    parser.epilog = "metrics: " + "; ".join(f"{name}: {what}" for name, what in _listed())
    values = parser.parse(arguments)
    from steadygan.evaluation.run_evaluation import evaluate
    from steadygan.evaluation.tables import evaluation_lines
    from steadygan.run.layout import EVALUATION

    kinds = import_kinds(values.kinds)
    for name in values.runs or [None]:
        loaded = api.load(name, kinds=kinds)
        new = evaluate(
            loaded,
            metrics=values.metrics.split(",") if values.metrics else None,
            features=values.features,
            count=values.count,
            seed=values.seed,
            weights=values.weights,
            round_=chosen_round(loaded, values.round),
            inception_weights=values.inception_weights,
        )
        print(f"{loaded.folder}:")
        print("\n".join(evaluation_lines(new)))
        print(f"written: {loaded.folder / EVALUATION}")
    return 0


def _listed() -> list[tuple[str, str]]:
    from steadygan.evaluation.measures import MEASURES

    return [(measure.name, measure.what) for measure in MEASURES]
