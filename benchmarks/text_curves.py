"""Learning curves of text: n-gram divergences over the rounds, of WGAN-GP and of a GAN with the same networks.

    python -m benchmarks.text_curves TEXT.txt [--rounds 4000] [--width 64] [--seed 0] [--runs DIR] [--threads 1]

Trains the recipes ``text`` and ``text-gan`` on a file of text, at a width for a laptop (and with five critic steps at
rates of 5e-4), evaluates both at the same rounds, and writes

    benchmarks/results/text-curves.json   the divergences for n = 1 to 4, those of real lines, some lines of each
    docs/pictures/text-curves.svg         the curves

The runs are in DIR (default: runs/text-curves), one folder for each setting; the same command continues a stopped one.
``--gan-rate`` and ``--gan-critic-steps`` are settings of the GAN alone.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

import steadygan as sg
from steadygan.data import Dataset, open_data
from steadygan.evaluation.material import Material
from steadygan.evaluation.measures import Subject, orders, select
from steadygan.evaluation.real_side import RealSide
from steadygan.networks import TextCritic, TextGenerator
from steadygan.optimizers import Adam
from steadygan.recipe import Recipe, RunOptions
from steadygan.recipes import text, text_gan
from steadygan.run import is_run
from steadygan.schedules import Constant

ROOT = Path(__file__).parent
RESULT = ROOT / "results" / "text-curves.json"
PICTURE = ROOT.parent / "docs" / "pictures" / "text-curves.svg"
RECIPES = {"text": text, "text-gan": text_gan}
NAMES = {"text": "WGAN-GP", "text-gan": "non-saturating GAN"}
EVALUATIONS = 40
SHOWN = 12


def recipe_of(name: str, args: argparse.Namespace) -> Recipe:
    """One of both recipes, with the same networks and settings as the other."""
    steps, rate = settings(name, args)
    optimizer = Adam(rate, betas=(0.5, 0.9))
    every = max(1, args.rounds // EVALUATIONS)
    return dataclasses.replace(
        RECIPES[name](),
        generator=TextGenerator(args.width),
        critic=TextCritic(args.width),
        critic_steps=Constant(steps),
        generator_optimizer=optimizer,
        critic_optimizer=optimizer,
        rounds=args.rounds,
        seed=args.seed,
        run=RunOptions(
            threads=args.threads,
            evaluate_every=every,
            checkpoint_every=every,
            log_every=max(1, every // 5),
            picture_every=every,
        ),
    )


def settings(name: str, args: argparse.Namespace) -> tuple[int, float]:
    """Critic steps and rate of a recipe."""
    if name == "text":
        return args.critic_steps, args.rate
    return args.gan_critic_steps or args.critic_steps, args.gan_rate or args.rate


def trained(name: str, args: argparse.Namespace) -> sg.Run:
    """The finished run of a recipe: new, resumed, or read."""
    steps, rate = settings(name, args)
    named = f"{name}-{Path(args.text).stem}-width-{args.width}-steps-{steps}-rate-{rate:g}-seed-{args.seed}"
    folder = Path(args.runs) / named
    if not is_run(folder):
        return sg.train(recipe_of(name, args), data=args.text, out=folder)
    run = sg.Run(folder)
    return sg.resume(run, more_rounds=max(0, args.rounds - run.recipe.rounds)) if run.rounds_done < args.rounds else run


def floors(dataset: Dataset) -> dict[str, float]:
    """Divergences of training lines instead of generated ones, as many as evaluations during training use."""
    from steadygan.evaluation.during_training import COUNT

    lines = dataset.train.samples[:COUNT]  # type: ignore[union-attr]
    material = Material(RealSide(dataset), lines)
    measures = select(["ngrams"], Subject(dataset, len(lines)))
    numbers = [number for measure in measures for number in measure.compute(material)]
    return {number.metric: float(number.floor or 0.0) for number in numbers}


def result(runs: dict[str, sg.Run], args: argparse.Namespace) -> dict[str, Any]:
    """The content of the JSON file."""
    first = next(iter(runs.values()))
    dataset = open_data(first.recipe.data)
    metrics = [f"ngram_js_{n}" for n in orders(dataset.sample.shape[1])]
    return {
        "text": dataset.name,
        "content": dataset.fingerprint,
        "lines": {"train": len(dataset.train), "held_out": len(dataset.held_out)},  # type: ignore[arg-type]
        "characters": dataset.sample.shape[0],
        "length": dataset.sample.shape[1],
        "width": args.width,
        "seed": args.seed,
        "rounds": args.rounds,
        "floors": floors(dataset),
        "runs": {
            name: {
                "critic_steps": settings(name, args)[0],
                "rate": settings(name, args)[1],
                "rounds": [row["round"] for row in run.evaluations],
                **{metric: [row[metric] for row in run.evaluations] for metric in metrics},
                "seconds": run.rows[-1]["seconds"],
                "best_round": run.best_round,
                "lines_of_the_best_round": run.lines(SHOWN, seed=0, round_=run.best_round),
            }
            for name, run in runs.items()
        },
    }


def draw(content: dict[str, Any], path: Path) -> None:
    """Draws the curves, one plot for each n."""
    import matplotlib
    from matplotlib.figure import Figure

    metrics = list(content["floors"])
    figure = Figure(figsize=(9.0, 2.2 * len(metrics) / 2 + 0.9), layout="constrained")
    fields = figure.subplots((len(metrics) + 1) // 2, 2, squeeze=False, sharex=True).ravel()
    for axes, metric in zip(fields, metrics, strict=False):
        for name, colour in (("text", "#2563c9"), ("text-gan", "#d9690b")):
            run = content["runs"][name]
            axes.plot(run["rounds"], run[metric], color=colour, label=NAMES[name], linewidth=1.6)
        axes.axhline(content["floors"][metric], color="#59636e", linestyle="--", linewidth=1, label="training lines")
        axes.set_title(f"n = {metric.rpartition('_')[2]}", fontsize=10)
        axes.set_ylim(0, 1.02)
        axes.grid(alpha=0.25)
    for axes in fields[-2:]:
        axes.set_xlabel("generator rounds")
    for axes in fields[::2]:
        axes.set_ylabel("divergence in bits")
    fields[0].legend(fontsize=8)
    title = f"n-grams of generated lines beside held-out lines of {content['text']}; width {content['width']}"
    figure.suptitle(title, fontsize=11)
    path.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context({"svg.hashsalt": "steadygan"}):  # reproducible ids
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def main(arguments: list[str] | None = None) -> None:
    """Trains missing runs, writes the numbers and draws them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("text", help="a .txt file, one sample a line")
    parser.add_argument("--rounds", type=int, default=4_000)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--critic-steps", type=int, default=5)
    parser.add_argument("--gan-rate", type=float, help="default: --rate")
    parser.add_argument("--gan-critic-steps", type=int, help="default: --critic-steps")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--runs", default="runs/text-curves")
    parser.add_argument("--result", type=Path, default=RESULT)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    args = parser.parse_args(arguments)
    content = result({name: trained(name, args) for name in RECIPES}, args)
    args.result.parent.mkdir(parents=True, exist_ok=True)
    args.result.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    draw(content, args.picture)
    print(f"written: {args.result}, {args.picture}")


if __name__ == "__main__":
    main()
