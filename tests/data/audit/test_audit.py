"""The audit of a data set: what it counts and warns of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from steadygan.data import Audit, DataOptions, audit_data, open_data
from tests.data.making import encoded, fill, picture


@pytest.fixture
def messy(tmp_path: Path) -> Path:
    """A folder of 40 pictures of every kind, 3 of them broken."""
    folder = tmp_path / "messy"
    fill(folder / "cats", 18, size=(40, 30))
    fill(folder / "dogs", 10, size=(100, 80), start=18)
    dogs = folder / "dogs"
    (dogs / "copy of 020.png").write_bytes((dogs / "020.png").read_bytes())
    (dogs / "alpha.png").write_bytes(encoded(picture(30, mode="RGBA")))
    (dogs / "palette.gif").write_bytes(encoded(picture(31), "GIF"))
    (dogs / "print.jpg").write_bytes(encoded(picture(32, (200, 100), "CMYK"), "JPEG"))
    (dogs / "deep.png").write_bytes(encoded(Image.new("I;16", (50, 50), 40_000)))
    (dogs / "scan.tif").write_bytes(encoded(picture(33, (300, 400), "1"), "TIFF"))
    exif = Image.Exif()
    exif[0x0112] = 6
    (dogs / "phone.jpeg").write_bytes(encoded(picture(34, (60, 40)), "JPEG", exif=exif))
    frames = [picture(35), picture(36)]
    (dogs / "moving.gif").write_bytes(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    (dogs / "wrong ending.jpg").write_bytes(encoded(picture(37), "WEBP"))
    (dogs / "empty.png").touch()
    (dogs / "cut.png").write_bytes(encoded(picture(38, (99, 99)))[:-60])
    (dogs / "text.png").write_text("this is no picture")
    (dogs / "notes.txt").write_text("a note")
    (folder / "Thumbs.db").write_bytes(b"\0")
    return folder


def test_a_messy_folder_is_told_in_full(messy: Path) -> None:
    found = audit_data(DataOptions(source=str(messy)))
    assert isinstance(found, Audit)
    assert found.problem is None
    assert found.kind == "folder"
    assert found.found == 40
    assert (found.train, found.held_out) == (33, 4)
    assert found.unreadable == (
        ("dogs/cut.png", "truncated"),
        ("dogs/empty.png", "empty"),
        ("dogs/text.png", "not a picture that Pillow knows"),
    )
    assert dict(found.ignored) == {".txt": 1, ".db": 1}
    assert dict(found.modes) == {"RGB": 32, "RGBA": 1, "P": 2, "CMYK": 1, "I;16": 1, "1": 1}
    assert dict(found.formats) == {"PNG": 32, "GIF": 2, "JPEG": 2, "TIFF": 1, "WEBP": 1}
    assert found.rotated == 1
    assert found.animated == 1
    assert found.smallest == (16, 16)
    assert found.largest == (300, 400)
    assert found.sizes[0] == ((40, 30), 18)
    assert dict(found.sizes)[40, 60] == 1
    assert (found.duplicate_groups, found.duplicate_copies) == (1, 1)
    assert found.duplicates == (("dogs/020.png", "dogs/copy of 020.png"),)
    assert [name for name, _ in found.classes] == ["cats", "dogs"]
    assert sum(count for _, count in found.classes if count) == 33


def test_the_lines_for_people(messy: Path) -> None:
    lines = audit_data(DataOptions(source=str(messy), flip=True)).lines()
    text = "\n".join(lines)
    for part in (
        "pictures    40 found, 3 unreadable",
        "width 16 to 300, height 16 to 400: 40x30 18,",
        "modes       RGB 32, P 2,",
        "special     1 rotated by EXIF, 1 animated or of several pages",
        "classes     2: cats ",
        "duplicates  1 copies in 1 groups, such as dogs/020.png = dogs/copy of 020.png",
        "unreadable  dogs/cut.png: truncated",
        "ignored     .db 1, .txt 1",
        "It trains on 33 pictures; 4 are held out and never trained on (10% of all, at most 10,000, ",
        "Pictures are cropped to the middle square and resized to 32x32 (the median short side is 30 pixels); ",
        "They are trained on as colour (3 channels); 2 grey pictures get three equal channels; transparent parts",
        "There are 2 classes; recipes with labels use them.",
        "Half of the pictures are mirrored left to right, at random at each draw.",
        "Pictures with an EXIF orientation are turned upright.",
        "Of animated files the first frame is used.",
        "Unreadable pictures are left out.",
        "Copies are kept; those of one group are held out together or not at all.",
        "Decoded pictures are kept in ",
    ):
        assert part in text
    assert all("\n" not in line for line in lines)


def test_the_sentences_follow_the_options(messy: Path) -> None:
    options = DataOptions(source=str(messy), size=24, fit="pad", channels=1, labels=False, held_out=0.25)
    said = " ".join(audit_data(options).what_training_will_do)
    assert "Pictures are padded and resized to 24x24 (as asked); " in said
    assert "They are trained on as grey (1 channel); 36 colour pictures become grey; transparent" in said
    assert "Labels are there but not used, as asked (--data.labels false)." in said
    assert "(25% of all, at most 10,000, chosen by content)" in said


def test_an_audit_repeated_has_the_same_result(messy: Path) -> None:
    options = DataOptions(source=str(messy))
    assert audit_data(options) == audit_data(options) == open_data(options).audit


@pytest.mark.parametrize("source", ["digits", "8gaussians", "25gaussians", "stacked-digits", "messy"])
def test_every_audit_is_plain_json(source: str, messy: Path) -> None:
    found = audit_data(DataOptions(source=str(messy) if source == "messy" else source))
    again = json.loads(json.dumps(found.to_json()))
    assert again["held_out"] == found.held_out
    assert again["what_training_will_do"] == list(found.what_training_will_do)
    assert found.lines()[0].startswith(str(messy) if source == "messy" else source)


def test_what_is_refused_is_audited_all_the_same(tmp_path: Path) -> None:
    found = audit_data(DataOptions(source=str(fill(tmp_path / "few", 5))))
    assert found.problem == "'few' has 5 pictures; training needs at least 16 that can be read"
    assert found.lines()[-1] == f"Refused: {found.problem}"
    assert found.smallest == (16, 16)


def test_a_set_refused_only_after_decoding_is_audited_too(tmp_path: Path) -> None:
    folder = fill(tmp_path / "cut", 20, size=(64, 64))
    for place in range(3):
        path = folder / f"{place:03d}.png"
        path.write_bytes(path.read_bytes()[:-100])
    found = audit_data(DataOptions(source=str(folder)))
    assert found.problem == (
        "'cut' has 20 pictures, 3 of them unreadable (3 truncated; first: 000.png); at most 10% may be unreadable"
    )


@pytest.mark.parametrize(("side", "size", "said"), [(64, None, True), (64, 64, False), (32, None, False)])
def test_the_audit_says_that_the_default_training_may_halve_a_size_that_nobody_asked_for(
    tmp_path: Path, side: int, size: int | None, said: bool
) -> None:
    audit = audit_data(DataOptions(source=str(fill(tmp_path, 20, (side, side))), size=size))
    assert ("half the size" in " ".join(audit.what_training_will_do)) is said
