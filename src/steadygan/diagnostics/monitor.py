"""Monitor: a look now and then at a training in a loop of one's own, with torch networks and optimizers."""

from __future__ import annotations

import functools
import json
import os
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from steadygan.checks import above, whole_number
from steadygan.diagnostics.fitted import fitted_looker
from steadygan.diagnostics.log import read_log, to_json
from steadygan.diagnostics.looks import Looker, reason
from steadygan.diagnostics.own_critic import own_critic
from steadygan.diagnostics.own_loop import loss_of_scores, subject_of
from steadygan.diagnostics.own_samples import own_samples
from steadygan.diagnostics.schedule import DEEP, Schedule, growing
from steadygan.diagnostics.steps import mean_step, norm_of_gradients, weights_of
from steadygan.diagnostics.subject import RISE_STEPS
from steadygan.diagnostics.work import work
from steadygan.errors import SteadyganError, UsageError
from steadygan.system.files import write_text, writing
from steadygan.system.regular import append_regular

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from torch.utils.data import DataLoader, Dataset

    from steadygan.diagnostics.fields import Row
    from steadygan.diagnostics.findings import Diagnosis
    from steadygan.diagnostics.own_critic import CriticObjective
    from steadygan.diagnostics.work import Passes, Work
    from steadygan.losses import Loss
    from steadygan.types import PlayerName

T = TypeVar("T")


