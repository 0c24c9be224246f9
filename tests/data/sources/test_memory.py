"""Data that is handed over in memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, IterableDataset, Subset, TensorDataset
from torch.utils.data import Dataset as TorchDataset

from steadygan.data import DataOptions, Dataset, Stored, open_data
from steadygan.data.open import open_memory
from steadygan.data.sources import items, memory
from steadygan.errors import DataError, SteadyganError
from steadygan.types import SampleSpec

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 3, 16, 16), dtype=np.uint8)
LABELS = np.arange(40) % 4
TENSOR = torch.from_numpy(PIXELS)


def picture(pixels):
    return Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))


class Items(TorchDataset):
    """A map-style data set of what a function makes of an index."""

    def __init__(self, item):
        self.item = item

    def __len__(self):
        return 40

    def __getitem__(self, index):
        return self.item(index)


class Stream(IterableDataset):
    """An iterable data set of the pictures, over and over."""

    def __init__(self, times):
        self.times = times

    def __iter__(self):
        return (pixels for _ in range(self.times) for pixels in TENSOR)


def opened(data, **options):
    return open_memory(data, DataOptions(source=memory.memory_name(data), **options))


@pytest.fixture
def saved(tmp_path):
    """The same pictures in a file, without and with labels."""
    np.savez(tmp_path / "plain.npz", images=PIXELS)
    np.savez(tmp_path / "labelled.npz", images=PIXELS, labels=LABELS)
    return [open_data(DataOptions(source=str(tmp_path / f"{name}.npz"))) for name in ("plain", "labelled")]


UNLABELLED = {
    "array": lambda: PIXELS,
    "channels last": lambda: PIXELS.transpose(0, 2, 3, 1),
    "floats from 0 to 1": lambda: PIXELS.astype(np.float64) / 255,
    "tensor": lambda: TENSOR,
    "tensor with a gradient": lambda: (TENSOR.float() / 255).requires_grad_(),
    "TensorDataset": lambda: TensorDataset(TENSOR),
    "DataLoader": lambda: DataLoader(TensorDataset(TENSOR), 16, shuffle=True),
    "map-style": lambda: Items(lambda i: TENSOR[i]),
    "map-style, one part": lambda: Items(lambda i: (TENSOR[i],)),
    "iterable": lambda: Stream(1),
    "generator": lambda: (pixels for pixels in PIXELS),
    "pictures": lambda: [picture(pixels) for pixels in PIXELS],
    "list of arrays": lambda: list(PIXELS),
    "mapping": lambda: {"images": PIXELS},
}
LABELLED = {
    "pair": lambda: (PIXELS, LABELS),
    "pair of tensors": lambda: (TENSOR, torch.from_numpy(LABELS)),
    "one-hot": lambda: (PIXELS, np.eye(4)[LABELS]),
    "list of labels": lambda: (PIXELS, LABELS.tolist()),
    "TensorDataset": lambda: TensorDataset(TENSOR, torch.from_numpy(LABELS)),
    "items": lambda: Items(lambda i: (TENSOR[i], int(LABELS[i]))),
    "dicts": lambda: Items(lambda i: {"image": picture(PIXELS[i]), "label": int(LABELS[i])}),
    "pictures": lambda: ([picture(pixels) for pixels in PIXELS], LABELS),
    "mapping": lambda: {"images": TENSOR, "labels": LABELS},
}


@pytest.mark.parametrize("form", UNLABELLED)
def test_samples_in_memory_are_those_of_a_file(form, saved):
    data, same = opened(UNLABELLED[form]()), saved[0]
    assert data.fingerprint == same.fingerprint
    assert np.array_equal(data.train.some()[0], same.train.some()[0])
    assert data.audit.source.startswith("memory:")


@pytest.mark.parametrize("form", LABELLED)
def test_labels_in_memory_are_those_of_a_file(form, saved):
    data, same = opened(LABELLED[form]()), saved[1]
    assert data.fingerprint == same.fingerprint
    assert data.class_names == ("0", "1", "2", "3")
    assert np.array_equal(data.train.labels, same.train.labels)


def test_one_changed_number_is_other_data():
    changed = PIXELS.copy()
    changed[7, 0, 0, 0] ^= 1
    assert opened(changed).fingerprint != opened(PIXELS).fingerprint


def test_a_subset_is_a_part_of_its_set():
    assert opened(Subset(Items(lambda i: TENSOR[i]), range(20))).fingerprint == opened(PIXELS[:20]).fingerprint


def test_pictures_of_several_sizes_are_resized():
    pictures = [picture(pixels).resize((20 + i, 30)) for i, pixels in enumerate(PIXELS)]
    assert opened(pictures, size=8).sample.shape == (3, 8, 8)
    assert opened([np.asarray(each) for each in pictures], size=8).sample.shape == (3, 8, 8)
    assert opened([each.resize((90, 9)) for each in pictures]).sample.is_picture  # long, but pictures


def test_pictures_of_other_modes_are_decoded_as_files_are(tmp_path):
    pictures = [picture(pixels).convert("P") for pixels in PIXELS]
    for number, each in enumerate(pictures):
        each.save(tmp_path / f"{number:02d}.png")
    in_files = open_data(DataOptions(source=str(tmp_path)))
    assert np.array_equal(np.sort(opened(pictures).train.some()[0], axis=0), np.sort(in_files.train.some()[0], axis=0))


@pytest.mark.parametrize("mode", ["I;16", "I;16L", "I;16B"])
def test_pictures_of_16_bits_are_as_in_files_whatever_the_order_of_their_bytes(tmp_path, mode):
    deep = np.random.default_rng(1).integers(0, 60_000, (20, 8, 8), dtype=np.uint16)
    order = ">u2" if mode == "I;16B" else "<u2"
    pictures = [Image.frombytes(mode, (8, 8), each.astype(order).tobytes()) for each in deep]
    for number, each in enumerate(deep):
        Image.fromarray(each).save(tmp_path / f"{number:02d}.png")
    found, in_files = opened(pictures), open_data(DataOptions(source=str(tmp_path)))
    assert np.array_equal(np.sort(found.train.some()[0], axis=0), np.sort(in_files.train.some()[0], axis=0))


def test_pictures_are_turned_upright_as_files_are(tmp_path):
    turned = []
    for number, pixels in enumerate(PIXELS):
        exif = Image.Exif()
        exif[0x0112] = 1 + number % 8
        picture(pixels).save(tmp_path / f"{number:02d}.png", exif=exif)
        turned.append(Image.open(tmp_path / f"{number:02d}.png"))
    found, in_files = opened(turned), open_data(DataOptions(source=str(tmp_path)))
    both = [
        {row.tobytes() for split in (data.train, data.held_out) for row in split.some()[0]}
        for data in (found, in_files)
    ]
    assert both[0] == both[1] and len(both[0]) == 40


@pytest.mark.parametrize(("mode", "channels"), [("La", 1), ("RGBa", 3), ("CMYK", 3), ("YCbCr", 3), ("HSV", 3)])
def test_pictures_of_rare_modes_are_read(mode, channels):
    base = "LA" if mode == "La" else "RGBA" if mode == "RGBa" else "RGB"
    source = picture(PIXELS[0]).convert(base)
    assert opened([source if mode == base else source.convert(mode)] * 20).sample.shape == (channels, 16, 16)


def test_a_picture_that_is_cut_off_is_named_by_its_number(tmp_path):
    picture(PIXELS[0]).resize((200, 200)).save(tmp_path / "whole.jpg")
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "whole.jpg").read_bytes()[:2_000])
    with pytest.raises(DataError, match="item 1 cannot be read: truncated"):
        opened([Image.open(tmp_path / "whole.jpg"), Image.open(tmp_path / "cut.jpg")])


@pytest.mark.parametrize("missing", [None, float("nan"), np.nan])
def test_missing_labels_are_no_class(missing):
    found = opened((PIXELS, np.array(["cat", "dog", missing, "cat"] * 10, dtype=object)))
    assert found.class_names == ()
    assert any("are missing for 10 samples" in line for line in found.audit.what_training_will_do)


def test_endless_data_is_taken_up_to_a_bound_with_a_line(monkeypatch):
    monkeypatch.setattr(items, "MOST_ITEMS", 60)
    data = opened(Stream(10**9))
    assert len(data.train) + len(data.held_out) == 60
    assert any("first 60 samples" in note for note in data.audit.notes)


def test_of_a_loader_its_data_set_is_said_to_be_used():
    assert any("DataLoader" in note for note in opened(DataLoader(TensorDataset(TENSOR))).audit.notes)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_signals_of_any_float_type_are_signals(dtype):
    data = opened(torch.randn(40, 2, 50).to(dtype))
    assert data.sample.is_signal
    assert data.units.dtype == ("float32" if dtype == torch.bfloat16 else str(dtype).removeprefix("torch."))


def test_arrays_are_not_changed_and_pictures_not_copied_to_be_read():
    frozen = PIXELS.copy()
    frozen.flags.writeable = False
    opened(frozen)
    waves = np.random.default_rng(0).standard_normal((40, 2, 50))
    before = waves.copy()
    opened(waves)
    assert np.array_equal(waves, before)
    stored = memory.source_of_memory(frozen, DataOptions("memory:x"))
    assert np.shares_memory(next(stored.train.read()), frozen)


def test_what_gives_itself_as_an_array_is_one():
    class Given:
        shape, dtype = PIXELS.shape, PIXELS.dtype

        def __array__(self, dtype=None, copy=None):
            return PIXELS

    for given in (Given(), memoryview(PIXELS)):
        assert opened(given).fingerprint == opened(PIXELS).fingerprint


def test_a_data_set_of_ours_is_taken_as_it_is():
    mine = Dataset("mine", SampleSpec((3, 16, 16)), Stored(PIXELS[8:]), Stored(PIXELS[:8]), "x")
    assert open_memory(mine, DataOptions("memory:dataset")) is mine


@pytest.mark.parametrize(
    ("labels", "named"),
    [
        (np.eye(4)[LABELS] + np.eye(4)[(LABELS + 1) % 4], "several"),
        (np.full((40, 4), 0.25), "soft"),
        (np.linspace(0, 1, 40), "fractions"),
    ],
)
def test_labels_that_are_no_classes_are_named_and_not_used(labels, named):
    for samples in (PIXELS, [picture(one) for one in PIXELS]):
        found = open_memory((samples, labels), DataOptions(source="memory:x"))
        assert not found.class_names and found.train.labels is None
        assert any(named in sentence for sentence in found.audit.what_training_will_do), found.audit


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (5, "it has to be a path, a name"),
        (b"bytes", "it has to be a path, a name"),
        (print, "it has to be a path, a name"),
        (Items, "it has to be a path, a name"),
        ((PIXELS, LABELS, LABELS), "a tuple of 3"),
        ((PIXELS, LABELS[:-1]), r"labels \[39\] do not go with 40 samples"),
        (([picture(PIXELS[0])] * 20, LABELS), "do not go with 20 samples"),
        ([], "is empty"),
        (list(range(40)), "sample 0"),
        ([np.zeros((1, 10 + i)) for i in range(20)], "different shapes"),
        (Items(lambda i: None), "sample 0"),
        (Items(lambda i: TENSOR[i] if i != 3 else 1 / 0), "item 3 of the Items cannot be read: ZeroDivisionError"),
        (Items(lambda i: {"picture of a cat": TENSOR[i]}), "it holds picture of a cat"),
        (Items(lambda i: (TENSOR[i], 1, 2)), "has 3 parts"),
        (np.array([object()] * 20), "Python objects"),
        (np.array(["a"] * 20), "samples are numbers"),
        (np.ma.masked_array(np.ones((40, 2, 50)), np.arange(4000).reshape(40, 2, 50) == 7), "1 masked numbers"),
        ({}, "holds nothing"),
        ({"train": Items(lambda i: {"image": PIXELS[i]})}, "'train' is an Items; numbers are needed: hand it over by"),
        (PIXELS[:3], "at least 16"),
    ],
)
def test_anything_else_is_one_short_line(data, said):
    with pytest.raises(SteadyganError, match=said) as caught:
        opened(data)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


def test_a_recipe_that_names_memory_asks_for_the_data():
    with pytest.raises(SteadyganError, match="hand it over again, as data="):
        open_data(DataOptions(source="memory:ndarray"))


@pytest.mark.slow
def test_neither_torch_nor_pandas_is_imported_for_an_array():
    code = (
        "import sys, numpy as np; from steadygan.data.open import open_memory; "
        "from steadygan.data import DataOptions; open_memory(np.zeros((20, 8, 8), np.uint8) + np.arange(20, "
        "dtype=np.uint8)[:, None, None], DataOptions('memory:x')); "
        "print([m for m in ('torch', 'pandas') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_a_folder_named_like_memory_is_no_path_to_it(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert memory.is_memory(PIXELS) and not memory.is_memory("digits") and not memory.is_memory(None)
    assert not memory.is_memory(tmp_path) and not memory.is_memory(DataOptions())
