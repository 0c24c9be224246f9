"""Data that stays on disk is prefetched, with the same batches in the same order as data in memory."""

from __future__ import annotations

import dataclasses
import json
import shutil
import threading

import numpy as np
import pytest
import torch

from steadygan.balance import LossRatio
from steadygan.data import Stored
from steadygan.errors import RunError
from steadygan.losses import RelativisticPaired
from steadygan.objectives import Adversarial
from steadygan.penalties import R1, R2, PathLength
from steadygan.recipe import RunOptions, load
from steadygan.schedules import Constant, CriticWarmUp
from steadygan.training.planning import speed
from steadygan.training.processes.world import ALONE, World
from steadygan.training.session import new_run, resume_run
from steadygan.training.step import feed as feeding
from steadygan.training.step.drawer import Drawer
from steadygan.training.step.feed import Feed
from steadygan.training.step.prefetch import DEPTH, Prefetcher, coming_rows
from tests.training.games import image_data, small_recipe, table, training_round
from tests.training.runs import assert_same_end, rows, weights

CPU = torch.device("cpu")


def squares(rows):
    return (rows * rows).astype(np.float32)[:, None], rows + 1


def threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("steadygan-prefetch")]


@pytest.fixture(autouse=True)
def _known_speed(monkeypatch):
    monkeypatch.setattr(speed, "measure_speed", lambda *_, **__: speed.Speed(1e-3, 1e-3))


@pytest.fixture
def read_rows(monkeypatch):
    """Has every data set read as if it did not fit."""
    monkeypatch.setattr(feeding, "_MAX_HOST_BYTES", 0)


def mapped(data, path):
    """The data with its training samples in a file."""
    path.write_bytes(data.train.samples.tobytes())
    samples = np.memmap(path, np.uint8, "r", shape=data.train.samples.shape)
    return dataclasses.replace(data, train=Stored(samples, data.train.labels))


BATCHES = [np.arange(start, start + 3) for start in range(0, 60, 3)]


def test_what_is_asked_for_comes_whether_it_was_followed_or_not():
    reader = Prefetcher(squares, CPU)
    for following in (False, True):
        if following:
            reader.follow(iter(BATCHES))
        for batch in BATCHES:
            samples, labels = reader(batch)
            assert samples.tolist() == [[float(i * i)] for i in batch]
            assert labels.tolist() == [i + 1 for i in batch]
    reader.close()


def test_a_few_batches_are_prefetched_and_no_more():
    read, enough = [], threading.Event()

    def slow(rows):
        read.append(rows)
        if len(read) == DEPTH:
            enough.set()
        return squares(rows)

    reader = Prefetcher(slow, CPU)
    reader.follow(iter(BATCHES))
    assert enough.wait(10)
    reader(BATCHES[0])
    reader.close()
    assert len(read) <= DEPTH + 1


def test_another_batch_than_the_next_is_read_on_the_spot_and_the_sequence_given_up():
    reader = Prefetcher(squares, CPU)
    reader.follow(iter(BATCHES))
    assert reader(BATCHES[5])[1].tolist() == [16, 17, 18]
    assert reader(BATCHES[0])[1].tolist() == [1, 2, 3]
    assert not threads()


def test_batches_beyond_the_sequence_are_read_too():
    reader = Prefetcher(squares, CPU)
    reader.follow(iter(BATCHES[:2]))
    assert [reader(batch)[1].tolist()[0] for batch in BATCHES[:4]] == [1, 4, 7, 10]
    assert not threads()


def test_an_error_of_the_thread_comes_out_where_its_batch_is_asked_for():
    def broken(rows):
        if rows[0] == 6:
            raise RunError("the disk is gone")
        return squares(rows)

    reader = Prefetcher(broken, CPU)
    reader.follow(iter(BATCHES))
    reader(BATCHES[0])
    reader(BATCHES[1])
    with pytest.raises(RunError, match="the disk is gone"):
        reader(BATCHES[2])
    reader.close()
    assert not threads()


