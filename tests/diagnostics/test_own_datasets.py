"""The monitor beside a torch Dataset or DataLoader: which samples it reads, and that the loop goes on as it was."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from steadygan.diagnostics import Monitor
from steadygan.diagnostics.own_datasets import kept
from steadygan.diagnostics.schedule import Schedule
from steadygan.errors import UsageError

NETWORK = nn.Linear(2, 1)


def numbered(count: int) -> torch.Tensor:
    """Samples [count, 2], whose numbers say which they are."""
    return torch.arange(2.0 * count).reshape(count, 2)


class Pairs(Dataset):
    """Samples with their class, and a random number of each library added to them."""

    def __init__(self, count: int = 40, noise: float = 0.0):
        self.count, self.noise, self.generator = count, noise, np.random.default_rng(7)

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        drawn = torch.randn(2) + random.random() + np.random.rand() + self.generator.random()  # noqa: NPY002
        return torch.tensor([2.0 * index, 2.0 * index + 1]) + self.noise * drawn, index % 3


class Stream(IterableDataset):
    def __init__(self, items):
        self.items = items

    def __iter__(self):
        return iter(self.items)


def read(given, *, labelled=False, few=False):
    return kept(given, "real", NETWORK, labelled=labelled, few=few)


def test_a_small_dataset_is_read_whole_and_a_large_one_evenly_over_all_of_it():
    whole = read(TensorDataset(numbered(40)))
    assert whole.total == 40 and sorted(whole.samples[:, 0].tolist()) == list(range(0, 80, 2))
    some = read(TensorDataset(numbered(50_000)))
    assert some.total == 50_000 and some.labels is None
    rows = some.samples[:, 0] / 2
    assert len(rows.unique()) == len(rows) == 4_000  # as many as look for the nearest one
    counts = torch.histc(rows, 10, 0, 50_000)
    assert counts.min() > 330 and counts.max() < 470  # 400 in each tenth, give or take three deviations
    assert len(read(TensorDataset(numbered(50_000)), few=True).samples) == 256


@pytest.mark.parametrize(
    "given",
    [
        Pairs(),
        DataLoader(Pairs(), batch_size=4, shuffle=True),
        DataLoader(Pairs(), batch_sampler=[[0, 1], [5]]),
        DataLoader(Pairs(), batch_size=1),
    ],
)
def test_labels_are_the_second_of_each_item(given):
    found = read(given, labelled=True)
    assert found.samples.shape == (40, 2) and found.labels.dtype == torch.int64
    assert torch.equal((found.samples[:, 0] / 2).long() % 3, found.labels)


def test_a_loaders_own_batches_are_made_by_its_function():
    def doubled(items):
        return {"x": 1}, 2 if len(items) < 0 else torch.stack([item[0] for item in items]) * 2

    with pytest.raises(UsageError, match="real has batches of a tuple of a dict with x, float32"):
        read(DataLoader(Pairs(), batch_size=4, collate_fn=doubled))
    found = read(DataLoader(Pairs(), batch_size=4, collate_fn=lambda items: doubled(items)[1]))
    assert sorted(found.samples[:, 0].tolist()) == list(range(0, 160, 4))


def test_streams_are_read_from_their_beginning_and_have_no_number():
    single = read(Stream(list(numbered(5_000))))
    assert single.total is None and torch.equal(single.samples, numbered(5_000)[:4_000])
    batches = read(DataLoader(Stream(list(numbered(5_000).split(100))), batch_size=None))
    assert batches.total is None and torch.equal(batches.samples, numbered(5_000)[:4_000])


def test_scales_stay_a_list():
    items = [([torch.full((1, 2, 2), float(i)), torch.full((1, 4, 4), float(i))], 0) for i in range(20)]
    found = read(DataLoader(Stream(items), batch_size=5))
    assert [tuple(scale.shape) for scale in found.samples] == [(20, 1, 2, 2), (20, 1, 4, 4)]


def test_random_numbers_and_the_order_of_a_loader_are_as_without_a_monitor():
    def loop(monitored: bool) -> list[torch.Tensor]:
        torch.manual_seed(0)
        np.random.seed(0)  # noqa: NPY002
        random.seed(0)
        loader = DataLoader(
            Pairs(noise=0.1), batch_size=8, shuffle=True, generator=torch.Generator().manual_seed(3), drop_last=True
        )
        batches = iter(loader)
        seen = [next(batches)[0]]
        if monitored:
            generator, critic = nn.Linear(4, 2), nn.Linear(2, 1)
            torch.manual_seed(0)
            Monitor(generator, critic, latents=numbered(32).repeat(1, 2), real=loader, held_out=loader, rounds=50)
        torch.manual_seed(5)
        seen += [batch for batch, _ in batches]
        seen += [batch for batch, _ in loader]
        return seen

    for one, other in zip(loop(True), loop(False), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_what_is_read_is_the_same_each_time(noise):
    torch.manual_seed(1)
    first = read(Pairs(noise=noise)).samples
    torch.manual_seed(2)
    random.seed(2)
    assert torch.equal(first, read(Pairs(noise=noise)).samples)


@pytest.mark.parametrize(
    ("given", "labelled", "words"),
    [
        (Stream([]), False, "real is a Stream without samples"),
        (
            Stream([{"image": torch.zeros(2), "label": 1}]),
            False,
            "batches of a dict with image, label; needed: a tensor",
        ),
        (
            TensorDataset(torch.zeros(9, 2, dtype=torch.uint8)),
            False,
            r"list of uint8 \[9, 2\]; needed: .* floating-point",
        ),
        (Stream([torch.zeros(2), torch.zeros(3)]), False, "real has items that make no batch"),
        (Stream(iter(lambda: 1 / 0, None)), False, "a Stream whose items cannot be read: ZeroDivisionError"),
        (TensorDataset(torch.zeros(9, 2)), True, r"labels=True, but real has batches of a list of float32 \[9, 2\]"),
        (TensorDataset(torch.zeros(9, 2), torch.zeros(9, 4)), True, r"needed: samples, then labels \[N\]"),
    ],
)
def test_items_that_are_no_samples_are_one_line(given, labelled, words):
    with pytest.raises(UsageError, match=words) as caught:
        read(given, labelled=labelled)
    assert "\n" not in str(caught.value)


class OfClasses(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.layer, self.table = nn.Linear(inputs, outputs), nn.Embedding(3, outputs)

    def forward(self, x, labels):
        return self.layer(x) + self.table(labels)


def test_a_monitor_of_a_dataset_knows_its_number_and_its_labels():
    given = {"latents": torch.randn(64, 4), "rounds": 3, "looks": Schedule((2,))}
    generator, critic = OfClasses(4, 2), OfClasses(2, 1)
    monitor = Monitor(generator, critic, real=Pairs(6_000), held_out=DataLoader(Pairs(90), 8), labels=True, **given)
    (row,) = [row for _ in range(3) if (row := monitor.after_round())]
    assert row["training_samples"] == 6_000 and row["compared"] == 90
    assert not [reason for reason in monitor.left_out.values() if "labels" in reason]
    for real, labels, words in (
        (Pairs(), torch.zeros(40, dtype=torch.int64), "labels is Tensor beside a dataset"),
        (torch.zeros(40, 2), True, "labels is True, and real is Tensor"),
        ([1, 2], None, "real is list; allowed: a tensor"),
    ):
        with pytest.raises(UsageError, match=words):
            Monitor(generator, critic, real=real, labels=labels, **given)
