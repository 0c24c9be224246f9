"""Streams of parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from steadygan.data import DataOptions, Dataset, Streamed, audit_data, open_data, planned_cache_bytes
from steadygan.data.sheet import contact_sheet
from steadygan.errors import DataError, RunError, UsageError
from tests.data.making import encoded, fill, picture
from tests.data.shards import number_of, numbered, write_shards


def opened(source: Path, **options: Any) -> Dataset:
    return open_data(DataOptions(source=str(source), stream=True, **options))


def stream_of(data: Dataset) -> Streamed:
    """The training samples, decoded in this process."""
    assert isinstance(data.train, Streamed)
    return Streamed(data.train.shards, data.train.plan, data.train.order, workers=0)


def numbers_of(stream: Streamed) -> list[int]:
    """The number of each picture, by index."""
    return [number_of(pixels) for pixels in stream.rows(np.arange(len(stream)))[0]]


def test_the_pictures_and_labels_are_those_of_the_files(tmp_path: Path) -> None:
    data = opened(write_shards(tmp_path / "set", [60, 45, 60], classes=10))
    stream = stream_of(data)
    assert data.sample.shape == (1, 8, 8) and data.sample.classes == 10
    assert (len(stream), len(data.held_out)) == (145, 20)  # a tenth is 16: two whole groups
    rng = np.random.default_rng(0)
    everything = stream.rows(np.arange(145))[0]
    for _ in range(5):
        indices = rng.integers(0, 145, 20)
        samples, labels = stream.rows(indices)
        assert np.array_equal(samples, everything[indices])
        for pixels, label in zip(samples, labels, strict=True):
            assert np.array_equal(pixels, numbered(number_of(pixels)))
            assert label == number_of(pixels) % 10
    found = {number_of(pixels) for pixels in (*everything, *data.held_out.samples)}
    assert found == set(range(165))


def test_held_out_are_whole_row_groups(tmp_path: Path) -> None:
    data = opened(write_shards(tmp_path / "set", [200], classes=3))
    numbers = [number_of(pixels) for pixels in data.held_out.samples]
    assert len(numbers) == 20 and len({number // 10 for number in numbers}) == 2
    assert data.held_out.labels is not None
    assert data.held_out.labels.tolist() == [number % 3 for number in numbers]
    assert not set(numbers) & set(numbers_of(stream_of(data)))


def test_the_official_test_split_is_held_out(tmp_path: Path) -> None:
    write_shards(tmp_path / "set", [50])
    write_shards(tmp_path / "set", [30], split="test", start=500)
    data = opened(tmp_path / "set")
    assert len(data.held_out) == 30 and len(stream_of(data)) == 50
    assert data.audit is not None and data.audit.held_out_from == "row groups of the source's own 'test' split"


def test_processes_decode_what_the_caller_itself_would(tmp_path: Path) -> None:
    data = opened(write_shards(tmp_path / "set", [100], classes=3))
    assert isinstance(data.train, Streamed)
    several = Streamed(data.train.shards, data.train.plan, data.train.order, workers=2)
    indices = np.random.default_rng(0).permutation(90)[:50]
    for got, want in zip(several.rows(indices), stream_of(data).rows(indices), strict=True):
        assert np.array_equal(got, want)
    several.close()
    assert np.array_equal(several.rows(indices[:3])[0], stream_of(data).rows(indices[:3])[0])
    several.close()


@pytest.mark.parametrize("batch", [8, 20])
def test_an_epoch_reads_each_row_group_about_once_and_holds_no_more_than_the_window(tmp_path: Path, batch: int) -> None:
    data = opened(write_shards(tmp_path / "set", [200, 200], group=5), window=60)
    stream = stream_of(data)
    lanes, most = stream.order.lanes(batch), 0
    assert lanes == {8: 4, 20: 5}[batch]
    for start in range(0, 360 - batch + 1, batch):
        stream.rows(stream.indices(0, start, batch, batch))
        most = max(most, stream.buffer.count)
    assert stream.buffer.reads <= 72 + 2 * lanes
    assert 10 < most <= 60


def test_one_of_two_processes_reads_half_of_the_row_groups(tmp_path: Path) -> None:
    folder = write_shards(tmp_path / "set", [200, 200], group=5)
    reads = []
    for rank in range(2):
        stream = stream_of(opened(folder, window=60))
        for start in range(0, 360 - 8 + 1, 8):
            stream.rows(stream.indices(0, start, 8, 8)[rank * 4 : rank * 4 + 4])
        reads.append(stream.buffer.reads)
    assert all(36 <= count <= 42 for count in reads)


@pytest.mark.parametrize("broken", [b"no picture", b"", None])
def test_a_broken_picture_is_replaced_by_the_next_of_its_row_group_and_counted(
    tmp_path: Path, broken: bytes | None
) -> None:
    folder = write_shards(tmp_path / "set", [40, 40], broken={13: broken, 14: broken, 49: broken}, classes=7)
    data = opened(folder, held_out=0.01)
    for _ in range(2):  # whatever was asked for before
        stream = stream_of(data)
        samples, labels = stream.rows(np.arange(len(stream)))
        assert labels is not None
        groups = np.searchsorted(stream.order.starts, np.arange(len(stream)), side="right") - 1
        firsts = [int(pq.ParquetFile(p.file).read_row_group(p.number)["index"][0]) for p in stream.shards.groups]
        meant = np.array(firsts)[groups] + np.arange(len(stream)) - stream.order.starts[groups]
        stands_in = {13: 15, 14: 15, 49: 40}
        numbers = [number_of(pixels) for pixels in samples]
        assert numbers == [stands_in.get(number, number) for number in meant.tolist()]
        assert labels.tolist() == [number % 7 for number in numbers]
        assert stream.replaced == sum(number in stands_in for number in meant.tolist())
        assert "row group 1 of 'train-00000-of-00002.parquet', row 3: " in stream.first_replaced
        again = stream.rows(np.arange(len(stream)))[0]
        assert np.array_equal(samples, again)


def test_a_row_group_without_any_picture_gives_way_to_the_next_one(tmp_path: Path) -> None:
    folder = write_shards(tmp_path / "set", [200], broken=dict.fromkeys(range(50, 60), b"no"))
    data = opened(folder, held_out=0.01)
    stream = stream_of(data)
    assert numbers_of(stream).count(60) == 11
    assert stream.replaced == 10


def test_evaluations_use_a_fixed_part_of_a_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from steadygan.data.streaming import stream as streams
    from steadygan.evaluation.extracting import real_samples

    monkeypatch.setattr(streams, "_PART_COUNT", 25)
    data = opened(write_shards(tmp_path / "set", [100], broken={5: b"no"}, classes=3))
    samples, labels = stream_of(data).some()
    assert len(samples) == 25
    assert labels is not None and labels.tolist() == [number_of(pixels) % 3 for pixels in samples]
    assert len({number_of(pixels) for pixels in samples}) == 25
    assert np.array_equal(real_samples(data, "train")[0], samples)
    assert data.audit is not None
    assert any("take a fixed part of 25" in line for line in data.audit.what_training_will_do)


def test_the_audit_says_what_is_streamed_and_what_was_inspected(tmp_path: Path) -> None:
    folder = write_shards(tmp_path / "set", [100, 100], classes=3)
    found = audit_data(DataOptions(source=str(folder), stream=True, window=50))
    said = "\n".join(found.lines())
    assert (
        "It trains on 180 pictures in 18 row groups of 2 files, read and decoded while it trains; 20 are held" in said
    )
    assert "shuffles windows of 50 pictures; at most as many are buffered, encoded (about" in said
    assert "comes from the 20 that are held out" in said
    assert (found.found, found.train, found.held_out) == (200, 180, 20)
    assert planned_cache_bytes(DataOptions(source=str(folder), stream=True)) == 0
    contact_sheet(opened(folder), tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").stat().st_size > 1_000


def test_the_fingerprint_follows_what_is_in_the_files_and_not_where_they_lie(tmp_path: Path) -> None:
    one = opened(write_shards(tmp_path / "one", [60, 60]))
    same = opened(write_shards(tmp_path / "two", [60, 60]))
    more = opened(write_shards(tmp_path / "more", [60, 70]))
    other = opened(write_shards(tmp_path / "other", [60, 60], start=1))
    assert one.fingerprint == same.fingerprint
    assert (
        len({one.fingerprint, more.fingerprint, other.fingerprint, opened(tmp_path / "one", size=16).fingerprint}) == 4
    )


def test_labels_can_be_left_out_and_one_class_is_none(tmp_path: Path) -> None:
    folder = write_shards(tmp_path / "set", [50], classes=3)
    for data in (opened(folder, labels=False), opened(write_shards(tmp_path / "one", [50], classes=1))):
        assert data.sample.classes == 0
        assert data.held_out.labels is None
        assert stream_of(data).rows(np.arange(3))[1] is None


def test_labels_are_words_or_numbers_of_any_kind(tmp_path: Path) -> None:
    raw = [encoded(picture(place)) for place in range(40)]
    table = pa.table({"img": pa.array(raw, pa.binary()), "class": [("dog", "cat")[i % 2] for i in range(40)]})
    pq.write_table(table, tmp_path / "set.parquet", row_group_size=5)
    data = opened(tmp_path / "set.parquet")
    assert data.class_names == ("cat", "dog")
    first = pq.ParquetFile(tmp_path / "set.parquet").read_row_group(stream_of(data).shards.groups[0].number)
    expected = [{"cat": 0, "dog": 1}[word] for word in first["class"].to_pylist()]
    labels = stream_of(data).rows(np.arange(5))[1]
    assert labels is not None and labels.tolist() == expected


@pytest.mark.parametrize(
    ("made", "options", "said"),
    [
        (
            {"counts": [50], "group": 20},
            {"window": 10},
            r"has 20 pictures .*a stream holds 10 at once: .*--data.window 20",
        ),
        ({"counts": [50], "group": 50}, {}, r"has 1 row group, and a stream holds a whole one out"),
        ({"counts": [20]}, {}, r"has 10 pictures to train on; training needs at least 16"),
        (
            {"counts": [50], "broken": dict.fromkeys(range(0, 50, 5), b"no")},
            {},
            r"unreadable pictures among the 10 that",
        ),
    ],
)
def test_what_cannot_be_streamed_is_one_line(
    tmp_path: Path, made: dict[str, Any], options: dict[str, Any], said: str
) -> None:
    folder = write_shards(tmp_path / "set", **made)
    with pytest.raises(DataError, match=said) as error:
        opened(folder, **options)
    assert "\n" not in str(error.value)


def test_only_parquet_can_be_streamed(tmp_path: Path) -> None:
    for source in ("digits", str(fill(tmp_path / "photos"))):
        with pytest.raises(UsageError, match=r"data stream is true, but '.*' is not parquet"):
            open_data(DataOptions(source=source, stream=True))
    with pytest.raises(UsageError, match="data window is 5, but only a stream has one"):
        DataOptions(window=5)


@pytest.mark.parametrize("harm", ["cut off", "gone", "other"])
def test_a_file_that_changes_under_a_run_is_one_line(tmp_path: Path, harm: str) -> None:
    folder = write_shards(tmp_path / "set", [100])
    stream = stream_of(opened(folder))
    (path,) = folder.iterdir()
    if harm == "cut off":
        path.write_bytes(path.read_bytes()[:300])
    elif harm == "gone":
        path.unlink()
    else:
        write_shards(folder, [100], group=9)
    with pytest.raises(RunError, match=r"cannot read '.*parquet'|has changed: 9 pictures, and before 10") as error:
        stream.rows(np.arange(90))
    assert "\n" not in str(error.value)


def test_files_without_the_column_of_pictures_are_one_line(tmp_path: Path) -> None:
    write_shards(tmp_path, [50])
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "train-b.parquet")
    with pytest.raises(DataError, match=r"train-b.parquet' has no column 'image', which the first of the files has"):
        opened(tmp_path)


def test_a_row_that_was_taken_is_read_again(tmp_path: Path) -> None:
    stream = stream_of(opened(write_shards(tmp_path / "set", [50])))
    first = stream.rows(np.array([3, 3, 4]))[0]
    assert np.array_equal(first[0], first[1])
    assert stream.buffer.reads == 2
    stream.close()
    assert stream.buffer.count == 0


def test_the_range_of_deep_pictures_is_that_of_the_held_out_ones_and_said(tmp_path: Path) -> None:
    ramp = np.linspace(0, 4000, 40 * 64).astype(np.uint16).reshape(40, 8, 8)
    raw = [{"bytes": encoded(Image.fromarray(array)), "path": None} for array in ramp]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    pq.write_table(pa.table({"image": pa.array(raw, kind)}), tmp_path / "set.parquet", row_group_size=4)
    for asked, high in (((), None), ((0, 2000), 2000)):
        data = opened(tmp_path / "set.parquet", range=asked)
        assert data.audit is not None
        ((_, found),) = data.audit.ranges
        held_out = (found["least"], found["most"])
        high = high or 2 ** int(held_out[1]).bit_length() - 1
        assert (found["low"], found["high"]) == (0, high)
        assert "of the 4 pictures that are held out" in found["why"]
        stream = stream_of(data)
        samples, _ = stream.rows(np.arange(len(stream)))
        everything = {row.tobytes() for row in np.rint(ramp / high * 255).clip(0, 255).astype(np.uint8)}
        assert {row.tobytes() for row in (*samples, *data.held_out.samples)} == everything
        stream.close()
    assert opened(tmp_path / "set.parquet", range=(0, 2000)).fingerprint != opened(tmp_path / "set.parquet").fingerprint
