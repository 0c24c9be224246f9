"""The Python interface: train, resume and load; the command line calls the same functions."""

from __future__ import annotations

import dataclasses
import functools
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadygan import recipe as recipes
from steadygan.data.options import DataForm
from steadygan.diagnostics import remedies
from steadygan.errors import RunError, UsageError
from steadygan.kinds import Kind
from steadygan.preparation import Prepared, RecipeLike, prepare, read_recipe
from steadygan.recipe import Recipe
from steadygan.run import Run, find_run, new_folder
from steadygan.run.remedies import read_remedies
from steadygan.run.reopen import reopen
from steadygan.system import started

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.diagnostics.findings import Diagnosis
    from steadygan.run.remedies import Remedy
    from steadygan.training.checking import Report
    from steadygan.training.observers import Evaluator, Observer
    from steadygan.training.processes.world import World


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
    limit = minutes if rounds is None else math.inf
    ready = prepare(recipe, data, size=size, form=form, device=device, minutes=limit)
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
    began = time.perf_counter() if ready.began is None else ready.began
    start = None if weights_from is None else Run(weights_from).checkpoint()
    folder = Path(out) if out is not None else new_folder(f"{ready.recipe.name}-{ready.dataset.name}")
    watching = default_observers() if observers is None else observers
    with _world(device) as world:
        return _train(ready, world.broadcast(folder), device, watching, start, world, began)


def _train(
    ready: Prepared,
    folder: Path,
    device: str,
    observers: Sequence[Observer],
    start: Path | None,
    world: World,
    began: float,
    earlier: int = 0,
) -> Run:
    """Trains in a folder, and where a remedy asks for it in the next one; so many remedies were in folders before."""
    from steadygan.diagnostics.doctor import doctor_of
    from steadygan.evaluation.during_training import training_evaluator
    from steadygan.training.session import new_run, owning

    kinds = recipes.own_kinds(ready.recipe)
    with owning(folder, world):  # from here on: an evaluator may refuse the data, and the folder goes again
        evaluator = training_evaluator(ready.recipe, ready.dataset)
        session = functools.partial(
            new_run,
            ready.recipe,
            ready.dataset,
            folder,
            device=device,
            minutes=ready.minutes,
            observers=observers,
            evaluator=evaluator,
            weights_from=start,
            world=world,
            began=began,
            doctor=doctor_of(ready.recipe.run.diagnose),
        )
        ended = _until_it_ends(
            folder, session, ready.dataset, evaluator, observers, device, world, kinds, began, earlier
        )
    if isinstance(ended, str):
        return Run(folder, kinds=kinds)
    slower = dataclasses.replace(ready, recipe=remedies.applied(ended, ready.recipe))
    return _train(
        slower, Path(ended.folder), device, observers, start, world, began, earlier + len(read_remedies(folder))
    )


def _until_it_ends(
    folder: Path,
    session: Callable[[], str],
    dataset: Dataset,
    evaluator: Evaluator | None,
    observers: Sequence[Observer],
    device: str,
    world: World,
    kinds: Iterable[Kind],
    began: float,
    earlier: int = 0,
) -> str | Remedy:
    """A session, and the remedies that follow it (``remedies.until_it_ends``); several processes have none."""
    from steadygan.diagnostics.doctor import doctor_of
    from steadygan.training import resumption
    from steadygan.training.session import resume_run

    if world.size > 1:
        return session()

    def recipe_of() -> Recipe:
        return Run(folder, kinds=kinds).recipe

    def again(remedy: Remedy, since: float) -> str:
        before = resumption.as_it_was(folder, recipe_of(), remedy.to_round, kinds)
        recipe = remedies.applied(remedy, before)
        return resume_run(
            recipe,
            dataset,
            folder,
            device=device,
            observers=observers,
            evaluator=evaluator,
            world=world,
            began=since,
            before=before,
            from_round=remedy.to_round,
            kinds=kinds,
            by=remedy.by,
            doctor=doctor_of(recipe.run.diagnose),
        )

    return remedies.until_it_ends(folder, session, again, recipe_of, print, began=began, earlier=earlier)


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
    from steadygan.diagnostics.doctor import doctor_of
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
        watching = default_observers() if observers is None else observers
        evaluator = training_evaluator(recipe, dataset)
        if world.first and (recipe != before or from_round is not None):
            remedies.forget(folder, from_round)
        session = functools.partial(
            resume_run,
            recipe,
            dataset,
            folder,
            device=device,
            observers=watching,
            evaluator=evaluator,
            world=world,
            began=began,
            before=before,
            from_round=from_round,
            kinds=kinds,
            doctor=doctor_of(recipe.run.diagnose),
        )
        ended = _until_it_ends(folder, session, dataset, evaluator, watching, device, world, kinds, began)
    if isinstance(ended, str):
        return Run(folder, kinds=kinds)
    slower = Prepared(remedies.applied(ended, recipe), dataset)  # without the time limit of the run before
    return train_prepared(slower, ended.folder, device=device, observers=watching)


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


def diagnose(
    run: str | Path | Run | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    rounds: int | None = None,
    kinds: Iterable[Kind] = (),
) -> Diagnosis:
    """What is wrong with a training, if anything, as of the last look at it; changes nothing and writes nothing.

    >>> sg.diagnose("runs/wgan-gp-digits").main.verdict  # doctest: +SKIP
    >>> sg.diagnose("log.csv", columns={"critic_loss": "D"}).sick  # doctest: +SKIP

    Args:
        run: a run, its folder or name, or the file of another tool's log: CSV, JSON, TensorBoard's events; None: the
            newest run
        columns: of another tool's log: fields of ``diagnostics.fields`` to columns, where names are not usual ones
        rounds: that are planned, for another tool's log
        kinds: classes and functions of your own that the recipe uses

    Raises:
        UsageError: for what is neither a run nor a log, or cannot be read as one.
        RunError: for a run that is damaged.
    """
    from steadygan.diagnostics.consultation import consult

    source, own = (run.folder, run.kinds) if isinstance(run, Run) else (run, tuple(kinds))
    return consult(source, columns=columns, rounds=rounds, kinds=own).diagnosis


def default_observers(*, trackers: Sequence[str] = ()) -> list[Observer]:
    """Observers for progress, pictures, the diagnosis, the report, TensorBoard, and further trackers by name."""
    from steadygan.report.diagnosis_file import DiagnosisObserver
    from steadygan.report.page import PageObserver
    from steadygan.report.pictures import PictureObserver
    from steadygan.report.progress import ProgressObserver
    from steadygan.report.trackers import observer_for

    names = ["tensorboard", *(name for name in trackers if name != "tensorboard")]
    return [
        ProgressObserver(),
        PictureObserver(),
        DiagnosisObserver(),
        PageObserver(),
        *(observer_for(name) for name in names),
    ]


def load(path: str | Path | None = None, *, kinds: Iterable[Kind] = ()) -> Run:
    """The run in a folder, or the newest below ``runs/``.

    Args:
        path: a folder, or a name below ``runs/``; None: the newest
        kinds: classes and functions of your own that the recipe uses, such as those of your networks

    Raises:
        UsageError: if there is none.
    """
    return Run(find_run(path), kinds=kinds)


__all__ = [
    "Prepared",
    "RunError",
    "check",
    "diagnose",
    "load",
    "prepare",
    "read_recipe",
    "resume",
    "train",
    "train_prepared",
]
