"""The Python interface: train, resume and load; the command line calls the same functions."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadygan import recipe as recipes
from steadygan.data.options import DataForm, DataOptions
from steadygan.errors import RunError, UsageError, warn_of_namesake
from steadygan.kinds import Kind
from steadygan.recipe import Recipe
from steadygan.representations import with_colour_over_white
from steadygan.run import Run, find_run, new_folder
from steadygan.run.reopen import alpha_settled, opened, reopen, with_source
from steadygan.system import started
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.training.checking import Report
    from steadygan.training.observers import Observer
    from steadygan.training.processes.world import World

Progress = Callable[[int, int], None]
RecipeLike = Recipe | str | Path | Callable[[SampleSpec], Recipe]


@dataclasses.dataclass(frozen=True)
class Prepared:
    """A recipe that fits its opened data, ready to train."""

    recipe: Recipe
    dataset: Dataset
    minutes: float | None = None
    """of training, as the default recipe's choice suggests"""
    reasons: tuple[str, ...] = ()
    """for the choice of a default recipe, one line each"""
    began: float | None = None
    """when the time of ``minutes`` began, by ``time.perf_counter()``; None: when training is called"""


def prepare(
    recipe: RecipeLike | None = None,
    data: Any = None,
    *,
    size: int | None = None,
    form: DataForm | None = None,
    device: str = "auto",
    progress: Progress | None = None,
    may_mirror: bool | None = None,
    may_keep_alpha: bool | None = None,
) -> Prepared:
    """Opens the data and builds the recipe for it; without a recipe, chooses one, with reasons.

    Args:
        recipe: a recipe, a recipe function, a recipe's name, or a YAML file
        data: a source (a path or a name) or full options; or the data itself: an array, a tensor, (samples, labels), a
            mapping with names as in a .npz file, a table of pandas, a torch Dataset or DataLoader, a list of pictures;
            None: the recipe's own, or the handwritten digits
        size: side of pictures in pixels, to which they are resized; None: follows the pictures
        form: what arrays are: 'image', 'signal', 'volume' or 'table'; None: by their shape (docs/data.md)
        device: 'auto', 'cpu', 'cuda' or 'mps'; the choice of a recipe depends on it
        progress: called with (done, all) while pictures are decoded for the first time
        may_mirror: True if a default recipe or a recipe function may mirror pictures; None: unless ``data`` holds full
            options
        may_keep_alpha: True if transparency is kept where the pictures use it (data alpha 'auto'), unless ``recipe`` is
            a recipe; None: unless ``data`` holds full options

    Raises:
        UsageError: one line, for names, files and data that cannot be used.
    """
    if isinstance(recipe, str | Path):
        recipe = read_recipe(recipe)
    own = recipe.data if isinstance(recipe, Recipe) else DataOptions()
    if callable(recipe) and data is None:
        own = recipe(SampleSpec((3, 32, 32))).data
    options = data if isinstance(data, DataOptions) else with_source(own, data)
    if size is not None:
        options = dataclasses.replace(options, size=size)
    if form is not None:
        options = dataclasses.replace(options, form=form)
    full = isinstance(data, DataOptions)
    if not isinstance(recipe, Recipe) and (not full if may_keep_alpha is None else may_keep_alpha):
        options = dataclasses.replace(options, alpha="auto")
    options, dataset = opened(data, options, progress)
    options = alpha_settled(options, dataset)
    if recipe is None:
        from steadygan.default_recipe import choose
        from steadygan.system.device import choose_device

        choice = choose(dataset, choose_device(device).type)
        made, minutes, reasons = choice.recipe, choice.minutes, choice.reasons
    else:
        made = recipe if isinstance(recipe, Recipe) else recipe(dataset.sample)
        minutes, reasons = None, ()
    if not isinstance(recipe, Recipe) and (not full if may_mirror is None else may_mirror):
        options = dataclasses.replace(options, flip=options.flip or made.data.flip)
    if options.alpha == "keep" and not (isinstance(recipe, Recipe) and recipe.data.alpha == "keep"):
        made = dataclasses.replace(made, representation=with_colour_over_white(made.representation))
    return Prepared(dataclasses.replace(made, data=options), dataset, minutes, reasons)


