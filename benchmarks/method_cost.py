"""Cost of each recipe's round relative to WGAN-GP on the same networks: time and peak memory.

python -m benchmarks.method_cost                     all recipes, on a laptop's widths (benchmarks/laptop.py)
python -m benchmarks.method_cost --only began msg-gan --repeats 9
python -m benchmarks.method_cost --docs              also writes the table into docs/speed.md

Rows of other recipes stay in the file of results, if they were measured on the same processor in the same way.

Both sides have the recipe's generator, critic, optimizers and batch, one critic step and one generator step a round;
they run in turn in one process. The baseline has the Wasserstein loss and the gradient penalty, also on critics with
batch norm, where training refuses it. Lazy penalties are timed over as many rounds as they come in once, networks that
grow at their full size. Images of 32 px with ten classes; recipes that are not for images are timed on their own data.
Memory is measured in a new process for each side.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import torch

from benchmarks.common import RESULTS, ROOT, command_line, write_between
from benchmarks.laptop import BATCH, WIDTH, small_case
from benchmarks.speed.cases import Case
from benchmarks.speed.library import library_round
from benchmarks.speed.memory import in_new_process, peak_of
from benchmarks.speed.timing import STEADY, Round, Timed, Timing, Watch, interleaved, ratios
from steadygan.losses import Wasserstein
from steadygan.objectives import Adversarial
from steadygan.penalties import GradientPenalty
from steadygan.recipe import Recipe
from steadygan.recipes import RECIPES
from steadygan.run.environment import describe_environment
from steadygan.schedules import Constant
from steadygan.system.device import Precision, choose_device, choose_precision, processor
from steadygan.system.files import read_json
from steadygan.system.malloc import kept_memory
from steadygan.types import SampleSpec

IMAGES = SampleSpec((3, 32, 32), 10)
METHOD, BASELINE = SIDES = ("method", "wgan-gp")
SECONDS = 0.5  # of one measurement
SPEED = ROOT / "docs" / "speed.md"
BEGIN, END = "<!-- method-cost: written by benchmarks/method_cost.py --docs -->", "<!-- end of method-cost -->"


@dataclass(frozen=True)
class Side(Timing):
    """Seconds of a round, peak memory, and the ratio to the baseline."""

    peak_mb: float | None
    ratio: float
    """of the medians"""
    ratio_range: tuple[float, float]
    """over neighbouring measurements"""


@dataclass(frozen=True)
class Result:
    """Measurements of a recipe and its baseline."""

    recipe: str
    networks: str
    batch: int
    precision: str
    method: Side
    baseline: Side


COMPARED = [name for name in RECIPES if name != "sgan"]
"""recipes whose networks can be trained by WGAN-GP alone; those of a stacked GAN fit no other objective"""


def cases(name: str, width: int = WIDTH, batch: int = BATCH) -> dict[str, Case]:
    """The recipe and its baseline."""
    case = small_case(name, IMAGES, width, batch)
    recipe = dataclasses.replace(case.recipe, critic_steps=Constant(1))
    return {
        METHOD: dataclasses.replace(case, recipe=recipe),
        BASELINE: dataclasses.replace(case, name="wgan-gp", title="WGAN-GP", recipe=as_wgan_gp(recipe)),
    }


def as_wgan_gp(recipe: Recipe) -> Recipe:
    """WGAN-GP with the recipe's networks, optimizers and batch."""
    return dataclasses.replace(
        recipe,
        objective=Adversarial(Wasserstein()),
        penalties=(GradientPenalty(10.0),),
        constraint=None,
        perturbation=None,
        critic_steps=Constant(1),
    )


def period(recipe: Recipe) -> int:
    """Rounds of one step of each player in which every lazy phase comes as often as in any others."""
    return math.lcm(*(phase.every for phase in recipe.phases))


def repeated(run: Round, rounds: int) -> Round:
    """So many rounds as one."""

    def several() -> None:
        for _ in range(rounds):
            run()

    return several


def of_one_round(timed: Timed, rounds: int) -> Timed:
    """The times of one round, from those of so many."""
    return Timed(timed.first / rounds, tuple(seconds / rounds for seconds in timed.times))


def measure(name: str, precision: Precision, repeats: int, watch: Watch, *, memory: bool = True) -> Result:
    """Both sides of a recipe: time in this process, memory in new ones."""
    both, device = cases(name), watch.device
    periods = {side: period(case.recipe) for side, case in both.items()}
    runs = {side: repeated(library_round(case, precision, device), periods[side]) for side, case in both.items()}
    with kept_memory():  # as in a run
        found = interleaved({side: watch.on(run) for side, run in runs.items()}, repeats, SECONDS)
    times = {side: of_one_round(timed, periods[side]) for side, timed in found.items()}

    def summary(side: str) -> Side:
        words = ["benchmarks.method_cost", "--peak", name, side, precision, str(device), str(torch.get_num_threads())]
        ratio, spread = ratios(times[side].times, times[BASELINE].times)
        peak_mb = in_new_process(words, str(device)) if memory else None
        return Side(**vars(times[side].timing), peak_mb=peak_mb, ratio=ratio, ratio_range=spread)

    recipe = both[METHOD].recipe
    networks = f"{type(recipe.generator).__name__}, {type(recipe.critic).__name__}"
    return Result(name, networks, recipe.batch, precision, summary(METHOD), summary(BASELINE))


