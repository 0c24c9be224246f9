"""Remedies: what follows trouble, how often, and that a run which was killed in between goes on the same."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from torch import nn

import steadygan as sg
from steadygan.api import train_prepared
from steadygan.diagnostics import remedies
from steadygan.errors import RunError, UsageError
from steadygan.networks import Own
from steadygan.preparation import Prepared
from steadygan.report.pictures import PictureObserver
from steadygan.run.layout import list_samples, picture_round
from steadygan.run.remedies import Remedy, read_remedies, write_remedies
from steadygan.sessions import Launch
from steadygan.training.trouble import Trouble
from tests.training.games import image_data, small_recipe
from tests.training.runs import Watcher, assert_same_end, weights

LIMIT = 0.13


class Fragile(nn.Module):
    """Latents to images, until a weight has moved by LIMIT: then its samples are not finite."""

    def __init__(self, sample):
        super().__init__()
        self.body = nn.Linear(4, 64)
        self.register_buffer("begin", self.body.weight.detach().clone())

    def forward(self, z):
        broken = (self.body.weight - self.begin).abs().max() > LIMIT
        made = torch.tanh(self.body(z)) * torch.where(broken, torch.nan, 1.0)
        return made.view(-1, 1, 8, 8)


def recipe(rate, **run):
    """Each weight moves by the rate in each of 12 rounds, up or down: LIMIT is never passed at .01."""
    base = small_recipe(generator=Own(Fragile))
    optimizer = dataclasses.replace(base.generator_optimizer, lr=rate, betas=(0.0, 0.0))
    options = dataclasses.replace(base.run, checkpoint_every=2, evaluate="none", **run)
    return dataclasses.replace(base, generator_optimizer=optimizer, run=options)


class Listening(Watcher):
    """Keeps the lines that are said."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def preparing(self, line):
        self.lines.append(line)


def trained(folder, made, observers=()):
    return train_prepared(Prepared(made, image_data()), folder, device="cpu", observers=observers)


def test_a_run_that_diverges_goes_back_at_half_the_rates_and_ends(tmp_path):
    listening = Listening()
    run = trained(tmp_path / "run", recipe(0.02, on_trouble="rollback", remedies=9), [listening])
    done = read_remedies(run.folder)
    assert run.finished and done
    assert {remedy.action for remedy in done} == {"rollback"}
    assert run.recipe.generator_optimizer.lr < 0.02
    assert all(torch.isfinite(tensor).all() for tensor in weights(run.folder, 12).values())
    assert {str(remedy) for remedy in done} <= set(listening.lines)
    made = {change["by"] for change in map(json.loads, (run.folder / "history.jsonl").read_text().splitlines())}
    assert made <= {remedy.by for remedy in done} and done[-1].by in made
    assert sg.check(run, kinds=[Fragile]).whole


def test_by_default_it_ends_with_the_error_alone(tmp_path):
    with pytest.raises(RunError, match=r"(is|are) not finite") as caught:
        trained(tmp_path / "run", recipe(0.02))
    assert isinstance(caught.value, Trouble) and caught.value.verdict == "diverged"
    assert read_remedies(tmp_path / "run") == ()


def test_remedies_are_bounded(tmp_path):
    with pytest.raises(RunError, match=r"(is|are) not finite"):
        trained(tmp_path / "run", recipe(1e3, on_trouble="rollback", remedies=2))
    assert [remedy.number for remedy in read_remedies(tmp_path / "run")] == [1, 2]


TWICE = recipe(0.04, on_trouble="rollback", remedies=9)


@pytest.fixture(scope="module")
def remedied(tmp_path_factory):
    """A run to which at least two remedies were applied."""
    run = trained(tmp_path_factory.mktemp("remedied") / "whole", TWICE)
    assert len(read_remedies(run.folder)) >= 2
    return run


