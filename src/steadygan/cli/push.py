"""``steadygan push``: a run's generator to the Hugging Face Hub, with its model card."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from steadygan import api
from steadygan.cli.export import add_checkpoint
from steadygan.cli.parser import Parser, chosen_round
from steadygan.errors import UsageError, unknown_name
from steadygan.kinds import check_used, import_kinds
from steadygan.run import RUNS, Run, Weights, is_run


def run(arguments: Sequence[str]) -> int:
    """Uploads, and prints the address."""
    values = _parser().parse(arguments)
    if values.weights not in get_args(Weights):
        raise unknown_name("weights", values.weights, get_args(Weights))
    from steadygan.export import hub

    hub.check_name(values.repository)
    source = _source(values.run)
    round_ = None
    if isinstance(source, Path):
        hub.check_hub_folder(source)
        for option, given in (("--weights", values.weights != "average"), ("--round", values.round is not None)):
            if given:
                raise UsageError(f"{option} is for runs, but {source} holds an exported generator already")
    else:
        source = api.load(source.folder, kinds=import_kinds(values.kinds))
        check_used(source.kinds, source.recipe)
        round_ = chosen_round(source, values.round)
    address = hub.push(
        source,
        values.repository,
        weights=values.weights,
        round_=round_,
        private=values.private,
        overwrite=values.overwrite,
    )
    print(address)
    if not isinstance(source, Path) or hub.lacks_licence(source):
        print("the licence and the intended use in README.md are yours to fill in", file=sys.stderr)
    return 0


def _source(name: str) -> Run | Path:
    """A run, or a folder that is none."""
    if Path(name).is_dir() and not is_run(Path(name)) and not is_run(RUNS / name):
        return Path(name)
    return api.load(name)


def _parser() -> Parser:
    parser = Parser(
        "push",
        "Uploads a run's generator to the Hugging Face Hub: model card, weights, and a loader that needs torch and "
        "safetensors alone. You have to be logged in there ('hf auth login').",
    )
    parser.add_argument(
        "run", metavar="RUN", help="a name below runs/, a folder, or a folder that 'export --to hub-folder' wrote"
    )
    parser.add_argument("repository", metavar="OWNER/NAME", help="of the Hub; it is made if it is not there")
    parser.add_argument("--private", action="store_true", help="a repository that is made is private")
    parser.add_argument("--overwrite", action="store_true", help="replaces files of a repository that has any")
    add_checkpoint(parser)
    return parser
