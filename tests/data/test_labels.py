"""Labels of any kind: classes, or a sentence on why they are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steadygan import codec
from steadygan.cli import overrides
from steadygan.data import DataOptions, open_data
from steadygan.data.labels import Values, read_labels
from steadygan.errors import DataError, UsageError
from tests.data.making import colours, idx
from tests.data.tables import pictures, write_table

RNG = np.random.default_rng(0)
COUNT = 40
SOFT = RNG.dirichlet(np.ones(3), COUNT)
KINDS: dict[str, tuple[Any, str]] = {
    "multi-hot": (np.arange(COUNT)[:, None] >> np.arange(4) & 1, "are multi-hot, several classes a sample or none"),
    "attributes": (RNG.choice([-1, 1], (COUNT, 6)), "are multi-hot"),
    "no class at all": (np.zeros((COUNT, 4)), "are multi-hot"),
    "soft": (SOFT, "are soft, shares of classes"),
    "soft float32": (SOFT.astype(np.float32), "--data.labels likeliest"),
    "vectors": (RNG.standard_normal((COUNT, 3)), "are vectors of numbers"),
    "fractions": (RNG.random(COUNT), "are fractions"),
    "identities": (np.arange(COUNT) * 7, "differ from sample to sample"),
    "names of files": (np.array([f"img{i}" for i in range(COUNT)]), "differ from sample to sample"),
    "maps": (RNG.integers(0, 2, (COUNT, 8, 8)), "are arrays, one a sample"),
    "captions": (np.array([["a", "b"]] * COUNT), "are several words a sample"),
    "NaN": (np.where(np.arange(COUNT) % 4, 1.0, np.nan), "are missing for 10 samples"),
    "empty words": (np.array(["", "a"] * 20), "are missing for 20 samples"),
    "dates": (np.array(["2020-01-01"] * COUNT, "datetime64[D]"), "neither numbers nor words"),
}
"""labels that are no classes, and what is said of them"""
NUMBERS = np.arange(COUNT) % 4
CLASSES: dict[str, tuple[Any, list[str]]] = {
    "numbers": (NUMBERS, list("0123")),
    "negative": (NUMBERS - 1, ["-1", "0", "1", "2"]),
    "signs": (NUMBERS // 2 * 2 - 1, ["-1", "1"]),
    "whole floats": (NUMBERS.astype(np.float32), list("0123")),
    "truth": (NUMBERS > 1, ["False", "True"]),
    "words": (np.array(list("dcab"))[NUMBERS], list("abcd")),
    "bytes": (np.array([b"x", b"y", b"z", b"\xc3\xa9"])[NUMBERS], list("xyzé")),
    "column": (NUMBERS[:, None], list("0123")),
    "row": (NUMBERS[None], list("0123")),
    "one-hot": (np.eye(5)[NUMBERS], list("0123")),
    "one-hot of bytes": (np.eye(4, dtype=np.uint8)[NUMBERS] * 255, list("0123")),
    "one-hot of signs": (np.eye(4)[NUMBERS] * 2 - 1, list("0123")),
    "one-hot, rounded": (np.eye(4)[NUMBERS] + 1e-9, list("0123")),
}


def values(array: Any, count: int = COUNT) -> Values:
    return Values("'y'", np.asarray(array), np.shape(array), count)


@pytest.mark.parametrize("kind", CLASSES)
def test_one_value_a_picture_is_a_class(kind: str) -> None:
    array, names = CLASSES[kind]
    found = read_labels(values(array), None, True)
    assert (found.note, list(found.names)) == ("", names)
    assert found.labels is not None
    flat = NUMBERS if "one-hot" in kind else np.asarray(array).reshape(-1)
    for number in range(len(names)):  # equal labels are equal values
        assert len(set(flat[found.labels == number].tolist())) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_other_labels_are_named_and_left_out(tmp_path: Path, kind: str) -> None:
    array, said = KINDS[kind]
    np.savez(tmp_path / "set.npz", images=colours(COUNT), labels=array)
    data = open_data(DataOptions(source=str(tmp_path / "set.npz")))
    assert (data.sample.classes, data.class_names) == (0, ())
    assert data.audit is not None
    assert said in data.audit.label_note
    assert f"'labels' {list(array.shape)}" in data.audit.label_note
    assert any(said in sentence for sentence in data.audit.what_training_will_do)
    assert open_data(DataOptions(source=str(tmp_path / "set.npz"), labels=False)).sample.classes == 0


def test_the_likeliest_class_of_soft_labels_is_taken_when_asked() -> None:
    found = read_labels(values(SOFT), None, "likeliest")
    assert found.labels is not None
    assert found.labels.tolist() == SOFT.argmax(axis=1).tolist()
    smooth = np.full((COUNT, 4), 0.1 / 3) + np.eye(4)[NUMBERS] * (0.9 - 0.1 / 3)
    assert np.array_equal(read_labels(values(smooth), None, "likeliest").labels, NUMBERS)  # type: ignore[arg-type]
    for kind in ("multi-hot", "vectors", "fractions"):
        with pytest.raises(UsageError, match=r"data labels is 'likeliest', but the labels 'y' \[40"):
            read_labels(values(KINDS[kind][0]), None, "likeliest")
    with pytest.raises(UsageError, match="are no shares of classes"):
        read_labels(values(NUMBERS), None, "likeliest")


@pytest.mark.parametrize("count", [39, 41, 1, 0])
def test_another_number_of_labels_than_pictures_is_refused(tmp_path: Path, count: int) -> None:
    np.savez(tmp_path / "set.npz", images=colours(COUNT), labels=np.arange(count) % 2)
    options = DataOptions(source=str(tmp_path / "set.npz"))
    with pytest.raises(DataError, match=rf"'labels' holds {count} labels \[{count}\] for 40 samples") as error:
        open_data(options)
    assert "--data.labels false" in str(error.value)
    assert open_data(DataOptions(source=options.source, labels=False)).sample.classes == 0


def test_labels_of_both_splits_are_checked() -> None:
    test = values(NUMBERS[:9], 9)
    found = read_labels(values(NUMBERS), test, True)
    assert found.test_labels is not None
    assert found.test_labels.tolist() == NUMBERS[:9].tolist()
    with pytest.raises(DataError, match=r"holds 9 labels \[9\] for 8 samples"):
        read_labels(values(NUMBERS), values(NUMBERS[:9], 8), True)
    ids = read_labels(values(np.arange(COUNT)), values(np.arange(9) + 100, 9), True)
    assert "differ from sample to sample" in ids.note
    for wrong in (values([9], 1), values([1], 2), Values("'y'", None, (3,), 3)):
        forgiven = read_labels(values(NUMBERS), wrong, False)
        assert (forgiven.labels, forgiven.names, forgiven.note) == (None, (), "")
    words = read_labels(values(NUMBERS), values(np.array(["0", "3"]), 2), True)
    assert words.test_labels is not None
    assert words.test_labels.tolist() == [0, 3]
    with pytest.raises(DataError, match="label '9', which the training split lacks"):
        read_labels(values(NUMBERS), values([9], 1), True)
    assert "are fractions" in read_labels(values(NUMBERS), values(RNG.random(9), 9), True).note


def test_one_class_alone_is_said() -> None:
    found = read_labels(values(np.zeros(COUNT)), None, True)
    assert found.names == ("0",)


def test_one_class_alone_is_in_the_audit(tmp_path: Path) -> None:
    np.savez(tmp_path / "set.npz", images=colours(COUNT), labels=np.array(["cat"] * COUNT))
    data = open_data(DataOptions(source=str(tmp_path / "set.npz")))
    assert data.sample.classes == 0
    assert data.audit is not None
    assert "All pictures have the label 'cat'" in data.audit.label_note


def test_arrays_that_may_be_labels_by_another_name_are_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "set.npz", images=colours(COUNT), age=RNG.random(COUNT), mean=np.zeros(3))
    data = open_data(DataOptions(source=str(tmp_path / "set.npz")))
    assert data.audit is not None
    (note,) = data.audit.notes
    assert "'age' [40]" in note
    np.savez(tmp_path / "set.npz", images=colours(COUNT), y_test=np.zeros(7))
    audit = open_data(DataOptions(source=str(tmp_path / "set.npz"))).audit
    assert audit is not None
    assert "'y_test' [7]" in audit.notes[0]
    assert "mean" not in note


@pytest.mark.parametrize(
    ("rows", "classes", "said"),
    [
        ([0, 1] * 10, 2, ""),
        (["b", "a"] * 10, 2, ""),
        ([True, False] * 10, 2, ""),
        ([1.0, 2.0] * 10, 2, ""),
        ([-1, 1] * 10, 2, ""),
        ([[1, 0], [0, 1]] * 10, 2, ""),
        ([[1, 1], [0, 1]] * 10, 0, "multi-hot"),
        ([[0.5, 0.5], [0.25, 0.75]] * 10, 0, "soft"),
        ([[1], [1, 2]] * 10, 0, "lists of several lengths"),
        ([0.5, 1.5] * 10, 0, "fractions"),
        ([1, None] * 10, 0, "missing for 10 samples"),
        (list(range(20)), 0, "differ from sample to sample"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_columns_of_tables_alike(tmp_path: Path, rows: list[Any], classes: int, said: str, stream: bool) -> None:
    import pyarrow.parquet as pq

    path = write_table(tmp_path / "set.parquet", pictures(20), rows)
    pq.write_table(pq.read_table(path), path, row_group_size=2)
    data = open_data(DataOptions(source=str(path), stream=stream))
    assert data.audit is not None
    if stream and rows[0] == [1, 0]:
        classes, said = 0, "a stream takes numbers or words"
    assert data.sample.classes == classes
    assert said in data.audit.label_note
    assert bool(data.audit.label_note) == (classes == 0)


def test_idx_labels_of_other_types_and_kinds(tmp_path: Path) -> None:
    import struct

    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(colours(COUNT, 16, 1)[..., 0]))
    head = struct.pack(">BBBBI", 0, 0, 13, 1, COUNT)
    (tmp_path / "train-labels-idx1-float").write_bytes(head + NUMBERS.astype(">f4").tobytes())
    assert open_data(DataOptions(source=str(tmp_path))).sample.classes == 4
    (tmp_path / "train-labels-idx1-float").write_bytes(head + RNG.random(COUNT).astype(">f4").tobytes())
    audit = open_data(DataOptions(source=str(tmp_path))).audit
    assert audit is not None
    assert "are fractions" in audit.label_note


@pytest.mark.parametrize("given", [True, False, "folders", "likeliest"])
def test_the_option_goes_through_yaml_and_the_command_line(given: Any) -> None:
    options = DataOptions(labels=given)
    assert codec.from_plain(codec.to_plain(options), DataOptions) == options
    text = str(given).lower() if isinstance(given, bool) else given
    _, changes = overrides.split([f"--labels={text}"], {})
    assert overrides.apply(DataOptions(), changes).labels == given


def test_the_option_alone_and_other_words() -> None:
    _, changes = overrides.split(["--labels"], {})
    assert overrides.apply(DataOptions(labels=False), changes).labels is True
    _, changes = overrides.split(["--labels", "folder"], {})
    with pytest.raises(UsageError, match=r"allowed: true, false, folders, likeliest; did you mean 'folders'"):
        overrides.apply(DataOptions(), changes)
    with pytest.raises(UsageError, match="data labels is 'true'"):
        DataOptions(labels="true")  # type: ignore[arg-type]


@pytest.mark.parametrize("use", ["folders", "likeliest"])
@pytest.mark.parametrize("source", ["digits", "8gaussians", "python-docs"])
def test_an_option_that_does_nothing_is_refused(source: str, use: Any) -> None:
    with pytest.raises(UsageError, match=f"data labels is '{use}', but '{source}'"):
        open_data(DataOptions(source=source, labels=use))


def test_a_conditional_recipe_says_what_the_labels_are(tmp_path: Path) -> None:
    import torch

    from steadygan.recipes import find
    from steadygan.training.setup import SetupBuilder

    np.savez(tmp_path / "set.npz", images=colours(COUNT), labels=SOFT)
    for name in ("acgan", "projection"):
        for use, said in ((True, "are soft, shares of classes.*likeliest"), (False, "--data.labels false")):
            data = open_data(DataOptions(source=str(tmp_path / "set.npz"), labels=use, size=16))
            recipe = find(name)(data.sample)
            with pytest.raises(UsageError, match=said) as error:
                SetupBuilder(recipe, data, torch.device("cpu")).game()
            assert "\n" not in str(error.value)
