"""``steadygan resume``: goes on with a run, or extends it."""

from __future__ import annotations

from collections.abc import Sequence

from steadygan import api
from steadygan.cli import ending
from steadygan.cli.parser import Parser, at_least, more_rounds


def run(arguments: Sequence[str]) -> int:
    """Resumes, and gives the exit code."""
    parser = Parser("resume", "Goes on with a run from its last checkpoint, as if it had never stopped.")
    parser.add_argument("run", nargs="?", metavar="RUN", help="a name below runs/ or a folder (default: the newest)")
    parser.add_argument("--rounds", type=more_rounds, default=0, metavar="+N", help="extends the run by N rounds")
    parser.add_argument("--micro-batch", type=at_least(1), metavar="N", help="samples that are held in memory at once")
    parser.add_argument("--device", default="auto", metavar="D", help="auto, cpu, cuda, cuda:1 or mps")
    parser.add_argument("--track", action="append", default=[], metavar="NAME", help="wandb, mlflow, ... (repeatable)")
    values = parser.parse(arguments)
    found = api.load(values.run)
    if found.finished and not values.rounds:
        print(f"{found.folder} is finished: {found.rounds_done:,} rounds")
        ending.say_results(found)
        return 0
    print(f"run {found.folder}: round {found.rounds_done:,} of {found.recipe.rounds + values.rounds:,}", flush=True)
    return ending.carry_out(
        found.folder,
        lambda: api.resume(
            found,
            more_rounds=values.rounds,
            micro_batch=values.micro_batch,
            device=values.device,
            observers=api.default_observers(trackers=values.track),
        ),
    )