def read_recipe(name: str | Path, kinds: Iterable[Kind] = ()) -> Recipe | Callable[[SampleSpec], Recipe]:
    """The recipe function of a name, or the recipe in a YAML file, which may name these kinds of your own.

    A name of a recipe is none of a file: './wgan-gp' is one.
    """
    from steadygan.recipes import by_name, find

    named = isinstance(name, str) and name.replace("_", "-").lower() in by_name()
    if named and Path(name).exists():
        warn_of_namesake("recipe", str(name))
    if not named and (str(name).endswith((".yaml", ".yml")) or Path(name).is_file()):
        return recipes.load(name, extra=kinds)
    return find(str(name))


def train(
    recipe: RecipeLike | None = None,
    data: Any = None,
    out: str | Path | None = None,
    *,
    rounds: int | None = None,
    keep_schedules: bool = False,
    minutes: float | None = None,
    seed: int | None = None,
    size: int | None = None,
    form: DataForm | None = None,
    device: str = "auto",
    observers: Sequence[Observer] | None = None,
    weights_from: str | Path | None = None,
    generator: Any = None,
    critic: Any = None,
) -> Run:
    """Trains a recipe on data and returns the run.

    Args:
        recipe: a recipe, a recipe function such as ``sg.recipes.wgan_gp``, a name, or a YAML file; None chooses one
        data: a path or a name such as 'digits', or the data itself, as ``prepare`` takes it: arrays, tensors, data
            sets, tables, pictures; None: the recipe's own
        out: the run's folder; None: a new one below ``runs/``
        rounds: instead of the recipe's number; decays and warm-ups move with it
        keep_schedules: True if ``rounds`` leaves decays and warm-ups at the recipe's rounds
        minutes: fits rounds and schedules to a time, which the whole call takes, and again as the speed changes
        seed: instead of the recipe's
        size: side of pictures in pixels, to which they are resized
        form: what arrays are: 'image', 'signal', 'volume' or 'table'; None: by their shape
        device: 'auto', 'cpu', 'cuda' or 'mps'
        observers: of rounds, pictures and checkpoints; None: ``default_observers()``
        weights_from: a run whose networks this one starts from (fine-tuning)
        generator: instead of the recipe's: a network spec, or a function or ``nn.Module`` class that makes a network
            of your own (``sg.networks.Own``)
        critic: the same

    Raises:
        UsageError: one line, for what cannot be used.
        RunError: one line, for a run that had to stop; its checkpoints stay intact.
    """
    began = time.perf_counter()
    if minutes is not None and rounds is not None:
        raise UsageError("minutes and rounds both say how long to train; give one of them")
    ready = prepare(recipe, data, size=size, form=form, device=device)
    changes = {"rounds": rounds, "seed": seed, "generator": generator, "critic": critic}
    base = ready.recipe
    if rounds is not None and not keep_schedules:
        base = recipes.fitted(base, dataclasses.replace(base, rounds=rounds).rounds)
    made = dataclasses.replace(base, **{k: v for k, v in changes.items() if v is not None})
    if minutes is None and rounds is None:
        minutes = ready.minutes
    return train_prepared(
        dataclasses.replace(ready, recipe=made, minutes=minutes, began=began),
        out,
        device=device,
        observers=observers,
        weights_from=weights_from,
    )


def train_prepared(
    ready: Prepared,
    out: str | Path | None = None,
    *,
    device: str = "auto",
    observers: Sequence[Observer] | None = None,
    weights_from: str | Path | None = None,
) -> Run:
    """Trains what ``prepare`` returned: for callers that change the recipe after the data was opened."""
    from steadygan.evaluation.during_training import training_evaluator
    from steadygan.training.session import new_run, owning

    began = time.perf_counter() if ready.began is None else ready.began
    kinds = recipes.own_kinds(ready.recipe)
    start = None if weights_from is None else Run(weights_from).checkpoint()
    folder = Path(out) if out is not None else new_folder(f"{ready.recipe.name}-{ready.dataset.name}")
    with _world(device) as world:
        folder = world.broadcast(folder)
        with owning(folder, world):  # from here on: an evaluator may refuse the data, and the folder goes again
            new_run(
                ready.recipe,
                ready.dataset,
                folder,
                device=device,
                minutes=ready.minutes,
                observers=default_observers() if observers is None else observers,
                evaluator=training_evaluator(ready.recipe, ready.dataset),
                weights_from=start,
                world=world,
                began=began,
            )
    return Run(folder, kinds=kinds)


def _world(device: str) -> AbstractContextManager[World]:
    """The processes of a torchrun launch, or this one alone."""
    from steadygan.system.device import choose_device
    from steadygan.training.processes.launch import joined, local_device

    return joined(choose_device(local_device(device)))


