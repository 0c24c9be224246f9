"""What happens to one process of a run is known to all: numbers that are not finite, and signals to end."""

from __future__ import annotations

import signal
from types import SimpleNamespace

import pytest
import torch

from steadygan.recipe import RunOptions
from steadygan.training import trainer
from steadygan.training.session import new_run
from steadygan.training.signals import StopSignals
from steadygan.training.trouble import Trouble
from tests.training.games import image_data, small_recipe
from tests.training.threaded import together

RUN = RunOptions(
    precision="fp32", engine="eager", evaluate="none", threads=1, log_every=4, picture_every=99, checkpoint_every=8
)


def trained(folder, monkeypatch, after, rounds=12):
    """How each of two processes ends, of which something happens to the second after some round."""
    usual = trainer.training_round

    def training_round(setup, draws, start, engine):
        return after(setup.game, start.round + 1, usual(setup, draws, start, engine))

    monkeypatch.setattr(trainer, "training_round", training_round)
    recipe = small_recipe(rounds=rounds, run=RUN)
    return together(2, lambda world: new_run(recipe, image_data(), folder, device="cpu", world=world))


@pytest.mark.parametrize("when", [6, 8, 11])
def test_a_loss_of_one_process_that_is_not_finite_ends_all_by_the_same_line(tmp_path, monkeypatch, when):
    def after(game, round_, report):
        if game.world.rank == 1 and round_ == when:
            report = report._replace(generator_loss=torch.tensor(float("nan")))
        return report

    ended = trained(tmp_path / "run", monkeypatch, after)
    assert [type(error) for error in ended] == [Trouble, Trouble], ended
    for error in ended:
        assert f"the generator loss of round {when} is not finite" in str(error)
        assert error.since == when


def test_weights_that_are_not_finite_end_all_before_they_are_saved(tmp_path, monkeypatch):
    def after(game, round_, report):
        if round_ == 8:  # as sums over processes leave it: alike in both
            moments = game.players["critic"].optimizer.state[game.players["critic"].parameters[0]]
            moments["exp_avg_sq"].fill_(float("inf"))
        return report

    for error in trained(tmp_path / "run", monkeypatch, after):
        assert isinstance(error, Trouble)
        assert "in the critic's optimizer of round 8 is not finite" in str(error)
    assert not (tmp_path / "run" / "checkpoints" / "000008").exists()


def test_a_signal_to_one_process_is_the_exit_code_of_all():
    told = SimpleNamespace(all_gather_object=lambda own: [own, signal.SIGTERM])
    for own, last in ((None, signal.SIGTERM), (signal.SIGINT, signal.SIGINT)):
        stop = StopSignals()
        stop.received, StopSignals.last = own, own
        assert stop.agreed(told)
        assert StopSignals.last == last
    StopSignals.last = None
    assert not StopSignals().agreed(SimpleNamespace(all_gather_object=lambda own: [own, None]))
    assert StopSignals.last is None


def test_threads_train_as_one(tmp_path, monkeypatch):
    ended = trained(tmp_path / "run", monkeypatch, lambda game, round_, report: report)
    assert ended == ["finished", "finished"]