def peak(name: str, side: str, precision: str, device: str, threads: str) -> float:
    """Peak memory of some rounds of a side in this process, in megabytes."""
    torch.set_num_threads(int(threads))
    case = cases(name)[side]
    with kept_memory():
        return peak_of(lambda: library_round(case, cast(Precision, precision), torch.device(device)), device)


def table(results: Sequence[Result]) -> str:
    """Results as a Markdown table: milliseconds a round (fastest to slowest), the ratio, megabytes."""

    def milliseconds(side: Side) -> str:
        return f"{1e3 * side.median:.0f} ({1e3 * side.fastest:.0f} to {1e3 * side.slowest:.0f})"

    def megabytes(side: Side) -> str:
        return "-" if side.peak_mb is None else f"{side.peak_mb:.0f}"

    lines = [
        "| recipe | networks | batch | round, ms | WGAN-GP's, ms | times WGAN-GP | MB: recipe, WGAN-GP |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{r.recipe}` | {r.networks} | {r.batch} | {milliseconds(r.method)} | {milliseconds(r.baseline)} "
        f"| **{r.method.ratio:.2f}** ({r.method.ratio_range[0]:.2f} to {r.method.ratio_range[1]:.2f}) "
        f"| {megabytes(r.method)}, {megabytes(r.baseline)} |"
        for r in results
    ]
    return "\n".join(lines)


def disturbed(results: Sequence[Result]) -> list[str]:
    """A line for each recipe whose repeats differ so much that another process seems to have run."""
    spans = [(r.recipe, max(side.slowest / side.fastest for side in (r.method, r.baseline))) for r in results]
    return [
        f"note: {recipe}: {span:.1f} times between the fastest and the slowest repeat; something else was running: "
        "measure again"
        for recipe, span in spans
        if span > STEADY
    ]


ALIKE = ("processor", "device", "clock", "precision", "width", "batch")
"""of the environment: what rows that stand in one table have in common"""


def with_earlier(
    path: Path, environment: Mapping[str, Any], results: Sequence[Result]
) -> tuple[list[str], list[Result]]:
    """The commands and results of a file with new ones in place of old ones, in the order of the recipes.

    Without what the file has from elsewhere, or from another version of torch.
    """
    earlier = read_json(path) if path.exists() else {"environment": {}, "results": []}
    there = earlier["environment"]
    same = all(there.get(key) == environment[key] for key in ALIKE)
    same = same and there["versions"]["torch"] == environment["versions"]["torch"]
    new = {result.recipe: result for result in results}
    old = {row["recipe"]: _result(row) for row in earlier["results"]} if same else {}
    commands = there["commands"] if old.keys() - new.keys() else []
    both = {**old, **new}
    return [*commands, *environment["commands"]], [both[name] for name in RECIPES if name in both]


def _result(row: Mapping[str, Any]) -> Result:
    method, baseline = (
        Side(**{**row[side], "ratio_range": tuple(row[side]["ratio_range"])}) for side in ("method", "baseline")
    )
    return Result(**{**row, "method": method, "baseline": baseline})


def main(arguments: Sequence[str] | None = None) -> None:
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["--peak"]:
        print(peak(*words[1:]))
        return
    about = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.method_cost", description=about)
    parser.add_argument("--only", nargs="+", choices=COMPARED, default=COMPARED, metavar="NAME")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--precision", choices=["auto", "fp32", "tf32", "bf16"], default="auto")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=None, help="of the CPU (default: torch's)")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall", help="cpu: CPU time, for a busy machine")
    parser.add_argument("--no-memory", action="store_true", help="measure time only")
    parser.add_argument("--name", default=None, help="of the file in benchmarks/results")
    parser.add_argument("--docs", action="store_true", help="write the table into docs/speed.md")
    args = parser.parse_args(words)

    device = choose_device(args.device)
    if args.threads is not None:
        torch.set_num_threads(args.threads)
    precision = choose_precision(args.precision, device)
    results = []
    for name in args.only:
        results.append(measure(name, precision, args.repeats, Watch(device, args.clock), memory=not args.no_memory))
        print(results[-1], file=sys.stderr, flush=True)
    environment: dict[str, Any] = {
        **describe_environment(device, precision),
        "processor": processor(),
        "clock": args.clock,
        "commands": [command_line("method_cost", words)],
        "date": time.strftime("%Y-%m-%d"),
        "width": WIDTH,
        "batch": BATCH,
    }
    RESULTS.mkdir(exist_ok=True)
    path: Path = RESULTS / f"{args.name or f'method-cost-{device.type}'}.json"
    environment["commands"], results = with_earlier(path, environment, results)
    path.write_text(json.dumps({"environment": environment, "results": [asdict(r) for r in results]}, indent=2) + "\n")
    print(table(results))
    print(*disturbed(results), sep="\n")
    print(f"\nwritten: {path}")
    if args.docs:
        where = f"{environment['processor']}, {environment['device']}, torch {torch.__version__}, {precision}; "
        where += "CPU time; " if args.clock == "cpu" else ""
        commands = ", ".join(f"`{command}`" for command in environment["commands"])
        text = f"{where}convolutional networks of width {WIDTH}. {commands}:\n\n{table(results)}"
        write_between(SPEED, BEGIN, END, text)
        print(f"written: {SPEED}")


if __name__ == "__main__":
    main()