@pytest.mark.parametrize("remedy", [1, 2])
def test_a_run_that_is_killed_before_a_remedy_is_carried_out_ends_the_same(remedied, tmp_path, monkeypatch, remedy):
    made, whole = TWICE, remedied

    class Killed(BaseException):
        pass

    record = remedies.record

    def recorded(folder, one):
        record(folder, one)
        if one.number == remedy:
            raise Killed

    monkeypatch.setattr(remedies, "record", recorded)
    with pytest.raises(Killed):
        trained(tmp_path / "cut", made)
    monkeypatch.undo()
    sg.resume(tmp_path / "cut", data=image_data(), device="cpu", observers=[], kinds=[Fragile])
    assert_same_end(whole.folder, tmp_path / "cut", 12)
    strip = [dataclasses.replace(one, time="") for one in read_remedies(whole.folder)]
    assert [dataclasses.replace(one, time="") for one in read_remedies(tmp_path / "cut")] == strip


def test_what_was_trained_after_a_remedy_is_what_a_resume_at_those_rates_trains(tmp_path):
    run = trained(tmp_path / "run", recipe(0.02, on_trouble="rollback", remedies=9, keep_last=9))
    last = read_remedies(run.folder)[-1]
    with pytest.raises(RunError):
        trained(tmp_path / "by-hand", recipe(0.02, keep_last=9))

    def slower(before):
        return dataclasses.replace(
            before,
            critic_optimizer=run.recipe.critic_optimizer,
            generator_optimizer=run.recipe.generator_optimizer,
        )

    sg.resume(
        tmp_path / "by-hand",
        from_round=last.to_round,
        change=slower,
        data=image_data(),
        device="cpu",
        observers=[],
        kinds=[Fragile],
    )
    assert_same_end(run.folder, tmp_path / "by-hand", 12)


class Troubled(Watcher):
    """Ends a session with a trouble after the checkpoint of a round, the first ``times`` times."""

    def __init__(self, verdict, at, times=1):
        super().__init__()
        self.verdict, self.at, self.left = verdict, at, times

    def saved(self, round_, path):
        if round_ == self.at and self.left:
            self.left -= 1
            raise Trouble("in a test", self.verdict, round_, round_ - 1)


def calm(**run):
    base = small_recipe()
    options = dataclasses.replace(base.run, checkpoint_every=2, keep_last=9, evaluate="none", **run)
    return dataclasses.replace(base, run=options)


def test_a_collapse_is_begun_again_in_another_folder_at_half_the_rates(tmp_path):
    made = calm(on_trouble="restart")
    troubled = Troubled("full_collapse", 8, times=2)
    run = train_prepared(Prepared(made, image_data()), tmp_path / "run", device="cpu", observers=[troubled])
    assert run.finished and run.folder == tmp_path / "run-restart-2"
    assert run.recipe.critic_optimizer.lr == pytest.approx(made.critic_optimizer.lr / 4)
    assert [one.folder for one in read_remedies(tmp_path / "run")] == [str(tmp_path / "run-restart-1")]
    assert [one.number for one in read_remedies(tmp_path / "run-restart-1")] == [2]  # counted over all folders
    assert sg.load(tmp_path / "run").rounds_done == 8  # what was there stays


def test_restarts_are_bounded_over_all_folders(tmp_path):
    made = calm(on_trouble="restart", remedies=2)
    with pytest.raises(Trouble):
        train_prepared(
            Prepared(made, image_data()), tmp_path / "run", device="cpu", observers=[Troubled("full_collapse", 4, 9)]
        )
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == [
        "run",
        "run-restart-1",
        "run-restart-2",
    ]


def test_a_restart_that_is_resumed_alone_knows_how_often_it_was_begun_again(tmp_path):
    made = calm(on_trouble="restart", remedies=2)
    run = trained(tmp_path / "run-restart-1", made)
    trouble = Trouble("", "full_collapse", 8, 7)
    (tmp_path / "run").mkdir()
    first = Remedy(1, "full_collapse", "", 8, "restart", factor=0.5, folder=str(run.folder))
    write_remedies(tmp_path / "run", [first])
    assert remedies.next_remedy(run.folder, made, trouble).folder == str(tmp_path / "run-restart-2")
    write_remedies(tmp_path / "run", [dataclasses.replace(first, action="rollback", folder=""), first])
    assert remedies.next_remedy(run.folder, made, trouble) is None


