"""The Python interface: train, resume and load; the command line calls the same functions."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadygan import recipe as recipes
from steadygan.checks import whole_number
from steadygan.data.options import DataForm
from steadygan.diagnostics import remedies
from steadygan.errors import RunError, UsageError
from steadygan.kinds import Kind
from steadygan.preparation import Prepared, RecipeLike, prepare, read_recipe
from steadygan.recipe import Recipe
from steadygan.run import Run, find_run, new_folder
from steadygan.run.environment import Environment
from steadygan.run.find import is_run
from steadygan.run.reopen import reopen
from steadygan.sessions import Launch
from steadygan.system import started
from steadygan.system.torch_defaults import torch_defaults

if TYPE_CHECKING:
    from steadygan.diagnostics.findings import Diagnosis
    from steadygan.training.checking import Report
    from steadygan.training.observers import Observer
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
    weights_from: str | Path | Run | None = None,
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
        weights_from: a run, or a file of weights (safetensors, or a state_dict by torch.save), whose networks this one
            starts from (fine-tuning): tensors that fit by name and shape
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


@torch_defaults()
def train_prepared(
    ready: Prepared,
    out: str | Path | None = None,
    *,
    device: str = "auto",
    observers: Sequence[Observer] | None = None,
    weights_from: str | Path | Run | None = None,
) -> Run:
    """Trains what ``prepare`` returned: for callers that change the recipe after the data was opened."""
    began = time.perf_counter() if ready.began is None else ready.began
    weights_from = weights_from.folder if isinstance(weights_from, Run) else weights_from
    start = None if weights_from is None else starting_point(weights_from)
    if not isinstance(out, str | Path | None):
        raise UsageError(f"out is {type(out).__name__}; allowed: a path of the run's folder")
    watching = default_observers() if observers is None else _checked_observers(observers)
    with _world(device) as world:
        folder = Path(out) if out is not None else new_folder(f"{ready.recipe.name}-{ready.dataset.name}")
        launch = Launch(ready.dataset, device, watching, world, began)
        return launch.new(ready.recipe, world.broadcast(folder), ready.minutes, start)


def _checked_observers(observers: Any) -> Sequence[Observer]:
    """Raises UsageError for anything but objects that can be told of a run."""
    if not isinstance(observers, Sequence) or isinstance(observers, str):
        raise UsageError(f"observers is {observers!r}; allowed: a list of observers")
    for observer in observers:
        if isinstance(observer, type) or not (hasattr(observer, "started") and hasattr(observer, "ended")):
            name = getattr(observer, "__name__", type(observer).__name__)
            raise UsageError(f"{name} is no observer: it needs 'started' and 'ended' at least (training/observers.py)")
    return observers


def starting_point(source: str | Path) -> Path:
    """The file, or the last checkpoint of the run, that training starts from.

    Raises:
        UsageError: if there is no such run.
    """
    return Path(source) if Path(source).is_file() else Run(source).checkpoint()


def _world(device: str) -> AbstractContextManager[World]:
    """The processes of a torchrun launch, or this one alone."""
    from steadygan.system.device import choose_device
    from steadygan.training.processes.launch import joined, local_device

    return joined(choose_device(local_device(device)))


@torch_defaults()
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
    from steadygan.training import resumption
    from steadygan.training.run_folder import owning

    began = started.began()
    whole_number("more_rounds", more_rounds, 0)
    folder = run.folder if isinstance(run, Run) else find_run(run)
    kinds = run.kinds if isinstance(run, Run) else tuple(kinds)
    with _world(device) as world:
        with owning(folder, world):
            before = Run(folder, kinds=kinds).recipe  # read as the owner: another process may have changed it
            start = resumption.checkpoint_of(folder, from_round)
            before = resumption.as_it_was(folder, before, 0 if start is None else int(start.name), kinds)
            recipe = before if change is None else _changed(change, before)
            recipe = dataclasses.replace(recipe, rounds=recipe.rounds + more_rounds)
            if micro_batch is not None:
                recipe = dataclasses.replace(recipe, run=dataclasses.replace(recipe.run, micro_batch=micro_batch))
            again = remedies.begun_again(folder) if from_round is None and recipe == before else None
            if again is not None and is_run(Path(again.folder)):
                raise UsageError(
                    f"{folder} collapsed and was begun again as {again.folder}: resume that one, or this one from one "
                    "of its own rounds (--from-round R)"
                )
            resumption.check_changes(before, recipe, folder)
            recipe, dataset = reopen(folder, recipe, data)
            watching = default_observers() if observers is None else _checked_observers(observers)
            launch = Launch(dataset, device, watching, world, began, kinds)
            remedy = again or launch.resumed(before, recipe, folder, from_round)
            rates, weights = Run(folder, kinds=kinds).recipe, Environment.read(folder).weights_from
        if remedy is None:
            return Run(folder, kinds=kinds)
        recipe = remedies.applied(remedy, remedies.at_rates_of(rates, recipe))
        weights_from = None if weights is None else Path(weights)
        return launch.new(recipe, Path(remedy.folder), weights_from=weights_from)  # without a limit of time


def _changed(change: Any, before: Recipe) -> Recipe:
    made = change(before) if callable(change) else change
    if not isinstance(made, Recipe) or not callable(change):
        got = f"gave {type(made).__name__}" if callable(change) else f"is {type(change).__name__}"
        raise UsageError(f"change {got}; needed: a function of the run's recipe that returns the new one")
    return made


@torch_defaults()
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


def load(path: str | Path | Run | None = None, *, kinds: Iterable[Kind] = ()) -> Run:
    """The run in a folder, or the newest below ``runs/``.

    Args:
        path: a folder, or a name below ``runs/``; None: the newest
        kinds: classes and functions of your own that the recipe uses, such as those of your networks

    Raises:
        UsageError: if there is none.
    """
    return path if isinstance(path, Run) else Run(find_run(path), kinds=kinds)


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
