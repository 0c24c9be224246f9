"""Tables in .csv files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from steadygan.data import DataOptions, open_data
from steadygan.errors import DataError

ROWS = [(i, i / 4, 3) for i in range(40)]


def opened(folder: Path, text: str, name: str = "rows.csv"):
    (folder / name).write_text(text, encoding="utf-8")
    return open_data(DataOptions(source=str(folder / name)))


def lines(separator: str = ",", header: str | None = "id,half,three") -> str:
    body = [separator.join(str(value) for value in row) for row in ROWS]
    return "\n".join([*([header.replace(",", separator)] if header else []), *body]) + "\n"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_columns_names_and_numbers_are_read(tmp_path: Path, separator: str) -> None:
    data = opened(tmp_path, lines(separator))
    assert data.units.names == ("id", "half", "three")
    rows = data.units.restored(np.concatenate([data.train.samples, data.held_out.samples]))
    assert np.allclose(rows[rows[:, 0].argsort()], np.array(ROWS, float), atol=1e-6)
    assert data.units.whole == (True, False, True)


def test_a_table_without_names_gets_some(tmp_path: Path) -> None:
    assert opened(tmp_path, lines(header=None)).units.names == ("column_0", "column_1", "column_2")


def test_names_of_columns_may_be_numbers_with_underscores(tmp_path: Path) -> None:
    data = opened(tmp_path, "1_1,1_2\n" + "".join(f"{i},{i * 0.5}\n" for i in range(40)))
    assert data.units.names == ("1_1", "1_2")
    assert len(data.train) + len(data.held_out) == 40


def test_decimal_commas_go_with_semicolons(tmp_path: Path) -> None:
    data = opened(tmp_path, lines(";").replace(".", ","))
    assert opened(tmp_path, lines(), "other.csv").fingerprint == data.fingerprint


def test_a_column_named_label_is_the_class(tmp_path: Path) -> None:
    text = "a,b,label\n" + "".join(f"{i},{-i},{'cat' if i % 2 else 'dog'}\n" for i in range(40))
    data = opened(tmp_path, text)
    assert data.class_names == ("cat", "dog") and data.sample.shape == (2,)
    rows = data.units.restored(data.train.samples)
    assert np.array_equal(rows[:, 0].astype(int) % 2 == 1, data.train.labels == 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["x", "y", "", "NA"], "in column 'label' [40] are missing for 20 samples"),
        ([str(i / 7) for i in range(40)], "in column 'label' [40] are fractions"),
        ([f"row-{i}" for i in range(40)], "in column 'label' [40] differ from sample to sample"),
    ],
)
def test_labels_that_are_no_classes_are_named_and_not_used(tmp_path: Path, words: list[str], said: str) -> None:
    text = "a,b,label\n" + "".join(f"{i},{-i},{words[i % len(words)]}\n" for i in range(40))
    data = opened(tmp_path, text)
    assert data.class_names == () and data.train.labels is None and data.sample.shape == (2,)
    assert any(said in line for line in data.audit.what_training_will_do), data.audit.what_training_will_do


def test_classes_that_look_like_numbers_keep_their_names(tmp_path: Path) -> None:
    text = "a,b,label\n" + "".join(f"{i},{-i},{['01', '02'][i % 2]}\n" for i in range(40))
    assert opened(tmp_path, text).class_names == ("01", "02")


@pytest.mark.parametrize("index", [False, True])
def test_what_pandas_writes_is_read_without_its_index(tmp_path: Path, index: bool) -> None:
    for columns in (["0", "1", "2"], ["a", "b", "c"]):
        header = ",".join(["", *columns] if index else columns)
        body = [",".join(map(str, [i, *row] if index else row)) for i, row in enumerate(ROWS[:-1])]
        data = opened(tmp_path, "\n".join([header, *body]) + "\n", f"{columns[0]}{index}.csv")
        assert data.units.names == tuple(columns)
        assert len(data.train) + len(data.held_out) == 39
        assert any("numbers the rows" in line for line in data.audit.notes) == index


def test_a_first_column_that_counts_nothing_stays(tmp_path: Path) -> None:
    text = ",b\n" + "".join(f"{i * i},{i}\n" for i in range(40))
    assert opened(tmp_path, text).units.names == ("column_0", "b")
    assert opened(tmp_path, "id,b\n" + "".join(f"{i},{i}\n" for i in range(40)), "id.csv").units.names == ("id", "b")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n" + "1,2\n" * 20 + "1,\n", r"line 22, column 'b' is empty"),
        ("a,b\n" + "1,2\n" * 20 + "NA,2\n", r"line 22, column 'a' is empty"),
        ("a,city\n" + "1,Paris\n" * 20, r"line 2, column 'city' holds text \('Paris'\)"),
        ("day,b\n" + "2020_01,2\n" * 20, r"line 2, column 'day' holds text \('2020_01'\)"),
        ("day,b\n" + "1,2\n" * 20 + "2020_01,2\n", r"line 22, column 'day' holds text \('2020_01'\)"),
        ("a,b\n" + "1,2\n" * 20 + "1,2,3\n", "line 22 has 3 fields where 2 are expected"),
        ("a,a\n" + "1,2\n" * 20, "two columns 'a'"),
        ("a,b\n" + "1,nan\n" * 2 + "2,3\n" * 20, "row 0, column 'b' is missing"),
        ("", "is empty"),
        ("a,b\n", "has 0 samples"),
        ("label\n" + "x\n" * 20, "no column of numbers"),
    ],
)
def test_what_is_no_table_of_numbers_is_one_line_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        opened(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(b"a,b\n1,\xff\xfe\n" * 20)
    with pytest.raises(DataError, match="not UTF-8"):
        open_data(DataOptions(source=str(tmp_path / "rows.csv")))


def restored(data) -> list[tuple[float, ...]]:
    rows = data.units.restored(np.concatenate([data.train.samples, data.held_out.samples]))
    return sorted(tuple(round(float(value), 3) for value in row) for row in rows)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize("header", ["", "a{}b\n", "height, in m{}weight, in kg, net\n"])
def test_decimal_commas_are_read_with_any_delimiter_and_header(tmp_path: Path, separator: str, header: str) -> None:
    text = header.format(separator) + "".join(f"{i},5{separator}{2 * i},25\n" for i in range(20))
    data = opened(tmp_path, text)
    assert restored(data) == [(i + 0.5, 2 * i + 0.25) for i in range(20)]
    first = header.format(separator).strip().split(separator)
    assert data.units.names == (tuple(first) if header else ("column_0", "column_1"))


@pytest.mark.parametrize(
    ("row", "read", "note"),
    [
        ("1.0{:02d};0,5", (1000, 0.5), "Commas in numbers are decimal ones"),
        ("1.0{:02d},75;0,5", (1000.75, 0.5), ""),
        ("1.0{:02d};2.345.678", (1000, 2345678), "Commas in numbers are decimal ones"),
        ("1,0{:02d};0,500", (1.0, 0.5), ""),
        ("1.0{:02d};7", (1.0, 7), ""),
        ("1,0{:02d}\t0.5", (1000, 0.5), "Points in numbers are decimal ones"),
        ('"1,0{:02d}",0.5', (1000, 0.5), "Points in numbers are decimal ones"),
        ("1,0{:02d}.5;7", (1000.5, 7), ""),
        ('"0,{:02d}","1,5"', (0.0, 1.5), ""),
    ],
)
def test_the_decimal_sign_is_that_of_the_whole_file(tmp_path: Path, row: str, read, note: str) -> None:
    data = opened(
        tmp_path,
        "a{}b\n".format(next(each for each in "\t;," if each in row)) + "\n".join(row.format(i) for i in range(20)),
    )
    assert restored(data)[0] == pytest.approx(read)
    assert any(said.startswith(note) for said in data.audit.notes[1:]) if note else len(data.audit.notes) == 1


def test_a_decimal_comma_that_comes_late_counts_for_all_rows(tmp_path: Path) -> None:
    text = "a;b\n" + "".join(f"1.{i % 1000:03d};{i}\n" for i in range(9000)) + "2;0,5\n"
    assert max(row[0] for row in restored(opened(tmp_path, text))) == 1999


def test_numbers_that_could_be_thousands_or_parts_are_refused(tmp_path: Path) -> None:
    for rows in ("1.000;2,000\n", "1.000;0,5\n1;0.5\n", "1,000\t2\n"):
        with pytest.raises(DataError, match="line 2, column 'a' holds"):
            opened(tmp_path, "a{}b\n".format(";" if ";" in rows else "\t") + rows * 20)


@pytest.mark.parametrize("missing", ["-nan", "nan", "NA", ""])
def test_a_missing_value_beside_decimal_commas_is_named(tmp_path: Path, missing: str) -> None:
    with pytest.raises(DataError, match="line 3, column 'b' is empty"):
        opened(tmp_path, f"a;b\n1,5;2,5\n1,5;{missing}\n" + "2,5;3,5\n" * 20)


def test_the_line_by_which_excel_names_the_separator_is_no_row(tmp_path: Path) -> None:
    assert opened(tmp_path, "sep=;\na;b\n" + "".join(f"{i};{i},5\n" for i in range(20))).units.names == ("a", "b")
    with pytest.raises(DataError, match="line 3 has 1 fields"):
        opened(tmp_path, "sep=;\na;b\n1\n" + "1;2\n" * 20)
