"""``steadygan resume``: continues or extends a run."""

from __future__ import annotations

from collections.abc import Sequence

from steadygan import api
from steadygan.cli import ending
from steadygan.cli.parser import Parser, add_kinds, at_least, more_rounds
from steadygan.kinds import check_used, import_kinds
from steadygan.recipe import own_kinds


def run(arguments: Sequence[str]) -> int:
    """Resumes; returns the exit code."""
    parser = Parser("resume", "Continues a run from its last checkpoint, as if it had never stopped.")
    parser.add_argument("run", nargs="?", metavar="RUN", help="a name below runs/ or a folder (default: the newest)")
    parser.add_argument("--rounds", type=more_rounds, default=0, metavar="+N", help="extends the run by N rounds")
    parser.add_argument(
        "--micro-batch", type=at_least(1), metavar="N", help="samples per forward pass, for less memory"
    )
    parser.add_argument("--device", default="auto", metavar="D", help="auto, cpu, cuda, cuda:1 or mps")
    parser.add_argument("--track", action="append", default=[], metavar="NAME", help="wandb, mlflow, ... (repeatable)")
    add_kinds(parser)
    values = parser.parse(arguments)
    loaded = api.load(values.run, kinds=import_kinds(values.kinds))
    check_used(loaded.kinds, own_kinds(loaded.recipe))
    if loaded.finished and not values.rounds:
        print(f"{loaded.folder} is finished: {loaded.rounds_done:,} rounds")
        ending.print_results(loaded)
        return 0
    print(f"run {loaded.folder}: round {loaded.rounds_done:,} of {loaded.recipe.rounds + values.rounds:,}", flush=True)
    return ending.carry_out(
        loaded.folder,
        lambda: api.resume(
            loaded,
            more_rounds=values.rounds,
            micro_batch=values.micro_batch,
            device=values.device,
            observers=api.default_observers(trackers=values.track),
        ),
        loaded.kinds,
    )
