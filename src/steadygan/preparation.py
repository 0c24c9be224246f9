"""Preparation of a training: the data is opened, and a recipe is built or chosen for it."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadygan import recipe as recipes
from steadygan.data.options import DataForm, DataOptions
from steadygan.errors import SteadyganError, UsageError, warn_of_namesake
from steadygan.kinds import Kind
from steadygan.recipe import Recipe
from steadygan.representations import with_colour_over_white
from steadygan.run.reopen import alpha_settled, opened, with_source
from steadygan.system.torch_defaults import torch_defaults
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from steadygan.data import Dataset

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


@torch_defaults()
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
    minutes: float | None = None,
) -> Prepared:
    """Opens the data and builds the recipe for it; without a recipe, chooses one, with reasons.

    Args:
        recipe: a recipe, a recipe function, a recipe's name, or a YAML file
        data: a source (a path or a name) or full options; or the data itself: an array, a tensor, (samples, labels), a
            mapping with names as in a .npz file, a table of pandas, polars or pyarrow, a torch Dataset or
            DataLoader, a list of pictures; None: the recipe's own, or the handwritten digits
        size: side of pictures in pixels, to which they are resized; None: follows the pictures, and for a
            default recipe the time (docs/data.md)
        form: what arrays are: 'image', 'signal', 'volume' or 'table'; None: by their shape (docs/data.md)
        device: 'auto', 'cpu', 'cuda' or 'mps'; the choice of a recipe depends on it
        progress: called with (done, all) while pictures are decoded for the first time
        may_mirror: True if a default recipe or a recipe function may mirror pictures; None: unless ``data`` holds full
            options
        may_keep_alpha: True if transparency is kept where the pictures use it (data alpha 'auto'), unless ``recipe`` is
            a recipe; None: unless ``data`` holds full options
        minutes: of training, which the choice of a size for pictures in files goes by (docs/data.md); None: the
            default recipe's; infinite: no limit

    Raises:
        UsageError: one line, for names, files and data that cannot be used.
    """
    if isinstance(recipe, str | Path):
        recipe = read_recipe(recipe)
    if not (recipe is None or isinstance(recipe, Recipe) or callable(recipe)):
        raise UsageError(
            f"recipe is {type(recipe).__name__}; allowed: a recipe, its name, a YAML file, a function of a SampleSpec"
        )
    own = recipe.data if isinstance(recipe, Recipe) else DataOptions()
    if callable(recipe) and data is None:
        own = _made(recipe, SampleSpec((3, 32, 32))).data
    options = data if isinstance(data, DataOptions) else with_source(own, data)
    if size is not None:
        options = dataclasses.replace(options, size=size)
    if form is not None:
        options = dataclasses.replace(options, form=form)
    full = isinstance(data, DataOptions)
    if not isinstance(recipe, Recipe) and (not full if may_keep_alpha is None else may_keep_alpha):
        options = dataclasses.replace(options, alpha="auto")
    if recipe is None:
        options, sized = _with_size(data, options, device, minutes, progress)
    options, dataset = opened(data, options, progress)
    options = alpha_settled(options, dataset)
    if recipe is None:
        from steadygan.default_recipe import choose
        from steadygan.system.device import choose_device

        choice = choose(dataset, choose_device(device).type)
        made, time, reasons = choice.recipe, choice.minutes, (*choice.reasons, *sized)
    else:
        made = recipe if isinstance(recipe, Recipe) else _made(recipe, dataset.sample)
        time, reasons = None, ()
    if not isinstance(recipe, Recipe) and (not full if may_mirror is None else may_mirror):
        options = dataclasses.replace(options, flip=options.flip or made.data.flip)
    if options.alpha == "keep" and not (isinstance(recipe, Recipe) and recipe.data.alpha == "keep"):
        made = dataclasses.replace(made, representation=with_colour_over_white(made.representation))
    return Prepared(dataclasses.replace(made, data=options), dataset, time, reasons)


def _made(recipe: Callable[[SampleSpec], Recipe], sample: SampleSpec) -> Recipe:
    """What a recipe function makes. Raises UsageError for one of something else, or that makes something else."""
    name = getattr(recipe, "__name__", type(recipe).__name__)
    try:
        inspect.signature(recipe).bind(sample)
    except TypeError:
        raise UsageError(f"{name} is no recipe function: it takes no SampleSpec alone") from None
    except ValueError:  # of a callable without a signature
        pass
    made = recipe(sample)
    if not isinstance(made, Recipe):
        raise UsageError(f"the recipe function {name} gave {type(made).__name__}; a Recipe is needed")
    return made


def _with_size(
    data: Any, options: DataOptions, device: str, minutes: float | None, progress: Progress | None
) -> tuple[DataOptions, tuple[str, ...]]:
    """The options with a size of pictures that fits the time of a default recipe, and why.

    Of several processes the first one measures for all: speeds differ, and they would train on different sizes.
    """
    from steadygan.data.sources.memory import is_memory
    from steadygan.default_recipe.size import Sized, with_size
    from steadygan.system.device import choose_device
    from steadygan.training.processes.launch import joined

    chosen = choose_device(device)
    if is_memory(data) or chosen.type == "cuda":
        return options, ()
    with joined(chosen) as world:
        sized = Sized(options)
        if world.first:
            try:
                sized = with_size(options, chosen.type, minutes, progress)
            except SteadyganError:  # data that cannot be used, on which all processes then end
                if world.size == 1:
                    raise
        made: tuple[DataOptions, tuple[str, ...]] = world.broadcast(sized)
    return made


def read_recipe(name: str | Path, kinds: Iterable[Kind] = ()) -> Recipe | Callable[[SampleSpec], Recipe]:
    """The recipe function of a name, or the recipe in a YAML file, which may name these kinds of your own.

    A name of a recipe is none of a file: './wgan-gp' is one.
    """
    from steadygan.recipes import by_name, find

    named = isinstance(name, str) and name.replace("_", "-").lower() in by_name()
    if named and Path(name).exists():
        warn_of_namesake("recipe", str(name))
    if not named and str(name).endswith(".py"):
        raise UsageError(
            f"{name} is Python code, a recipe is a name or a YAML file; a recipe function of your own is trained in "
            "Python: sg.train(my_recipe, data)"
        )
    if not named and (str(name).endswith((".yaml", ".yml")) or Path(name).is_file()):
        return recipes.load(name, extra=kinds)
    return find(str(name))
