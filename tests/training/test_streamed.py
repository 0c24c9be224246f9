"""Training on a stream: the same numbers as on the same samples in memory, by one process or by several."""

from __future__ import annotations

import dataclasses
import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from steadygan import api
from steadygan.data import DataOptions, Stored, Streamed, open_data
from steadygan.growth import Growth
from steadygan.recipe import RunOptions, load
from steadygan.training.planning import speed
from steadygan.training.processes.world import ALONE
from steadygan.training.session import new_run, resume_run
from tests.data.shards import write_shards
from tests.training.games import growing_recipe, small_recipe
from tests.training.processes.test_world import check_same, started
from tests.training.runs import Watcher, assert_same_end, weights
from tests.training.streams import played, stream_recipe, streamed


@pytest.fixture(autouse=True)
def _known_speed(monkeypatch):
    known = speed.Speed(1e-3, 1e-3)

    def of(setup, *_, **__):
        growth = setup.game.recipe.growth
        return known if growth is None else dataclasses.replace(known, levels=(known,) * growth.levels)

    monkeypatch.setattr(speed, "measure_speed", of)


@pytest.fixture
def folder(tmp_path):
    return write_shards(tmp_path / "shards", [150, 150, 150], group=5, broken={17: b"broken"}, classes=10)


class InOrder(Stored):
    """Samples in memory in the order of a stream."""

    def in_order_of(self, stream):
        object.__setattr__(self, "stream", stream)
        return self

    def indices(self, seed, start, count, unit):
        return self.stream.indices(seed, start, count, unit)


def in_memory(data):
    samples, labels = data.train.rows(np.arange(len(data.train)))
    return dataclasses.replace(data, train=InOrder(samples, labels).in_order_of(data.train))


def test_a_streamed_run_equals_one_on_the_same_samples_in_memory(tmp_path, folder):
    _trained_on_both(tmp_path, folder, stream_recipe())
    measured = [f"{gap}_{of}" for gap in ("wasserstein", "score_gap") for of in ("train", "held_out")]
    but = (*measured, "held_out_error")  # of a stream, a fixed part stands for the training data
    assert_same_end(tmp_path / "stream", tmp_path / "memory", 12, but)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("steadygan")]


def test_networks_grow_on_a_stream_as_on_the_same_samples_in_memory(tmp_path, folder):
    _trained_on_both(tmp_path, folder, growing_recipe(growth=Growth(64, 64, (16,)), rounds=12))
    of_stream, of_memory = (weights(tmp_path / name, 12) for name in ("stream", "memory"))
    assert of_stream.keys() == of_memory.keys()
    for key, value in of_memory.items():  # of one channel torch takes another kernel for the strides of a stream
        torch.testing.assert_close(of_stream[key], value, rtol=1e-3, atol=1e-5)


def _trained_on_both(tmp_path, folder, recipe):
    data = streamed(folder)
    for name, used in (("stream", data), ("memory", in_memory(data))):
        new_run(recipe, used, tmp_path / name, device="cpu")


def test_a_streamed_run_resumes_to_the_last_digit(tmp_path, folder):
    recipe = stream_recipe(
        run=RunOptions(precision="fp32", log_every=4, picture_every=6, checkpoint_every=5, micro_batch=5)
    )
    new_run(recipe, streamed(folder), tmp_path / "whole", device="cpu")
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    shutil.rmtree(tmp_path / "cut" / "checkpoints" / "000012")
    resume_run(load(tmp_path / "cut" / "recipe.yaml"), streamed(folder), tmp_path / "cut", device="cpu")
    assert_same_end(tmp_path / "whole", tmp_path / "cut", 12)


def test_pictures_that_were_replaced_are_told(tmp_path):
    folder = write_shards(tmp_path / "shards", [60], broken=dict.fromkeys(range(0, 60, 12), b"broken"), group=4)
    watcher = Watcher()
    data = open_data(DataOptions(source=str(folder), stream=True, held_out=0.05))
    new_run(small_recipe(), data, tmp_path / "run", device="cpu", observers=[watcher])
    last = json.loads((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["data_replaced"] > 5
    (line,) = watcher.all("ended")[0].closing
    assert "pictures could not be decoded and were replaced by the next in the same group (first: row group" in line


@pytest.mark.slow
def test_two_processes_read_their_parts_and_compute_what_one_does(tmp_path, folder):
    by_two = started(2, tmp_path / "results.pt", [str(folder)], module="streams")
    alone = played(folder, ALONE)
    for rank in range(2):
        check_same((by_two[rank]["gradients"], by_two[rank]["answers"]), (alone.gradients, alone.answers))
    assert len(by_two[0]["rows"]) == len(by_two[1]["rows"]) == 12 * 40 // 2
    assert sorted(by_two[0]["rows"] + by_two[1]["rows"]) == sorted(alone.rows)
    stream = streamed(folder).train
    assert isinstance(stream, Streamed)
    groups = [
        set((np.searchsorted(stream.order.starts, by_two[rank]["rows"], side="right")).tolist()) for rank in range(2)
    ]
    whole = len(stream.order.sizes)
    assert alone.reads <= 1.5 * whole  # somewhat more than an epoch
    assert all(by_two[rank]["reads"] <= 0.6 * alone.reads for rank in range(2))
    assert len(groups[0] & groups[1]) < 0.35 * whole  # in the second epoch, other lanes hold them


def test_the_command_trains_on_a_stream_and_goes_on(tmp_path, folder, capsys):
    from steadygan.cli import main

    line = ["train", "wgan-gp", "--data", str(folder), "--data.stream", "true", "--generator.width", "4"]
    line += ["--critic.width", "4", "--rounds", "3", "--out", str(tmp_path / "run"), "--run.precision", "fp32"]
    assert main(line) == 0
    assert main(["resume", str(tmp_path / "run"), "--rounds", "+1"]) == 0
    assert api.load(tmp_path / "run").rounds_done == 4
    data = json.loads((tmp_path / "run" / "data.json").read_text())
    assert data["kind"] == "parquet, streamed" and Path(data["source"]) == folder
    assert "finished" in capsys.readouterr().out