class Monitor:
    """Measures how healthy a GAN training is, between the rounds of a loop of your own.

        monitor = Monitor(generator, critic, latents=torch.randn(512, 64), real=images, held_out=others, rounds=20_000,
                          loss=losses.Wasserstein(), log="signals.jsonl")
        for round_ in range(20_000):
            ...  # the steps of both players
            monitor.after_round(critic_loss=critic_loss, generator_loss=generator_loss)
        print(*monitor.lines(), sep="\\n")

    A round is what the loop repeats: some critic steps and a generator step. Some 40 looks are taken over the rounds,
    the first ones early, as many fewer as keep them to a few percent of the work; between them ``after_round`` counts
    and reads nothing, neither losses nor the device. A look leaves weights, modes, buffers, gradients and the random
    states of torch, numpy and Python as they were. What cannot be measured is left out, and says why in ``left_out``;
    a log that cannot be written is warned of, and written whole at the next look where it can.

    A loop of several steps of a player can say what each has at hand, and the monitor counts them:

        for _ in range(critic_steps):
            ...
            monitor.after_critic_step(real_scores=real_scores, fake_scores=fake_scores)
        ...
        monitor.after_generator_step(fake_scores=fake_scores)
        monitor.after_round()

    Samples are taken as the critic gets them (normalised, channels first): augment real and generated ones in the
    loop, not in ``real`` or the generator.
    """

    def __init__(
        self,
        generator: nn.Module,
        critic: nn.Module,
        *,
        latents: Tensor | Callable[[int], Tensor],
        real: Tensor | Dataset[Any] | DataLoader[Any] | Callable[[int], Tensor],
        held_out: Tensor | Dataset[Any] | DataLoader[Any] | None = None,
        labels: Tensor | bool | None = None,
        held_out_labels: Tensor | None = None,
        rounds: int | None = None,
        start: int = 0,
        loss: Loss | None = None,
        critic_steps: int = 1,
        batch: int = 64,
        clip: float | None = None,
        critic_optimizer: torch.optim.Optimizer | None = None,
        critic_objective: CriticObjective | None = None,
        log: str | Path | None = None,
        looks: Schedule | None = None,
    ) -> None:
        """
        Args:
            generator: latents [N, ...] to samples [N, ...], or to a list of images [N, C, H, W] of several sizes, in
                either order; with ``labels`` it is called as ``generator(z, labels)``
            critic: such samples to scores, in any form that ``steadygan.scores`` describes; with ``labels`` likewise
            latents: [N, ...], from 64 of them, of which each look takes others, or a function of their number, whose
                random numbers are seeded for it and given back; with a warning drawn once, if they cannot be
            real: training samples [M, ...], or such a function, or the loop's Dataset or DataLoader, of which some are
                read at the beginning; beside a generator of several sizes lists too, else they are averaged to its
                sizes
            held_out: samples [H, ...] that are not trained on, some 256, or a Dataset or DataLoader of them; without
                them nothing is said of overfitting
            labels: [M] of ``real``, int64, for networks that take them; True: the second of each item of a dataset
            held_out_labels: [H] of ``held_out``
            rounds: of the whole training; None: looks come at growing intervals
            start: rounds that were done before, of a loop that goes on; later rows of ``log`` are dropped
            loss: that the networks are trained with, such as ``steadygan.losses.Hinge()``; None: what needs it is left
                out
            critic_steps: in a round
            batch: samples of a step
            clip: bound of the critic's weights, if they are clipped
            critic_optimizer: with ``critic_objective``, for the critic's optimality (``rise``): at every fourth look a
                copy of the critic takes ten more steps
            critic_objective: (critic, real, fake) to the loss of a critic step, with its penalties, of the critic that
                it is given; with ``labels`` (critic, real, fake, labels)
            log: file that rows are appended to, a JSON object a line; None: rows are only kept
            looks: when to look instead

        Raises:
            UsageError: one line, for samples, latents or a log that cannot be used.
        """
        whole_number("start", start, 0)
        whole_number("rounds", rounds, or_none=True)
        whole_number("critic_steps", critic_steps)
        whole_number("batch", batch, 2)
        above("clip", clip, 0, or_none=True)
        _check_given(generator, critic, loss, looks, log)
        samples = own_samples(latents, real, held_out, labels, held_out_labels, critic)
        trained = own_critic(critic_optimizer, critic_objective, clip)
        subject = subject_of(generator, critic, samples, loss=loss, clip=clip, batch=batch, trained=trained)
        self._networks = {"critic": critic, "generator": generator}
        self._usual = {"critic": critic_steps, "generator": 1}
        self._steps = Counter[str]()
        """of the round so far, as far as they are told"""
        self._at_hand: dict[str, Any] = {}
        """losses and gradients of the round's last steps, if it is looked at"""
        self._before: dict[str, list[Tensor]] = {}
        self._failed: dict[str, str] = {}
        """why fields of the next look are left out"""
        self._left_out: dict[str, str] = {}
        self._planned, self._batch, self._loss = rounds, batch, loss
        to_fit = rounds if looks is None else None
        self._looker = Looker(subject) if to_fit is None else fitted_looker(subject, to_fit, self._work)
        self._seen = start * critic_steps * batch
        self._samples = samples.total
        self._log = None if log is None else Path(log)
        self._unwritten = False
        """True if a row could not be written to the log"""
        self.round = start
        """rounds done"""
        self.rows: list[Row] = [] if self._log is None else _rows_before(self._log, start)
        """what was measured, a row a look"""
        self._schedule = looks or (Schedule() if rounds is None else self._work(self._looker).schedule(rounds))
        self._grows = looks is None and rounds is None
        self._next = self._following()
        self._prepare()

    @property
    def left_out(self) -> dict[str, str]:
        """Why signals were left out of the last look, by group."""
        return {**self._left_out, **self._looker.left_out}

    def after_critic_step(self, *, real_scores: Any = None, fake_scores: Any = None, loss: Any = None) -> None:
        """Counts a step of the critic; reads nothing, neither scores nor the device.

        Call it before the generator's ``backward``, whose gradients are added to the critic's: without this call
        nothing is said of the size of the critic's gradient.

        Args:
            real_scores: of its batch, as the critic gives them
            fake_scores: of its batch
            loss: 0-d, best without penalties; None: what the monitor's ``loss`` makes of the scores
        """
        self._step("critic", loss, real_scores, fake_scores)

    def after_generator_step(self, *, fake_scores: Any = None, real_scores: Any = None, loss: Any = None) -> None:
        """Counts a step of the generator; see ``after_critic_step``. ``after_round`` ends the round.

        Args:
            fake_scores: of its batch
            real_scores: of real samples, for losses that compare with them
            loss: 0-d; None: what the monitor's ``loss`` makes of the scores
        """
        self._step("generator", loss, real_scores, fake_scores)

    def after_round(
        self, critic_loss: Tensor | float | None = None, generator_loss: Tensor | float | None = None
    ) -> Row | None:
        """Counts a round, and takes a look if one is due.

        Args:
            critic_loss: of the round's last critic step, best without penalties; a 0-d tensor is read at looks only;
                None: what ``after_critic_step`` was told
            generator_loss: of its last generator step

        Returns:
            the row of the look; None without one.
        """
        self.round += 1
        steps = {name: self._steps[name] or usual for name, usual in self._usual.items()}
        self._steps.clear()
        self._seen += steps["critic"] * self._batch
        row = None
        if self.round == self._next:
            row = self._look({"critic_loss": critic_loss, "generator_loss": generator_loss}, steps)
            self._next = self._following()
        if self.round + 1 == self._next:
            self._prepare()
        return row

    def diagnose(self) -> Diagnosis:
        """What the rows so far say of the training."""
        import importlib

        judge = importlib.import_module("steadygan.diagnostics.judge")
        found: Diagnosis = judge.judge(self.rows)
        return found

    def lines(self) -> list[str]:
        """The diagnosis in lines for a person."""
        from steadygan.diagnostics import words

        return words.lines(self.diagnose())

    def _step(self, player: PlayerName, loss: Any, real: Any, fake: Any) -> None:
        self._steps[player] += 1
        if self.round + 1 != self._next:
            return
        self._keep_gradient(player)
        made_by = self._loss
        if loss is None and made_by is not None and fake is not None:
            loss = self._tried(f"{player}_loss", lambda: loss_of_scores(made_by, player, real, fake))
        if loss is not None:
            self._at_hand[f"{player}_loss"] = loss

    def _keep_gradient(self, player: PlayerName) -> None:
        """Keeps the norm of what the player's parameters hold: that of its step, until another backward pass adds."""
        parameters = list(self._networks[player].parameters())
        if any(parameter.grad is not None for parameter in parameters):
            norm = self._tried(f"{player}_gradient", lambda: norm_of_gradients(parameters))
            self._at_hand |= {} if norm is None else {f"{player}_gradient": norm}

    def _tried(self, field: str, measure: Callable[[], T]) -> T | None:
        """What is measured; None where that fails, which ends no training."""
        try:
            return measure()
        except Exception as error:
            self._failed[field] = reason(error)
            return None

    def _work(self, looker: Looker, known: Passes | None = None) -> Work:
        return work(
            looker.subject,
            looker.real,
            critic_steps=self._usual["critic"],
            generator_steps=1,
            batch=self._batch,
            fakes=self._batch,
            rise=0 if looker.subject.rise is None else RISE_STEPS,
            known=known,
        )

    def _following(self) -> int:
        """The round of the next look; 0 for none."""
        if self._grows:
            return growing(self.round, self.round if self.rows else 0)
        return next((round_ for round_ in self._schedule.rounds if round_ > self.round), 0)

    def _prepare(self) -> None:
        """Keeps the weights before a round after which it looks."""
        if self.round + 1 == self._next:
            for name, network in self._networks.items():
                kept = self._tried(f"{name}_update", functools.partial(weights_of, network.parameters()))
                self._before |= {} if kept is None else {name: kept}

    def _look(self, losses: dict[str, Any], steps: dict[str, int]) -> Row:
        if "generator_gradient" not in self._at_hand:
            self._keep_gradient("generator")
        numbers = {**self._at_hand, **{name: loss for name, loss in losses.items() if loss is not None}}
        for name, network in self._networks.items():
            if name in self._before:
                step = functools.partial(mean_step, self._before[name], network.parameters(), steps[name])
                size = self._tried(f"{name}_update", step)
                numbers |= {} if size is None else {f"{name}_update": size}
        self._before, self._at_hand = {}, {}
        self._left_out, self._failed = self._failed, {}
        progress: dict[str, int] = {"seen": self._seen}
        if self._planned is not None:
            progress["rounds"] = self._planned
        if self._samples is not None:
            progress["training_samples"] = self._samples
        deep = len(self.rows) % DEEP == DEEP - 1 if self._grows else self.round in self._schedule.deep
        row = self._looker.look(self.round, progress, numbers, deep=deep)
        self.rows.append(row)
        if self._log is not None:
            self._write(self._log)
        return row

    def _write(self, log: Path) -> None:
        """Appends the last row to the log; after a failure, which ends no training, the next look writes all."""
        try:
            if self._unwritten:
                write_text(log, "".join(map(_line, self.rows)))
            else:
                with writing(log), append_regular(log) as file:
                    file.write(_line(self.rows[-1]).encode())
            self._unwritten = False
        except SteadyganError as error:
            self._left_out["log"] = reason(error)
            if not self._unwritten:
                warnings.warn(f"the log of the monitor: {error}; the training goes on", stacklevel=4)
            self._unwritten = True


