"""A full disk: one error line, and checkpoints that were written before stay complete."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

from steadygan.cli import main
from steadygan.errors import RunError
from steadygan.recipe import RunOptions, load
from steadygan.report.pictures import PictureObserver
from steadygan.run import records
from steadygan.run.checkpoints import damage
from steadygan.run.layout import list_checkpoints
from steadygan.training.checking import check_run
from steadygan.training.session import new_run, resume_run
from tests.training.games import image_data, small_recipe
from tests.training.runs import Watcher, assert_same_end


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run whose disk had room."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    new_run(small_recipe(), image_data(), folder, device="cpu")
    return folder


@pytest.mark.parametrize("syncs", [3, 8, 12, 17, 23, 30])
def test_a_disk_that_fills_up_at_any_moment_leaves_whole_checkpoints_to_resume_from(
    tmp_path, monkeypatch, whole, syncs
):
    recipe, data = small_recipe(), image_data()
    fsync, calls = os.fsync, 0

    def full(handle):
        nonlocal calls
        calls += 1
        if calls > syncs:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(handle)

    cut = tmp_path / "cut"
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match="No space left on device") as caught:
        new_run(recipe, data, cut, device="cpu")
    assert "\n" not in str(caught.value)
    monkeypatch.setattr(os, "fsync", fsync)
    for path in list_checkpoints(cut / "checkpoints"):
        assert all(load_file(file) is not None for file in path.glob("*.safetensors"))
        assert len(list(path.iterdir())) == 7
    if not (cut / "recipe.yaml").exists():  # it never became a run: the same command starts it
        assert not (cut / "checkpoints").exists()
        new_run(recipe, data, cut, device="cpu")
    else:
        resume_run(recipe, data, cut, device="cpu")
    assert_same_end(whole, cut, 12)
    assert not [path for path in cut.rglob("*") if path.name.startswith(".")]


@pytest.mark.parametrize("writes", range(1, 30, 3))
def test_no_write_that_fails_harms_an_earlier_checkpoint(tmp_path, monkeypatch, whole, writes):
    """Each file that is opened for writing is one; half of its bytes may be there."""
    write_bytes, calls = Path.write_bytes, 0
    append = records.append_regular

    def full(path, content):
        nonlocal calls
        calls += 1
        if calls > writes:
            write_bytes(path, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_bytes(path, content)

    def full_record(path):
        nonlocal calls
        calls += 1
        if calls > writes:
            with append(path) as file:
                file.write(b'{"round": 3, "to')
            raise OSError(errno.ENOSPC, "No space left on device")
        return append(path)

    cut = tmp_path / "cut"
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        patch.setattr(records, "append_regular", full_record)
        with pytest.raises(RunError, match="No space left on device") as caught:
            new_run(small_recipe(), image_data(), cut, device="cpu")
    assert "\n" not in str(caught.value)
    assert not any(map(damage, list_checkpoints(cut / "checkpoints")))
    if (cut / "recipe.yaml").exists():
        assert check_run(cut).whole
        resume_run(load(cut / "recipe.yaml"), image_data(), cut, device="cpu")
    else:
        new_run(small_recipe(), image_data(), cut, device="cpu")
    assert_same_end(whole, cut, 12)
    assert not [path for path in cut.rglob("*") if path.name.startswith(".")]


SMALL_DISK = "mount -t tmpfs -o size=600k tmpfs '{disk}' && '{python}' -m steadygan {line}; code=$?; "
KEPT = "cp -r '{disk}/run' '{kept}'; exit $code"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs a disk of its own")
def test_a_whole_command_on_a_real_full_disk_ends_in_one_line_with_its_checkpoints_whole(tmp_path):
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    probe = ["unshare", "-rm", "sh", "-c", f"mount -t tmpfs -o size=600k tmpfs '{disk}'"]
    if subprocess.run(probe, capture_output=True).returncode != 0:
        pytest.skip("this user may not mount a disk")
    line = (
        f"train wgan-gp --data digits --rounds 40 --run.threads 1 --run.checkpoint-every 5 --run.keep-last 99 "
        f"--generator.width 4 --critic.width 4 --run.evaluate none --out '{disk}/run'"
    )
    script = SMALL_DISK.format(disk=disk, python=sys.executable, line=line) + KEPT.format(disk=disk, kept=kept)
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, timeout=120)
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 1
    assert last.startswith("steadygan: cannot write") and "No space left on device" in last
    assert "Traceback" not in done.stderr
    saved = list_checkpoints(kept / "checkpoints")
    assert saved
    for path in saved:
        assert all(load_file(file) is not None for file in path.glob("*.safetensors"))
    assert main(["resume", str(kept)]) == 0  # with room again
    assert list_checkpoints(kept / "checkpoints")[-1].name == "000040"


class Act(Watcher):
    """Does something to the folder of a run, once, after a round's checkpoint."""

    def __init__(self, act):
        super().__init__()
        self.act = act

    def saved(self, round_, path):
        if round_ == 2:
            self.act(path.parent.parent)


@pytest.mark.parametrize("act", [shutil.rmtree, lambda folder: folder.rename(folder.with_name("other"))])
def test_a_folder_that_goes_away_under_a_training_is_not_made_anew(act, tmp_path):
    recipe = small_recipe(run=RunOptions(log_every=1, picture_every=2, checkpoint_every=2, evaluate="none"))
    with pytest.raises(RunError, match="run was deleted or renamed while it was trained"):
        new_run(recipe, image_data(), tmp_path / "run", device="cpu", observers=[Act(act), PictureObserver()])
    assert not (tmp_path / "run").exists()
    if (tmp_path / "other").exists():
        assert [path.name for path in list_checkpoints(tmp_path / "other" / "checkpoints")] == ["000002"]
        resume_run(recipe, image_data(), tmp_path / "other", device="cpu")