def test_a_step_that_is_repeated_is_read_once():
    read = []
    reader = Prefetcher(lambda rows: (read.append(rows), squares(rows))[1], CPU)
    for _ in range(3):
        for batch in BATCHES[:2]:
            reader(batch)
    assert len(read) == 2


def test_the_time_that_was_waited_is_counted():
    gate = threading.Event()

    def blocked(rows):
        gate.wait(10)
        return squares(rows)

    reader = Prefetcher(blocked, CPU)
    reader.follow(iter(BATCHES))
    threading.Timer(0.05, gate.set).start()
    reader(BATCHES[0])
    assert 0.02 < reader.waited < 10
    reader.close()


RECIPES = {
    "several critic steps": small_recipe(critic_steps=CriticWarmUp(1, 3, 2, 5)),
    "reals in both steps, unequal": small_recipe(
        objective=Adversarial(RelativisticPaired()), penalties=(R1(1.0), R2(1.0)), generator_batch=16
    ),
    "micro-batches": small_recipe(run=RunOptions(precision="fp32", micro_batch=5)),
}


LAZY = {
    "lazy R1": small_recipe(critic_steps=Constant(2), penalties=(R1(1.0, every=2),), rounds=9),
    "lazy R1 of micro-batches": small_recipe(
        penalties=(R1(1.0, every=2),), run=RunOptions(precision="fp32", micro_batch=5), rounds=9
    ),
    "real samples in lazy phases of both players": small_recipe(
        objective=Adversarial(RelativisticPaired()), penalties=(R1(1.0, every=2), PathLength(every=3)), rounds=9
    ),
}


