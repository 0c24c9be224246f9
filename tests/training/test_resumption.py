"""Going on with a run: changes from a round on, an earlier round, damaged records and facts."""

from __future__ import annotations

import dataclasses
import json
import shutil

import pytest

from steadygan.errors import RunError, UsageError
from steadygan.optimizers import Adam
from steadygan.recipe import dumps, load
from steadygan.run.history import BY_HAND, DAMAGED, read_history
from steadygan.training.checking import check_run
from steadygan.training.resumption import as_it_was
from steadygan.training.session import new_run, resume_run
from tests.training.games import image_data, small_recipe
from tests.training.runs import Stop, assert_same_end, rows, weights


def of(run):
    """The run's recipe, with all settings that were resolved when it began."""
    return load(run / "recipe.yaml")


def slower(recipe):
    return dataclasses.replace(recipe, critic_optimizer=Adam(1e-5))


@pytest.fixture(scope="module")
def cut(tmp_path_factory):
    """A run that was stopped after round 5 of 12."""
    folder = tmp_path_factory.mktemp("runs") / "cut"
    with pytest.raises(KeyboardInterrupt):
        new_run(small_recipe(), image_data(), folder, device="cpu", observers=[Stop(5)])
    return folder


def copied(folder, to):
    shutil.copytree(folder, to)
    return to


def test_a_change_holds_from_its_round_on_and_is_kept_over_further_stops(cut, tmp_path):
    one = copied(cut, tmp_path / "one")
    resume_run(slower(of(cut)), image_data(), one, device="cpu", before=of(cut))
    two = copied(cut, tmp_path / "two")
    with pytest.raises(KeyboardInterrupt):
        resume_run(slower(of(cut)), image_data(), two, device="cpu", before=of(cut), observers=[Stop(10)])
    resume_run(of(two), image_data(), two, device="cpu")
    assert_same_end(one, two, 12)
    without = copied(cut, tmp_path / "without")
    resume_run(of(cut), image_data(), without, device="cpu")
    assert rows(one)[:2] == rows(without)[:2]
    assert rows(one)[-1] != rows(without)[-1]
    (change,) = read_history(two)
    assert (change.round, change.field, change.old, change.new) == (5, "critic_optimizer.lr", 1e-3, 1e-5)
    report = check_run(two)
    assert report.whole
    assert "critic_optimizer.lr: 0.001 → 1e-05 from round 5 on" in report.changes[0]


def test_going_back_before_a_change_undoes_it(cut, tmp_path):
    run = copied(cut, tmp_path / "run")
    first = dataclasses.replace(of(cut), run=dataclasses.replace(of(cut).run, keep_last=9))
    with pytest.raises(KeyboardInterrupt):
        resume_run(first, image_data(), run, device="cpu", before=of(cut), observers=[Stop(10)])
    resume_run(slower(first), image_data(), run, device="cpu", before=first)
    assert [change.field for change in read_history(run)] == ["run.keep_last", "critic_optimizer.lr"]
    before = as_it_was(run, of(run), 5)
    assert dumps(before) == dumps(first)
    resume_run(before, image_data(), run, device="cpu", before=before, from_round=5)
    whole = tmp_path / "whole"
    new_run(small_recipe(), image_data(), whole, device="cpu")
    assert_same_end(run, whole, 12)
    assert [change.field for change in read_history(run)] == ["run.keep_last"]


@pytest.mark.parametrize(
    "change",
    [{"batch": 8}, {"seed": 1}, {"name": "x"}, {"generator": small_recipe().generator.__class__(width=8, depth=1)}],
)
def test_what_cannot_change_is_refused_with_the_command_that_can(cut, tmp_path, change):
    run = copied(cut, tmp_path / "run")
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match=r"steadygan train .*starts a new run"):
        resume_run(dataclasses.replace(of(run), **change), image_data(), run, device="cpu", before=of(run))
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_an_edited_recipe_is_told_field_by_field_and_kept_in_the_history(cut, tmp_path):
    run = copied(cut, tmp_path / "run")
    (run / "recipe.yaml").write_text(dumps(slower(of(cut))))
    finding = check_run(run).findings[0]
    assert (finding.name, finding.state) == ("recipe.yaml", "changed")
    assert "critic_optimizer.lr 0.001 → 1e-05" in finding.note
    resume_run(of(run), image_data(), run, device="cpu")
    (change,) = read_history(run)
    assert (change.field, change.by) == ("critic_optimizer.lr", BY_HAND)
    assert check_run(run).findings[0].state == "whole"


