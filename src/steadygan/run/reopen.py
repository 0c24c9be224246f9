"""Opening the data of a run again, where it was or where it is now: its fingerprint decides that it is the same."""

from __future__ import annotations

import dataclasses
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadygan import recipe as recipes
from steadygan.data.options import DataOptions
from steadygan.errors import RunError, UsageError
from steadygan.run import layout
from steadygan.run.data_facts import DataFacts
from steadygan.run.marks import marked_damage, read_marks, write_marks
from steadygan.run.owner import owned
from steadygan.system.files import write_text
from steadygan.types import has_alpha

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.recipe import Recipe

Progress = Callable[[int, int], None]


def with_source(options: DataOptions, data: Any) -> DataOptions:
    """The options with another place of the data: a path or a name, or options of which the source counts.

    Data in memory leaves them as they are.
    """
    if data is None:
        return options
    if isinstance(data, DataOptions):
        return dataclasses.replace(options, source=data.source, cache=data.cache or options.cache)
    if isinstance(data, str | Path):
        from steadygan.data.sources.find import as_source

        return dataclasses.replace(options, source=as_source(data))
    return options


def alpha_settled(options: DataOptions, dataset: Dataset) -> DataOptions:
    """The options with 'keep' or 'white' in place of alpha 'auto', by what the opened pictures are."""
    if options.alpha != "auto":
        return options
    sample = dataset.sample
    kept = sample.is_picture and has_alpha(sample.shape[0])
    return dataclasses.replace(options, alpha="keep" if kept else "white")


def opened(data: Any, options: DataOptions, progress: Progress | None = None) -> tuple[DataOptions, Dataset]:
    """Data with its options: ``data`` itself if it is in memory, else what the options name.

    Args:
        data: arrays, tensors, data sets, tables or pictures; None, a path or options: ``options`` name the source
        options: of the data
        progress: called with (done, all) while pictures are decoded for the first time
    """
    from steadygan.data.open import open_memory
    from steadygan.data.sources.memory import is_memory, memory_name

    if not is_memory(data):
        return open_options(options, progress)
    options = dataclasses.replace(options, source=memory_name(data))
    return options, open_memory(data, options, progress)


def open_options(options: DataOptions, progress: Progress | None = None) -> tuple[DataOptions, Dataset]:
    """Opens data; a path is made absolute, so that the run finds its data from any folder."""
    from steadygan.data import open_data
    from steadygan.data.sources.find import is_built_in

    source = Path(options.source)
    try:
        exists = not is_built_in(options.source) and source.exists()
    except (OSError, ValueError):  # no name of a file
        exists = False
    if exists:
        options = dataclasses.replace(options, source=str(source.resolve()))
    return options, open_data(options, progress)


def reopen(folder: Path, recipe: Recipe, data: Any = None, progress: Progress | None = None) -> tuple[Recipe, Dataset]:
    """The data of a run, and its recipe with the place where the data is.

    Args:
        folder: of the run
        recipe: of the run
        data: where its data is now; None: where it was
        progress: called with (done, all) while pictures are decoded

    Raises:
        UsageError: one line, for data that is not there or cannot be read.
        RunError: one line, for data that is not the run's.
    """
    options = with_source(recipe.data, data)
    try:
        options, dataset = opened(data, options, progress)
    except UsageError as error:
        gone = data is None and os.sep in options.source and not Path(options.source).exists()
        hint = "; if the data of the run has moved, --data PLACE says where it is now" if gone else ""
        raise type(error)(f"{error}{hint}") from None
    check_data(folder, dataset)
    return dataclasses.replace(recipe, data=options), dataset


def check_data(folder: Path, dataset: Dataset) -> str | None:
    """Raises RunError unless the data is that with which the run began; returns what is damaged of data.json, if it is.

    The fingerprint is also in marks.json, so a damaged data.json can be written again from the same data.
    """
    marks = read_marks(folder)
    problem = None if marks is None else marked_damage(folder, marks, layout.DATA)
    began = DataFacts.read(folder).fingerprint if marks is None else marks.fingerprint
    if began != dataset.fingerprint:
        raise RunError(
            f"{dataset.name} is not the data with which {folder} began, or has changed since "
            f"({_counts(folder, dataset)}content {dataset.fingerprint[:12]}, then {began[:12]}): --data PLACE "
            "names where that is now, "
            f"'steadygan train --from {shlex.quote(str(folder))}' starts a new run from its weights"
        )
    return problem


def _counts(folder: Path, dataset: Dataset) -> str:
    """How many samples there are, and how many there were; '' where that is equal or unknown."""
    try:
        before = DataFacts.read(folder).audit.get("found")
    except RunError:
        return ""
    now = None if dataset.audit is None else dataset.audit.found
    return "" if now is None or type(before) is not int or now == before else f"{now:,} samples, then {before:,}; "


def record_place(folder: Path, before: Recipe, recipe: Recipe) -> bool:
    """Writes into recipe.yaml where the data is now; False if another process trains the run, which is left alone."""
    if recipe.data == before.data:
        return True
    try:
        with owned(folder):
            text = recipes.dumps(recipe)
            write_text(folder / layout.RECIPE, text)
            marks = read_marks(folder)
            if marks is not None:
                write_marks(folder, text, marks.fingerprint, minutes=marks.minutes)
    except UsageError:
        return False
    return True
