"""The values of options that are known by name: runs, recipes, data, studies, and the choices of a recipe's fields."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from steadygan import codec
from steadygan.cli.fields import Field, walk
from steadygan.data.options import DataOptions
from steadygan.kinds import kebab
from steadygan.recipe import Recipe
from steadygan.recipe import load as load_recipe
from steadygan.recipes import by_name, listed, summary, wgan_gp
from steadygan.run import find_run, layout, list_runs
from steadygan.system.graphics import choice as graphics
from steadygan.types import SampleSpec

Found = tuple[str, str]
"""a word and its description"""
Finder = Callable[[str, Sequence[str]], Iterable[Found]]
"""from a command and the words after it to what can stand there"""
LISTS = ("metrics", "classes")
"""options whose value is a list with commas"""
_SAMPLE = SampleSpec((3, 32, 32), 10)


def spec_of(command: str, words: Sequence[str]) -> Any:
    """The recipe whose fields a command line sets, or the data options of ``data``; None if it sets none."""
    if command == "data":
        return DataOptions()
    if command == "resume":
        return load_recipe(find_run(next((word for word in words if not word.startswith("-")), None)) / layout.RECIPE)
    if command not in ("train", "bench", "sweep"):
        return None
    for word in words:
        if word in by_name():
            return by_name()[word](_SAMPLE)
        if word.endswith((".yaml", ".yml")) and Path(word).is_file():
            return load_recipe(Path(word))
    return wgan_gp(_SAMPLE)


def fields_by_option(spec: Any) -> dict[str, Field]:
    """The fields of a spec by their options."""
    return {f"--{field.path}": field for field in walk(spec)}


def of_field(field: Field) -> list[Found]:
    """The values of a field, if they are few: choices, true and false, none, kinds."""
    kinds = field.item_kinds or codec.kinds_of(field.annotation)
    found = [(kebab(kind), _first_line(kind)) for kind in kinds]
    return found + [(word, "") for word in _choices(field.annotation)] + ([("none", "")] if field.item_kinds else [])


def _choices(annotation: Any) -> Iterator[str]:
    origin = get_origin(annotation)
    if origin is Literal:
        yield from map(str, get_args(annotation))
    elif origin in (Union, types.UnionType):
        for arm in get_args(annotation):
            yield from ["none"] if arm is type(None) else _choices(arm)
    elif annotation is bool:
        yield from ("true", "false")


def kinds_by_token(fields: Iterable[Field], token: str) -> list[Found]:
    """``PART:`` for each part of a recipe; ``PART:KIND`` once the part is typed."""
    found = []
    for field in (each for each in fields if each.is_part):
        path = f"{field.path}.{len(field.value)}" if field.item_kinds else field.path
        if token.startswith(f"{path}:"):
            found += [(f"{path}:{word}", what) for word, what in of_field(field) if word != "none"]
        else:
            found.append((f"{path}:", field.doc))
    return found


def _first_line(cls: type) -> str:
    return (cls.__doc__ or "").strip().partition("\n")[0]


def runs(command: str, words: Sequence[str]) -> list[Found]:
    """The runs below ``runs/``, the newest first."""
    return [(path.name, "") for path in reversed(list_runs())]


def recipes(command: str, words: Sequence[str]) -> list[Found]:
    """The recipes."""
    if command == "recipes":
        return [(name, summary(name)[0]) for name in listed()]
    return [(name, "") for name in by_name()]


def data(command: str, words: Sequence[str]) -> list[Found]:
    """The names of data."""
    from steadygan.data.sources.find import NAMES

    return [(name, "") for name in NAMES if ":" not in name]


def recipes_and_data(command: str, words: Sequence[str]) -> list[Found]:
    """What ``train`` takes without an option; a recipe that is there already is not offered again."""
    named = any(word in by_name() for word in words)
    return [*([] if named else recipes(command, words)), *data(command, words)]


def studies(command: str, words: Sequence[str]) -> list[Found]:
    """The studies."""
    from steadygan.studies.catalogue import experiment_names

    return [(name, "") for name in experiment_names()]


def rounds(command: str, words: Sequence[str]) -> list[Found]:
    """The checkpoints of the run that is named, the newest first, and 'best'."""
    names = [word for word in words if not word.startswith("-")]
    folder = find_run(next((word for word in names if word in {path.name for path in list_runs()}), None))
    kept = [str(int(path.name)) for path in layout.list_checkpoints(folder / layout.CHECKPOINTS)]
    return [(word, "") for word in [*reversed(kept), "best"]]


def classes(command: str, words: Sequence[str]) -> list[Found]:
    """The names of the classes of the run that is named."""
    from steadygan.run.data_facts import DataFacts

    names = [word for word in words if not word.startswith("-")]
    folder = find_run(next((word for word in names if word in {path.name for path in list_runs()}), None))
    return [(name, "") for name in DataFacts.read(folder).class_names]


def topics(command: str, words: Sequence[str]) -> list[Found]:
    """The topics of ``train --help``."""
    from steadygan.cli.topics import topics as of_recipe

    return list(of_recipe(spec_of("train", words)).items())


def metrics(command: str, words: Sequence[str]) -> list[Found]:
    """The metrics of ``evaluate``."""
    from steadygan.evaluation.measures import MEASURES

    return [(measure.name, measure.what) for measure in MEASURES]


def _words(*words: str) -> Finder:
    return lambda command, typed: [(word, "") for word in words]


def _of(path: str) -> Finder:
    """The choices of a field of every recipe."""

    def find(command: str, words: Sequence[str]) -> list[Found]:
        recipe: Recipe = wgan_gp(_SAMPLE)
        return of_field(next(field for field in walk(recipe) if field.path == path))

    return find


BY_OPTION: dict[str, Finder] = {
    "--device": _words("auto", "cpu", "cuda", "mps"),
    "--engine": _of("run.engine"),
    "--on-trouble": _of("run.on-trouble"),
    "--precisions": _of("run.precision"),
    "--engines": _words("eager", "compiled", "graph", "compiled-graph"),
    "--pictures": _words(*graphics.CHOICES),
    "--track": _words("tensorboard", "wandb", "mlflow", "aim", "comet_ml", "clearml", "dvclive", "swanlab"),
    "--metrics": metrics,
    "--features": _words("auto", "classifier", "inception", "patches", "pixels"),
    "--weights": _words("average", "average-plain", "raw"),
    "--scale": _words("smoke", "laptop", "paper"),
    "--workers": _words("ray"),
    "--round": rounds,
    "--from-round": rounds,
    "--class": classes,
}
"""of options whose values argparse does not know"""
BY_METAVAR: dict[str | tuple[str, str], Finder] = {
    "RUN": runs,
    "RUN|LOG": runs,
    "RUN|FILE": runs,
    "SOURCE": data,
    "DATA": data,
    "RECIPE, DATA": recipes_and_data,
    "RECIPE, DATA, FIELD=VALUES": recipes_and_data,
    "TOPIC": topics,
    ("recipes", "NAME"): recipes,
    ("study", "NAME"): studies,
}
"""of what stands for a value in help texts, in every command or in one"""


def paths_of(metavar: str) -> Literal["none", "files", "folders"]:
    """Whether paths may stand where help texts say so."""
    if metavar == "DIR":
        return "folders"
    words = ("FILE", "PATH", "LOG", "DATA", "SOURCE", "RUN")
    return "files" if any(word in metavar for word in words) else "none"
