"""A run folder as Python values: recipe, environment, data, records, checkpoints and networks."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from steadygan import recipe as recipes
from steadygan.errors import RunError, SteadyganError, UsageError, unknown_name
from steadygan.run import layout
from steadygan.run.find import find_run
from steadygan.system.torch_defaults import torch_defaults

if TYPE_CHECKING:
    from torch import nn

    from steadygan.data.classes import Asked
    from steadygan.data.text.alphabet import Alphabet
    from steadygan.kinds import Kind
    from steadygan.recipe import Recipe
    from steadygan.run.data_facts import DataFacts
    from steadygan.run.environment import Environment
    from steadygan.types import SampleSpec

Weights = Literal["average", "average-plain", "raw"]
"""the weight average (EMA) with re-estimated batch-norm statistics, with those of training, or the trained weights"""


class RunFolder:
    """A run on disk; everything is read at first access."""

    def __init__(self, folder: str | Path, *, kinds: Iterable[Kind] = ()) -> None:
        self._named = find_run(folder)
        self._absolute = self._named.absolute()
        self.kinds = tuple(kinds)

    @property
    def folder(self) -> Path:
        """As it was named; the absolute path once the working directory is another, as after a notebook's ``%cd``."""
        try:
            return self._named if self._named.absolute() == self._absolute else self._absolute
        except FileNotFoundError:  # the working directory is deleted
            return self._absolute

    def __repr__(self) -> str:
        try:
            progress = f"{self.rounds_done:,} of {self._planned:,} rounds"
        except (SteadyganError, OSError):  # a notebook or a debugger shows it all the same
            progress = "damaged"
        return f"{type(self).__name__}('{self.folder}', {progress})"

    def _repr_html_(self) -> str:
        from steadygan.run.notebook import run_html

        return run_html(self.folder)

    @cached_property
    def recipe(self) -> Recipe:
        """Every setting of the training."""
        return recipes.load(self.folder / layout.RECIPE, extra=self.kinds)

    @cached_property
    def environment(self) -> Environment:
        """Versions, device, precision and threads at its start."""
        from steadygan.run.environment import Environment

        return Environment.read(self.folder)

    @cached_property
    def data(self) -> DataFacts:
        """Fingerprint, sample shape, classes, alphabet and audit of its data."""
        from steadygan.run.data_facts import DataFacts

        return DataFacts.read(self.folder)

    @property
    def sample_spec(self) -> SampleSpec:
        """Shape and number of classes of a sample."""
        return self.data.sample

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes, () if the data has none."""
        return self.data.class_names

    @property
    def conditional(self) -> bool:
        """True if the generator is conditional: it takes a class as input."""
        from steadygan.networks import takes_classes
        from steadygan.networks.layers.inspect import is_conditional

        spec = self.recipe.generator
        ours = type(spec).__module__.startswith("steadygan.")  # of a spec of the user's own, what it builds says it
        return takes_classes(spec) if ours or hasattr(spec, "conditional") else is_conditional(self.generator)

    def class_numbers(self, asked: Asked) -> list[int]:
        """The numbers of classes that are given by number or name.

        Raises:
            UsageError: for a run whose generator takes no classes, and for a class that the data does not have.
        """
        from steadygan.data.classes import class_numbers

        if not self.conditional:
            raise UsageError(
                f"{self.folder} cannot be asked for a class: the generator of '{self.recipe.name}' takes no labels; "
                "those of conditional recipes such as acgan do"
            )
        return class_numbers(asked, self.class_names, self.sample_spec.classes)

    @property
    def alphabet(self) -> Alphabet | None:
        """The characters that the ids of text stand for; None for pictures and points."""
        return self.data.alphabet

    @property
    def rows(self) -> list[dict[str, float]]:
        """The training record: one dict a logged round."""
        from steadygan.run.records import number_rows

        return number_rows(self.folder / layout.METRICS)

    @property
    def evaluations(self) -> list[dict[str, Any]]:
        """The evaluations during training: one dict each."""
        from steadygan.run.records import evaluation_rows

        return evaluation_rows(self.folder / layout.EVALUATIONS)

    def history(self) -> list[dict[str, Any]]:
        """All that was recorded during training, one plain dict a round, oldest first.

        ``round`` and the fields of ``rows``; those of the evaluations and of the doctor's looks of the same round, as
        ``evaluation/frechet`` and ``signals/rank``. A field that was not recorded in a round is not in its dict.

        >>> pandas.DataFrame(run.history())              # doctest: +SKIP
        """
        from steadygan.run.table import history

        return history(self.folder)

    def to_csv(self, path: str | Path) -> Path:
        """Writes ``history`` as CSV, a line a round and an empty cell for what was not recorded; returns its path.

        Raises:
            UsageError: for what is no path of a file.
            RunError: if it cannot be written.
        """
        from steadygan.run.table import write_csv

        return write_csv(self.history(), Path(path))

    @property
    def best_round(self) -> int:
        """The round of the checkpoint whose samples were nearest to the real ones; without evaluations the last one."""
        from steadygan.run.records import best_round

        best = best_round(self.evaluations)
        kept = [int(path.name) for path in self.checkpoints]
        return best if best is not None and best in kept else self.rounds_done

    @property
    def checkpoints(self) -> list[Path]:
        """The complete checkpoints, oldest first."""
        return layout.list_checkpoints(self.folder / layout.CHECKPOINTS)

    @property
    def rounds_done(self) -> int:
        """The round of the last checkpoint, 0 without one."""
        saved = self.checkpoints
        return int(saved[-1].name) if saved else 0

    @property
    def finished(self) -> bool:
        """True if there is a checkpoint of the recipe's last round."""
        return self.rounds_done >= self._planned

    @property
    def _planned(self) -> int:
        """The recipe's rounds; known without the code of the user's own that it names."""
        return recipes.load(self.folder / layout.RECIPE, leave_own=True).rounds

    @property
    def modified(self) -> float:
        """Time of the last change, in seconds since the epoch."""
        paths = (self.folder / layout.METRICS, self.folder / layout.RECIPE)
        return max((path.stat().st_mtime for path in paths if path.exists()), default=time.time())

    def checkpoint(self, round_: int | None = None) -> Path:
        """The checkpoint of a round, or the last one.

        Raises:
            UsageError: if there is none of that round, with the rounds that there are.
            RunError: if there is none at all.
        """
        from steadygan.run.checkpoints import of_round

        saved = self.checkpoints
        if not saved:
            raise RunError(f"{self.folder} has no checkpoint yet: 'steadygan resume {self.folder}' continues it")
        return saved[-1] if round_ is None else of_round(saved, round_, self.folder)

    @torch_defaults()
    def load_generator(self, weights: Weights = "average", round_: int | None = None) -> nn.Module:
        """The generator in eval mode, on the CPU.

        Args:
            weights: 'average', the weight average with batch-norm statistics that were re-estimated for it;
                'average-plain', with those of training; or 'raw', the trained weights
            round_: of the checkpoint; None: the last
        """
        from steadygan.networks.building import build_generator
        from steadygan.networks.layers.inspect import is_batch_norm
        from steadygan.run.checkpoints import load_network, load_tensors

        if weights not in get_args(Weights):
            raise unknown_name("weights", weights, get_args(Weights))
        with self._within_memory("generator"):
            network = build_generator(self.recipe.generator, self.sample_spec, self.recipe.prior.size)
        checkpoint = self.checkpoint(round_)
        with self._offering_another(checkpoint):
            load_network(network, checkpoint, "generator" if weights == "raw" else "average")
            if weights == "average-plain":
                trained = load_tensors(checkpoint, "generator")
                for name, part in network.named_modules():
                    for key, buffer in part.named_buffers(recurse=False) if is_batch_norm(part) else ():
                        buffer.copy_(trained[f"{name}.{key}".lstrip(".")])
        return network.eval().requires_grad_(False)

    @cached_property
    def generator(self) -> nn.Module:
        """The averaged generator in eval mode: latents [N, size] to samples [N, ...]."""
        return self.load_generator()

    @cached_property
    @torch_defaults()
    def critic(self) -> nn.Module:
        """The critic in eval mode: samples [N, ...] to a CriticOutput."""
        from steadygan.networks.building import build_critic
        from steadygan.run.checkpoints import load_network

        with self._within_memory("critic"):
            network = build_critic(self.recipe.critic, self.sample_spec)
        checkpoint = self.checkpoint()
        with self._offering_another(checkpoint):
            load_network(network, checkpoint, "critic")
        return network.eval().requires_grad_(False)

    @contextmanager
    def _within_memory(self, what: str) -> Iterator[None]:
        """Turns the error of a network that memory cannot hold, as of a damaged recipe, into a RunError."""
        try:
            yield
        except (MemoryError, OverflowError):
            raise RunError(f"the {what} of {self.folder / layout.RECIPE} does not fit into memory") from None
        except RuntimeError as error:
            if isinstance(error, RunError) or "memory" not in str(error):
                raise
            raise RunError(f"the {what} of {self.folder / layout.RECIPE} does not fit into memory") from None

    @contextmanager
    def _offering_another(self, checkpoint: Path) -> Iterator[None]:
        """Adds the newest whole checkpoint to the error of one that is damaged."""
        from steadygan.run.checkpoints import newest_whole

        try:
            yield
        except RunError as error:
            whole = newest_whole([path for path in self.checkpoints if path != checkpoint])
            hint = "" if whole is None else f"; the newest whole checkpoint is --round {int(whole.name)}"
            raise RunError(f"{error}{hint}") from None