def _line(row: Row) -> str:
    return json.dumps(to_json(row)) + "\n"


def _check_given(generator: Any, critic: Any, loss: Any, looks: Any, log: Any) -> None:
    """Refuses at the beginning what would fail at the first look, in the midst of a training."""
    from torch import nn

    for name, network in (("generator", generator), ("critic", critic)):
        if not isinstance(network, nn.Module):
            raise UsageError(f"{name} is {type(network).__name__}; needed: a torch.nn.Module")
    if loss is not None and (isinstance(loss, type) or not hasattr(loss, "needs_real")):
        got = f"the class {loss.__name__}" if isinstance(loss, type) else getattr(loss, "__name__", repr(loss))
        raise UsageError(f"loss is {got}; allowed: an object of losses, such as losses.Hinge()")
    if looks is not None and not isinstance(looks, Schedule):
        raise UsageError(f"looks is {type(looks).__name__}; allowed: a diagnostics Schedule of rounds")
    if log is not None:
        if not isinstance(log, str | os.PathLike):
            raise UsageError(f"log is {type(log).__name__}; allowed: a path")
        if not Path(log).absolute().parent.is_dir():
            raise UsageError(f"log is {log}, and there is no folder {Path(log).parent}")


def _rows_before(path: Path, start: int) -> list[Row]:
    """The rows of a log up to a round; later ones are dropped from the file.

    Raises:
        UsageError: for a log of another training.
    """
    if not path.exists():
        return []
    rows = list(read_log(path))
    if rows and not start:
        raise UsageError(f"log {path} has rows of another training up to round {rows[-1]['round']}: name another file")
    kept = [row for row in rows if int(row["round"]) <= start]
    write_text(path, "".join(map(_line, kept)))
    return kept