@pytest.mark.parametrize("damage", ["bit", "cut"])
def test_a_damaged_record_is_named_and_stays_in_the_history(cut, tmp_path, damage):
    run = copied(cut, tmp_path / "run")
    path = run / "metrics.jsonl"
    content = bytearray(path.read_bytes())
    if damage == "bit":
        content[content.index(b"critic_loss") + 16] ^= 1  # a digit
    else:
        del content[len(content) // 2 :]
    path.write_bytes(content)
    assert [f.name for f in check_run(run).findings if f.state == "damaged"] == ["metrics.jsonl"]
    resume_run(of(run), image_data(), run, device="cpu")
    assert [(c.field, c.by) for c in read_history(run)] == [("metrics.jsonl", DAMAGED)]
    assert not check_run(run).whole
    whole = tmp_path / "whole"
    new_run(small_recipe(), image_data(), whole, device="cpu")
    assert weights(run, 12).keys() == weights(whole, 12).keys()
    assert all((weights(run, 12)[key] == tensor).all() for key, tensor in weights(whole, 12).items())


def test_damaged_facts_of_the_data_are_written_again_from_the_same_data(cut, tmp_path):
    run = copied(cut, tmp_path / "run")
    whole = (run / "data.json").read_text()
    (run / "data.json").write_text(whole.replace("pixels-0", "pixels-1"))
    assert [f.name for f in check_run(run).findings if f.state == "damaged"] == ["data.json"]
    resume_run(of(run), image_data(), run, device="cpu")
    assert (run / "data.json").read_text() == whole
    other = dataclasses.replace(image_data(), fingerprint="pixels-1")
    with pytest.raises(RunError, match="--data PLACE"):
        resume_run(of(run), other, run, device="cpu")


def test_a_folder_with_what_another_run_left_is_no_place_for_a_new_one(cut, tmp_path):
    for name in ("checkpoints", "metrics.jsonl"):
        folder = tmp_path / name
        folder.mkdir()
        source = cut / name
        shutil.copytree(source, folder / name) if source.is_dir() else shutil.copy(source, folder / name)
        with pytest.raises(UsageError, match=rf"{name}.*no recipe\.yaml"):
            new_run(small_recipe(), image_data(), folder, device="cpu")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("kept")
    new_run(small_recipe(rounds=1), image_data(), tmp_path / "notes", device="cpu")
    assert (tmp_path / "notes" / "mine.txt").read_text() == "kept"


def test_a_training_that_never_began_leaves_no_folder(tmp_path):
    bad = small_recipe(run=dataclasses.replace(small_recipe().run, keep_best="nothing"))
    with pytest.raises(UsageError):
        new_run(bad, image_data(), tmp_path / "a" / "b", device="cpu")
    assert not list(tmp_path.iterdir())


def test_rows_up_to_a_checkpoint_keep_their_bytes(cut, tmp_path):
    run = copied(cut, tmp_path / "run")
    before = (run / "metrics.jsonl").read_bytes()
    with open(run / "metrics.jsonl", "ab") as file:
        file.write(b'{"round": 6, "torn')
    resume_run(of(run), image_data(), run, device="cpu")
    assert (run / "metrics.jsonl").read_bytes().startswith(before)
    state = json.loads((run / "checkpoints" / "000012" / "state.json").read_text())
    assert state["records"]["metrics.jsonl"]["bytes"] == (run / "metrics.jsonl").stat().st_size


def test_damaged_marks_are_named_with_the_way_on(cut, tmp_path):
    run = copied(cut, tmp_path / "run")
    content = (run / "marks.json").read_text()
    for bad in (content[:-9], content.replace("pixels-0", "pixels-1")):
        (run / "marks.json").write_text(bad)
        assert [f.name for f in check_run(run).findings if f.state == "damaged"] == ["marks.json"]
        with pytest.raises(RunError, match=r"marks\.json is damaged.*move it away"):
            resume_run(of(run), image_data(), run, device="cpu")
    (run / "marks.json").unlink()
    assert resume_run(of(run), image_data(), run, device="cpu") == "finished"
    assert check_run(run).whole