def resume(
    run: str | Path | Run | None = None,
    *,
    more_rounds: int = 0,
    micro_batch: int | None = None,
    change: Callable[[Recipe], Recipe] | None = None,
    from_round: int | None = None,
    data: Any = None,
    device: str = "auto",
    observers: Sequence[Observer] | None = None,
    kinds: Iterable[Kind] = (),
) -> Run:
    """Continues a run from its last checkpoint, as if it had never stopped.

    Args:
        run: a run, its folder or name; None: the newest
        more_rounds: in addition to the recipe's
        micro_batch: instead of the recipe's, for a device with less memory
        change: makes the recipe from here on of the present one: rates, penalty weights, precision and the fields of
            ``run`` may change, which the run's history.jsonl records
        from_round: goes on from the checkpoint of this round, and drops what came after it; None: the last one
        data: where the run's data is now, if it has moved, or the data itself, if it was in memory; its fingerprint
            decides that it is the same
        device: 'auto', 'cpu', 'cuda' or 'mps'
        observers: as in ``train``
        kinds: classes and functions of your own that the recipe uses

    Raises:
        UsageError, RunError: one line.
    """
    from steadygan.evaluation.during_training import training_evaluator
    from steadygan.training import resumption
    from steadygan.training.session import owning, resume_run

    began = started.began()
    if more_rounds < 0:
        raise UsageError(f"--rounds is +{more_rounds}; a run can only be extended by 1 round or more")
    folder = run.folder if isinstance(run, Run) else find_run(run)
    kinds = run.kinds if isinstance(run, Run) else tuple(kinds)
    with _world(device) as world, owning(folder, world):
        before = Run(folder, kinds=kinds).recipe  # read as the owner: another process may have changed it
        start = resumption.checkpoint_of(folder, from_round)
        before = resumption.as_it_was(folder, before, 0 if start is None else int(start.name), kinds)
        recipe = before if change is None else change(before)
        recipe = dataclasses.replace(recipe, rounds=recipe.rounds + more_rounds)
        if micro_batch is not None:
            recipe = dataclasses.replace(recipe, run=dataclasses.replace(recipe.run, micro_batch=micro_batch))
        resumption.check_changes(before, recipe, folder)
        recipe, dataset = reopen(folder, recipe, data)
        resume_run(
            recipe,
            dataset,
            folder,
            device=device,
            observers=default_observers() if observers is None else observers,
            evaluator=training_evaluator(recipe, dataset),
            world=world,
            began=began,
            before=before,
            from_round=from_round,
            kinds=kinds,
        )
    return Run(folder, kinds=kinds)


def check(run: str | Path | Run | None = None, *, kinds: Iterable[Kind] = ()) -> Report:
    """Checks every file of a run against its hash and against what the recipe builds; changes nothing.

    >>> sg.check("runs/wgan-gp-digits").whole  # doctest: +SKIP

    Args:
        run: a run, its folder or name; None: the newest
        kinds: classes and functions of your own that the recipe uses

    Raises:
        UsageError: if there is none, or while it is being trained.
    """
    from steadygan.training.checking import check_run

    folder, own = (run.folder, run.kinds) if isinstance(run, Run) else (find_run(run), tuple(kinds))
    return check_run(folder, own)


def default_observers(*, trackers: Sequence[str] = ()) -> list[Observer]:
    """Observers for progress, pictures, the report, TensorBoard, and further trackers by name."""
    from steadygan.report.page import PageObserver
    from steadygan.report.pictures import PictureObserver
    from steadygan.report.progress import ProgressObserver
    from steadygan.report.trackers import observer_for

    names = ["tensorboard", *(name for name in trackers if name != "tensorboard")]
    return [ProgressObserver(), PictureObserver(), PageObserver(), *(observer_for(name) for name in names)]


def load(path: str | Path | None = None, *, kinds: Iterable[Kind] = ()) -> Run:
    """The run in a folder, or the newest below ``runs/``.

    Args:
        path: a folder, or a name below ``runs/``; None: the newest
        kinds: classes and functions of your own that the recipe uses, such as those of your networks

    Raises:
        UsageError: if there is none.
    """
    return Run(find_run(path), kinds=kinds)


__all__ = ["Prepared", "RunError", "check", "load", "prepare", "resume", "train", "train_prepared"]
