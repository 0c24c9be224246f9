"""Several processes train as one: gradients, trajectories and states are those of the full batch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from steadygan.cli.fields import walk
from steadygan.errors import UsageError
from steadygan.networks import DCGANCritic
from steadygan.training.held_out import HeldOutMeasure
from steadygan.training.processes.fingerprint import fingerprint
from steadygan.training.processes.launch import joined, local_device
from steadygan.training.processes.world import ALONE, World
from tests.training.games import image_data, small_recipe, table
from tests.training.worlds import ALIKE, FUNCTIONAL, LONG, OF_ALL, OTHERS, TEXTS, TRACED, image_recipes, made, played

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forked")

ROOT = Path(__file__).parents[3]
DEEP = ("resnet101",)
"""of layers that others have a few of"""
RECIPES = [name for name in (*image_recipes(), *TEXTS) if name not in (*ALIKE, *DEEP)]
NAMES = [*RECIPES, *OTHERS, *(LONG + name for name in ("began", "adaptive"))]
COMPILED = [TRACED + "codes of all", *(FUNCTIONAL + name for name in OF_ALL)]


def started(size: int, out: Path, names: list[str], module: str = "worlds") -> dict:
    """Runs the recipes, or what another module of these tests does with the names, in processes of their own."""
    line = [sys.executable, "-m", "tests.training.forked", str(size), module, str(out), *names]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return torch.load(out)


def check_same(together, alone):
    gradients, answers = zip(together, alone, strict=True)
    whole = torch.stack([gradient.norm() for gradient in alone[0]]).norm()
    for got, want in zip(*gradients, strict=True):
        assert (got - want).norm() <= 1e-9 * (want.norm() + 1e-3 * whole)
    for got, want in zip(*answers, strict=True):
        torch.testing.assert_close(got, want, rtol=1e-8, atol=1e-9)


def wrong(together, names):
    """What differs from one process's, by name."""
    found = {}
    for name in names:
        try:
            check_same(together[name], played(name, ALONE))
        except AssertionError as error:
            found[name] = str(error)
    return found


@pytest.mark.slow
@needs_fork
def test_two_processes_compute_what_one_does_and_compiled_steps_too(tmp_path):
    results = started(2, tmp_path / "results.pt", [*NAMES, *COMPILED])  # one start, since importing takes so long
    assert not wrong(results, NAMES)
    assert max(results[name] for name in COMPILED) < 1e-9


@pytest.mark.slow
@needs_fork
def test_four_processes_compute_what_one_does(tmp_path):
    names = ["ebgan-pt", "began"]
    assert not wrong(started(4, tmp_path / "results.pt", names), names)


@pytest.mark.slow
@needs_fork
def test_processes_join_as_often_as_they_like(tmp_path):
    given = started(2, tmp_path / "given.pt", [], module="rejoined")["given"]
    assert given == [(10 * index, [0, 1]) for index in range(4)]


def parts(name):
    """The kinds of a recipe's parts by their places, besides its loss and optimizers, which ``played`` replaces."""
    return {
        (field.path, type(field.value))
        for field in walk(made(name))
        if field.is_part and field.value is not None and not field.path.endswith(("objective.loss", "-optimizer"))
    }


@pytest.mark.parametrize(("name", "other"), ALIKE.items())
def test_a_recipe_stands_for_another_whose_kinds_of_parts_it_has(name, other):
    assert parts(name) <= parts(other)


def test_a_world_of_one_changes_nothing():
    values = torch.arange(6.0)
    assert ALONE.rows(6) == slice(0, 6)
    assert ALONE.all_gather(values) is values
    assert ALONE.all_reduce(values) is values
    assert ALONE.broadcast("x") == "x"
    assert not ALONE.any(False)
    ALONE.check_equal({"values": values}, "start")


def test_rows_cover_the_batch_once():
    rows = [World(rank, 4).rows(12) for rank in range(4)]
    assert [index for part in rows for index in range(12)[part]] == list(range(12))


def test_a_batch_that_cannot_be_shared_is_one_line_with_the_next_that_can():
    with pytest.raises(UsageError, match=r"batch of 10 .* 4 processes.*--batch 12"):
        World(0, 4).rows(10)


def test_a_fingerprint_changes_with_one_bit_and_with_the_order():
    values = torch.randn(100, generator=torch.Generator().manual_seed(0))
    other = values.clone()
    other.view(torch.int32)[50] += 1
    swapped = values.clone()
    swapped[[3, 7]] = values[[7, 3]]
    prints = [fingerprint(each).tolist() for each in (values, values.clone(), other, swapped)]
    assert prints[0] == prints[1]
    assert prints[0] != prints[2]
    assert prints[0] != prints[3]


def test_processes_without_an_address_are_one_line(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    for name in ("RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    with (
        pytest.raises(UsageError, match=r"RANK, MASTER_ADDR, MASTER_PORT is not set.*torchrun"),
        joined(torch.device("cpu")),
    ):
        pass


def test_held_out_scores_of_a_critic_with_batch_norm_ask_no_other_process():
    def asked(part):
        raise AssertionError("the others do not look")

    recipe, data = small_recipe(critic=DCGANCritic(width=4, norm="batch"), penalties=()), image_data()
    game, feed, _ = table(recipe, data)
    alone = HeldOutMeasure(recipe, data, feed)(game, 0)
    networks = (game.critic, game.generator)
    norms = [part for network in networks for part in network.modules() if hasattr(part, "sum_over_processes")]
    for norm in norms:
        norm.sum_over_processes = asked
    again = HeldOutMeasure(recipe, data, feed)(game, 0)
    assert all(torch.equal(one, other) for one, other in zip(again, alone, strict=True))
    assert norms and all(norm.sum_over_processes is asked for norm in norms)


@pytest.mark.parametrize(("rank", "expected"), [(0, "cuda:0"), (1, "cuda:1"), (2, None)])
def test_each_process_has_a_gpu_of_its_own_or_there_are_too_many(monkeypatch, rank, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("LOCAL_RANK", str(rank))
    assert local_device("cpu") == "cpu"
    if expected:
        assert local_device("auto") == local_device("cuda") == expected
    else:
        with pytest.raises(UsageError, match=r"this machine has 2 GPUs.*--nproc-per-node 2, or --device cpu"):
            local_device("auto")