def test_a_collapse_is_no_reason_to_go_back(tmp_path):
    made = calm(on_trouble="rollback")
    with pytest.raises(Trouble):
        train_prepared(
            Prepared(made, image_data()), tmp_path / "run", device="cpu", observers=[Troubled("full_collapse", 4)]
        )
    assert read_remedies(tmp_path / "run") == ()


def test_a_critic_that_overfits_ends_the_run_at_its_best_samples(tmp_path, monkeypatch):
    monkeypatch.setattr(remedies, "best_round", lambda rows: 6)
    made = calm(on_trouble="rollback")
    observers = [PictureObserver(), Troubled("critic_overfitting", 10)]
    run = train_prepared(Prepared(made, image_data()), tmp_path / "run", device="cpu", observers=observers)
    assert run.finished and run.rounds_done == run.recipe.rounds == 6
    plain = trained(tmp_path / "plain", calm())
    ours, theirs = weights(run.folder, 6), weights(plain.folder, 6)
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
    pictured = [picture_round(path) for path in list_samples(run.folder)]
    assert max(pictured) == 6  # its own samples, and none of those after it


def test_the_best_samples_before_the_first_round_are_no_end(tmp_path, monkeypatch):
    """As of weights that were taken from another run."""
    monkeypatch.setattr(remedies, "best_round", lambda rows: 0)
    run = trained(tmp_path / "run", calm(on_trouble="rollback"))
    (run.folder / "checkpoints/000000").mkdir()
    monkeypatch.setattr(remedies.layout, "list_checkpoints", lambda folder: [folder / "000000"])
    assert remedies.next_remedy(run.folder, run.recipe, Trouble("", "memorisation", 8, 7)) is None
    write_remedies(run.folder, [Remedy(1, "memorisation", "", 8, "stop")])  # of an earlier version
    assert remedies.pending(run.folder) is None


def test_a_restart_lowers_the_rates_that_collapsed_and_begins_with_the_same_weights(tmp_path):
    first = trained(tmp_path / "first", calm())
    made = calm(on_trouble="restart")
    observers = [Troubled("diverged", 4), Troubled("full_collapse", 8)]
    start = first.folder / "checkpoints/000012"
    run = train_prepared(
        Prepared(made, image_data()), tmp_path / "run", device="cpu", observers=observers, weights_from=first.folder
    )
    assert [one.action for one in read_remedies(tmp_path / "run")] == ["rollback", "restart"]
    assert run.recipe.critic_optimizer.lr == pytest.approx(made.critic_optimizer.lr / 4)
    begun, taken = (weights(folder, round_) for folder, round_ in ((run.folder, 0), (first.folder, 12)))
    assert all(torch.equal(begun[key], taken[key]) for key in taken if key.startswith("average"))
    assert start.exists()


def test_a_collapsed_run_is_resumed_where_it_was_begun_again(tmp_path, monkeypatch):
    made, troubled = calm(on_trouble="restart"), Troubled("full_collapse", 8)
    monkeypatch.setattr(Launch, "_in_new_folder", once(Launch._in_new_folder))
    with pytest.raises(KeyboardInterrupt):
        train_prepared(Prepared(made, image_data()), tmp_path / "run", device="cpu", observers=[troubled])
    monkeypatch.undo()
    run = sg.resume(tmp_path / "run", data=image_data(), device="cpu", observers=[])
    assert run.finished and run.folder == tmp_path / "run-restart-1"
    assert run.recipe.critic_optimizer.lr == pytest.approx(made.critic_optimizer.lr / 2)
    with pytest.raises(UsageError, match=r"collapsed and was begun again as .*run-restart-1: resume that one"):
        sg.resume(tmp_path / "run", data=image_data(), device="cpu", observers=[])
    assert len(read_remedies(tmp_path / "run")) == 1


def test_a_restart_leaves_folders_of_other_runs_alone(tmp_path):
    """As of a run of this name that was deleted, while its restart was kept."""
    made = calm(on_trouble="restart")
    older = trained(tmp_path / "run-restart-1", made)
    before = older.recipe
    (tmp_path / "run-restart-2").write_text("a note")
    run = train_prepared(
        Prepared(made, image_data()), tmp_path / "run", device="cpu", observers=[Troubled("full_collapse", 8)]
    )
    assert run.finished and run.folder == tmp_path / "run-restart-3"
    assert sg.load(older.folder).recipe == before


