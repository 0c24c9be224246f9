"""``steadygan export``: a run's generator for other programs, checked against PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from steadygan import api
from steadygan.cli.outputs import add_overwrite, check_new_file, check_new_folder
from steadygan.cli.parser import ROUND, Parser, add_kinds, chosen_round, round_or_best
from steadygan.errors import unknown_name
from steadygan.export.kinds import KINDS, kind_named
from steadygan.kinds import check_used, import_kinds
from steadygan.run import Run, Weights
from steadygan.run.layout import GENERATED
from steadygan.system.words import byte_size

if TYPE_CHECKING:
    from steadygan.export.facts import ExportFacts


def run(arguments: Sequence[str]) -> int:
    """Exports, and prints what was written and how near it is to PyTorch."""
    values = _parser().parse(arguments)
    out = None if values.out is None else Path(values.out)
    name = kind_named(values.to, out)
    if values.weights not in get_args(Weights):
        raise unknown_name("weights", values.weights, get_args(Weights))
    loaded = api.load(values.run, kinds=import_kinds(values.kinds))
    check_used(loaded.kinds, loaded.recipe)
    round_ = chosen_round(loaded, values.round)
    round_ = loaded.rounds_done if round_ is None else round_  # once: a run that trains goes on meanwhile
    loaded.checkpoint(round_)
    out = out or _default_path(loaded, name, values.weights, round_)
    check = check_new_file if KINDS[name].is_file(out) else check_new_folder
    check(out, overwrite=values.overwrite)
    facts = KINDS[name].write()(loaded, out, weights=values.weights, round_=round_)
    print("\n".join(_lines(loaded, facts, out)))
    return 0


def _parser() -> Parser:
    parser = Parser(
        "export",
        "Exports a run's averaged generator: latents in, pixels, numbers or characters out. The file is written only "
        "if its samples are those of PyTorch.",
    )
    parser.add_argument("run", nargs="?", metavar="RUN", help="a name below runs/ or a folder (default: the newest)")
    kinds = "; ".join(f"{name}: {kind.what}" for name, kind in KINDS.items())
    parser.add_argument("--to", metavar="KIND", help=f"{kinds} (default: by the ending of --out)")
    parser.add_argument("--out", metavar="PATH", help="of the file or folder (default: in the run's folder)")
    add_overwrite(parser)
    add_checkpoint(parser)
    return parser


def add_checkpoint(parser: Parser) -> None:
    """Adds the options that choose weights and round, and the user's own classes."""
    parser.add_argument(
        "--weights",
        default="average",
        metavar="W",
        help="average, average-plain (batch-norm statistics of training) or raw (default: average)",
    )
    parser.add_argument("--round", type=round_or_best, metavar="R", help=ROUND)
    add_kinds(parser)


def _default_path(run: Run, name: str, weights: str, round_: int) -> Path:
    of = "" if weights == "average" else f"-{weights}"
    ending = KINDS[name].ending or f"-{name}"
    return run.folder / GENERATED / f"generator-round-{round_}{of}{ending}"


def _lines(run: Run, facts: ExportFacts, out: Path) -> list[str]:
    """What was written: inputs, output, versions and parity."""
    inputs = {
        "latents": f"latents [N, {facts.latent_size}] of {facts.prior['name']}",
        "labels": f"labels [N] from 0 to {facts.classes - 1}",
        "truncation": "truncation, 1 for none",
    }
    shape = ", ".join(map(str, ("N", *facts.shape)))
    versions = ", ".join(f"{name} {version}" for name, version in facts.versions.items())
    lines = [
        f"{facts.weights} generator of {run.folder}, round {facts.round:,}: {out} ({byte_size(_size(out))})",
        f"in: {'; '.join(inputs[name] for name in facts.inputs)}",
        f"out: {_OUT.get(facts.kind, 'numbers')} [{shape}]",
        f"written by {versions}" + ("" if facts.opset is None else f"; opset {facts.opset}"),
    ]
    if facts.parity is not None:
        lines.insert(3, f"largest difference from PyTorch on fixed latents: {facts.parity:.1e} of the range")
    if facts.fixed_noise:
        lines.append("noise that the generator drew in training is constant here: samples depend on the latent alone")
    return lines


_OUT = {"picture": "pixels from 0 to 255, not rounded", "text": "ids of characters"}


def _size(path: Path) -> int:
    files = [inner for inner in path.rglob("*") if inner.is_file()] if path.is_dir() else [path]
    return sum(inner.stat().st_size for inner in files)
