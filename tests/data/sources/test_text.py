"""A text file as a data set: samples, split, fingerprint, audit, and what is refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from steadygan.cli import main
from steadygan.data import DataOptions, audit_data, contact_sheet, open_data, planned_cache_bytes
from steadygan.data.text.alphabet import UNKNOWN, Alphabet, decode
from steadygan.data.text.lines import read_docs
from steadygan.errors import DataError, UsageError
from steadygan.types import SampleSpec

VERSE = [f"{noun} {number} sings" for noun in ("lark", "wren") for number in range(50)] + ["", "wren 7 sings", "o\x1b"]


@pytest.fixture
def verse(tmp_path: Path) -> Path:
    path = tmp_path / "verse.txt"
    path.write_text("\n".join(VERSE) + "\n", encoding="utf-8")
    return path


def opened(path: Path, **options):
    return open_data(DataOptions(source=str(path), **options))


def test_each_line_becomes_a_row_of_ids(verse: Path) -> None:
    data = opened(verse)
    assert data.name == "verse"
    assert data.sample == SampleSpec((len(data.alphabet), 32)) and data.sample.is_text
    assert data.train.samples.dtype == np.uint8 and data.train.labels is None
    assert len(data.train) + len(data.held_out) == 102 and len(data.held_out) == 10
    lines = decode(data.train.samples, data.alphabet) + decode(data.held_out.samples, data.alphabet)
    assert sorted(lines) == sorted(line for line in VERSE if line)


def test_no_held_out_line_is_trained_on(verse: Path) -> None:
    data = opened(verse, length=6)
    train, held_out = ({tuple(row) for row in part.samples.tolist()} for part in (data.train, data.held_out))
    assert held_out and not train & held_out


def test_the_alphabet_is_that_of_the_lines_to_train_on(verse: Path) -> None:
    data = opened(verse)
    train = "".join(decode(data.train.samples, data.alphabet))
    assert set(data.alphabet.characters) == {UNKNOWN, "`", *train}
    few = opened(verse, alphabet=6)
    assert len(few.alphabet) == 6 and few.sample.shape == (6, 32)
    assert (few.train.samples == few.alphabet.unknown).any()


def test_length_and_packing_are_choices(verse: Path, tmp_path: Path) -> None:
    assert opened(verse, length=4).sample.shape[1] == 4
    packed = tmp_path / "verse.TXT.gz"
    packed.write_bytes(gzip.compress(verse.read_bytes()))
    assert opened(packed).name == "verse"
    assert opened(packed).fingerprint == opened(verse).fingerprint


def test_the_fingerprint_follows_the_content_and_not_the_place(verse: Path, tmp_path: Path) -> None:
    first = opened(verse).fingerprint
    moved = verse.rename(tmp_path / "moved.text")
    assert opened(moved).fingerprint == first
    others = [opened(moved, **change).fingerprint for change in ({"length": 8}, {"alphabet": 9}, {"held_out": 0.3})]
    moved.write_text(moved.read_text(encoding="utf-8").replace("lark 3 sings", "lark 3 sinks"), encoding="utf-8")
    assert len({first, opened(moved).fingerprint, *others}) == 5


def test_large_alphabets_take_two_bytes(tmp_path: Path) -> None:
    path = tmp_path / "signs.txt"
    path.write_text("\n".join(chr(0x4E00 + n) * 5 for n in range(400)), encoding="utf-8")
    data = opened(path)
    assert data.train.samples.dtype == np.int16 and len(data.alphabet) == 362


def test_the_audit_says_what_becomes_of_the_text(verse: Path) -> None:
    found = audit_data(DataOptions(source=str(verse), length=12))
    assert (found.kind, found.found, found.train, found.held_out) == ("text", 102, 92, 10)
    assert found.text.empty == 1 and found.text.cut == 80 and found.text.padded == 1 and found.problem is None
    said = "\n".join(found.lines())
    for part in ("102, of 13 characters at most; 1 empty", "80 to 12 characters (78.4%)", "example     lark 0 sings",
                 "It trains on 92 lines; 10 are held out", "alphabet "):  # fmt: skip
        assert part in said
    assert "\x1b" not in said
    plain = json.loads(json.dumps(found.to_json()))
    assert Alphabet(**plain["alphabet"]) == opened(verse, length=12).alphabet
    assert plain["text"]["cut"] == 80


def test_text_needs_no_cache_and_has_no_contact_sheet(verse: Path, tmp_path: Path) -> None:
    assert planned_cache_bytes(DataOptions(source=str(verse))) == 0
    with pytest.raises(UsageError, match="is text, which has no contact sheet"):
        contact_sheet(opened(verse), tmp_path / "sheet.png")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 8}, "data size is 8, but 'verse' is text, not pictures"),
        ({"channels": 1}, "data channels is 1, but 'verse' is text"),
        ({"flip": True}, "data flip is true, but 'verse' is text"),
        ({"length": 4097}, "data length is 4097; allowed: whole numbers from 1 to 4096"),
        ({"alphabet": 2}, "data alphabet is 2; allowed: whole numbers from 3 to 32767"),
    ],
)
def test_options_that_do_not_suit_text_are_refused(verse: Path, options: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        opened(verse, **options)


@pytest.mark.parametrize("source", ["digits", "8gaussians", "stacked-digits"])
@pytest.mark.parametrize("option", ["length", "alphabet"])
def test_options_of_text_are_refused_elsewhere(source: str, option: str) -> None:
    for act in (open_data, audit_data, planned_cache_bytes):
        with pytest.raises(UsageError, match=f"data {option} is 9, but '{source}' is not text"):
            act(DataOptions(source=source, **{option: 9}))


def test_folders_and_misspelled_files_lead_to_the_text(verse: Path) -> None:
    with pytest.raises(DataError, match=r"holds no pictures \(1 \.txt\); name one of the files of text"):
        opened(verse.parent)
    with pytest.raises(UsageError, match=r"there is no .*vers.txt'; did you mean 'verse.txt'\?"):
        opened(verse.with_name("vers.txt"))


def test_pythons_own_documentation_is_a_text_that_is_always_there() -> None:
    docs = read_docs()
    assert len(docs.lines) > 5_000 and all(line == line.strip() and line for line in docs.lines)
    data = open_data(DataOptions(source="python-docs"))
    assert data.name == "python-docs" and data.audit.kind == "built in"
    assert len(data.train) > 4_500 and data.fingerprint == open_data(DataOptions(source="python-docs")).fingerprint


def test_the_command_prints_examples_and_draws_nothing(
    verse: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(verse.parent)
    assert main(["data", "verse.txt"]) == 0
    assert "  example     lark 0 sings\n" in capsys.readouterr().out
    assert [path.name for path in verse.parent.iterdir()] == ["verse.txt"]