def test_a_collapsed_run_is_begun_again_beside_it_wherever_it_was_moved(tmp_path, monkeypatch):
    made = calm(on_trouble="restart")
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "one")
    monkeypatch.setattr(Launch, "_in_new_folder", once(Launch._in_new_folder))
    with pytest.raises(KeyboardInterrupt):
        train_prepared(Prepared(made, image_data()), "run", device="cpu", observers=[Troubled("full_collapse", 8)])
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path / "other")  # the folder is named as seen from the other one
    run = sg.resume(tmp_path / "one" / "run", data=image_data(), device="cpu", observers=[])
    assert run.finished and run.folder == tmp_path / "one" / "run-restart-1"
    with pytest.raises(UsageError, match=r"collapsed and was begun again as .*run-restart-1: resume that one"):
        sg.resume(tmp_path / "one" / "run", data=image_data(), device="cpu", observers=[])
    monkeypatch.chdir(tmp_path / "one" / "run")
    assert remedies.begun_again(Path()).folder == str(tmp_path / "one" / "run-restart-1")


def once(method):
    """The method, killed when it is called for the second time."""
    calls = []

    def called(*args):
        calls.append(args)
        if len(calls) > 1:
            raise KeyboardInterrupt
        return method(*args)

    return called


def test_a_remedy_that_is_in_the_history_alone_is_not_carried_out(tmp_path):
    """The history is written before the recipe."""
    made = calm(on_trouble="rollback")
    run = train_prepared(
        Prepared(made, image_data()), tmp_path / "run", device="cpu", observers=[Troubled("diverged", 8)]
    )
    assert remedies.pending(run.folder) is None
    text = (run.folder / "recipe.yaml").read_text()
    (run.folder / "recipe.yaml").write_text(text.replace(f"lr: {run.recipe.critic_optimizer.lr}", "lr: 0.125"))
    assert remedies.pending(run.folder) == read_remedies(run.folder)[-1]


def test_going_back_by_hand_forgets_later_remedies(tmp_path):
    run = trained(tmp_path / "run", calm())
    of = [Remedy(1, "diverged", "", 3, "rollback", 2, 0.5), Remedy(2, "diverged", "", 9, "rollback", 8, 0.5)]
    write_remedies(run.folder, of)
    remedies.forget(run.folder, 8)
    assert read_remedies(run.folder) == (of[0],)  # the other one is not in the history
    write_remedies(run.folder, of)
    remedies.forget(run.folder, 6)
    assert read_remedies(run.folder) == (of[0],)
    remedies.forget(run.folder, None)
    assert read_remedies(run.folder) == ()  # nothing in the history: it was not carried out


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        '{"number": 1}',
        '{"number": -1, "verdict": "diverged", "evidence": "", "round": 1, "action": "rollback"}',
        '{"number": 1, "verdict": "diverged", "evidence": "", "round": 1, "action": "dance"}',
        "torn {",
    ],
)
def test_lines_that_are_no_remedies_are_left_out(tmp_path, line):
    good = Remedy(1, "diverged", "a loss", 3, "rollback", 2, 0.5)
    write_remedies(tmp_path, [good])
    with open(tmp_path / "remedies.jsonl", "a") as file:
        file.write(line + "\n")
    assert read_remedies(tmp_path) == (good,)


def test_going_back_further_each_time_makes_up_for_the_rates_that_it_undoes(tmp_path):
    run = trained(tmp_path / "run", calm())
    made = dataclasses.replace(run.recipe, run=dataclasses.replace(run.recipe.run, on_trouble="rollback", remedies=9))
    seen = []
    for _ in range(3):
        one = remedies.next_remedy(run.folder, made, Trouble("", "diverged", 7, 7))
        remedies.record(run.folder, one)
        seen.append((one.to_round, one.factor))
    assert seen == [(6, 0.5), (4, 0.25), (2, 0.125)]