@pytest.mark.parametrize("name", [*RECIPES, *LAZY])
def test_rounds_read_each_batch_once_and_ahead_whatever_phases_take_it_again(name, read_rows):
    recipe, data, read = {**RECIPES, **LAZY}[name], image_data(), []
    game, feed, drawer = table(recipe, data)
    assert feed.prefetcher is not None
    load = feed.prefetcher._read
    feed.prefetcher._read = lambda rows: (read.append(tuple(rows)), load(rows))[1]
    feed.follow(coming_rows(drawer, ALONE, 0, 0))
    position, asked = 0, set()
    for round_ in range(3):
        noted = lambda real: (asked.add(tuple(real.samples.tolist())), feed(real))[1]  # noqa: E731
        training_round(game, noted, drawer.round(round_, position), round_, 0)
        position += drawer.samples_in(round_)
    assert threads()  # still ahead
    feed.close()
    assert len(read) == len(set(read)) <= len(asked) + DEPTH + 1 and asked <= set(read)


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("size", [1, 2])
def test_what_comes_is_what_the_rounds_ask_for(name, size):
    recipe, data = RECIPES[name], image_data()
    world = World(size - 1, size)
    drawer = Drawer(recipe, data.sample, data.train, CPU)
    asked, position = [], 32
    coming = coming_rows(drawer, world, 1, position)
    if size == 1:  # the rounds themselves say
        game, feed, _ = table(recipe, data)
        for round_ in range(1, 4):
            noted = lambda real: (asked.append(real.samples.numpy()), feed(real))[1]  # noqa: E731
            training_round(game, noted, drawer.round(round_, position), round_, 0)
            position += drawer.samples_in(round_)
    else:
        for rows in drawer.rows(1, position):
            half = rows[len(rows) // 2 :]
            step = recipe.run.micro_batch or len(half)
            asked += [half[i : i + step] for i in range(0, len(half), step)]
    for batch in asked:
        assert np.array_equal(next(coming), batch)


def test_the_sequence_ends_with_the_run_and_is_empty_where_losses_decide():
    data = image_data()
    recipe = small_recipe(rounds=3)
    assert len(list(coming_rows(Drawer(recipe, data.sample, data.train, CPU), ALONE, 1, 32))) == 4
    unknown = small_recipe(
        objective=Adversarial(RelativisticPaired()), penalties=(), generator_batch=8, balance=LossRatio()
    )
    assert not list(coming_rows(Drawer(unknown, data.sample, data.train, CPU), ALONE, 0, 0))


@pytest.mark.parametrize("name", [*RECIPES, "losses decide"])
def test_a_run_that_reads_its_data_equals_one_with_the_data_in_memory(tmp_path, monkeypatch, name):
    recipe = RECIPES.get(name, small_recipe(balance=LossRatio()))
    recipe = dataclasses.replace(
        recipe, run=dataclasses.replace(recipe.run, log_every=4, picture_every=6, checkpoint_every=5)
    )
    new_run(recipe, image_data(), tmp_path / "memory", device="cpu")
    monkeypatch.setattr(feeding, "_MAX_HOST_BYTES", 0)
    new_run(recipe, mapped(image_data(), tmp_path / "samples"), tmp_path / "map", device="cpu")
    assert_same_end(tmp_path / "memory", tmp_path / "map", 12)
    assert not threads()


def test_a_run_that_reads_its_data_resumes_to_the_last_digit(tmp_path, read_rows):
    recipe = RECIPES["several critic steps"]
    data = mapped(image_data(), tmp_path / "samples")
    new_run(recipe, data, tmp_path / "whole", device="cpu")
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    shutil.rmtree(tmp_path / "cut" / "checkpoints" / "000012")
    resume_run(load(tmp_path / "cut" / "recipe.yaml"), data, tmp_path / "cut", device="cpu")
    assert_same_end(tmp_path / "whole", tmp_path / "cut", 12)


def test_the_record_says_what_share_of_the_time_was_waited(tmp_path, read_rows):
    new_run(small_recipe(), image_data(), tmp_path / "run", device="cpu")
    said = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert "data_wait" not in said[0]  # warm-up
    assert all(0 <= row["data_wait"] <= 1 for row in said[1:])
    assert "data_wait" not in rows(tmp_path / "run")[1]  # two equal runs may differ in it


def test_a_file_that_is_cut_off_ends_the_run_in_one_line_with_its_checkpoint_whole(tmp_path, read_rows):
    data = mapped(image_data(), tmp_path / "samples")

    class Cuts:
        def started(self, start): ...
        def logged(self, row): ...
        def evaluated(self, row): ...
        def pictured(self, picture): ...
        def ended(self, end): ...
        def saved(self, round_, path):
            (tmp_path / "samples").write_bytes(b"")

    with pytest.raises(RunError, match=r"cannot read samples from .*it has become shorter") as error:
        new_run(small_recipe(rounds=60), data, tmp_path / "run", device="cpu", observers=[Cuts()])
    assert "\n" not in str(error.value)
    assert weights(tmp_path / "run", 5)
    assert not threads()


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_the_thread_ends_where_a_run_is_interrupted_or_fails(tmp_path, read_rows, error):
    class Stops:
        def started(self, start): ...
        def ended(self, end): ...
        def logged(self, row):
            assert threads()
            raise error

    with pytest.raises(error):
        new_run(small_recipe(), image_data(), tmp_path / "run", device="cpu", observers=[Stops()])
    assert not threads()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_copies_to_a_gpu_arrive_before_they_are_used():
    device = torch.device("cuda")
    pixels = np.random.default_rng(0).integers(0, 256, (2_000, 3, 64, 64), dtype=np.uint8)
    reader = Prefetcher(Stored(pixels).rows, device)
    batches = [np.random.default_rng(i).integers(0, 2_000, 256) for i in range(40)]
    reader.follow(iter(batches))
    for batch in batches:
        assert np.array_equal(reader(batch)[0].cpu().numpy(), pixels[batch])
    reader.close()


def test_the_feed_says_where_it_wants_indices(read_rows):
    data, recipe = image_data(), small_recipe()
    feed = Feed(recipe, data.train, CPU)
    assert feed.rows_on == CPU and feed.waited == 0.0
    assert feed(Drawer(recipe, data.sample, data.train, CPU).round(0, 0).critic[0].real).samples.shape == (16, 1, 8, 8)
