"""FITS: numbers are signed, and a zero in the header makes unsigned ones of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from steadygan.data import DataOptions, open_data
from steadygan.data.images.decode import Plan, decode
from steadygan.data.images.depth import Levels, Unreadable
from steadygan.data.images.scan import read_head

RAMP = np.linspace(0, 1, 64).reshape(8, 8)


def fits(stored: np.ndarray, **cards: object) -> bytes:
    """A FITS file of an array [H, W] as it is stored."""
    height, width = stored.shape
    bits = 8 * stored.dtype.itemsize * (-1 if stored.dtype.kind == "f" else 1)
    known = {"SIMPLE": "T", "BITPIX": bits, "NAXIS": 2, "NAXIS1": width, "NAXIS2": height, **cards}
    header = "".join(f"{name:8}= {value!s:>20} / a comment".ljust(80) for name, value in known.items()) + "END".ljust(
        80
    )
    content = stored[::-1].astype(stored.dtype.newbyteorder(">")).tobytes()  # from the bottom to the top
    return header.ljust(-(-len(header) // 2880) * 2880).encode() + content.ljust(2880, b"\0")


@pytest.mark.parametrize(
    ("stored", "shifted", "zero"),
    [("i2", "i2", None), ("i2", "u2", "32768"), ("i4", "i4", "0"), ("i4", "u4", "2.147483648D9"), ("u1", "i1", "-128")],
)
def test_whole_numbers_have_the_sign_that_the_header_says(stored: str, shifted: str, zero: str | None) -> None:
    ends = np.iinfo(shifted)
    numbers = np.rint(RAMP * (int(ends.max) - int(ends.min)) + int(ends.min))
    cards = {} if zero is None else {"BZERO": zero, "BSCALE": "1.0"}
    content = fits((numbers - float(zero.replace("D", "E") if zero else 0)).astype(stored), **cards)
    plan = Plan(8, 1, levels=Levels(whole=(float(ends.min), float(ends.max))))
    assert (decode(content, plan)[0] == np.rint((numbers - ends.min) * 255 / (float(ends.max) - ends.min))).all()


def test_signed_and_unsigned_files_of_one_folder_have_one_range(tmp_path: Path) -> None:
    place = tmp_path / "set"
    place.mkdir()
    numbers = np.rint(np.linspace(0, 4095, 20 * 64)).reshape(20, 8, 8)
    for index, each in enumerate(numbers):
        content = fits((each - 32768).astype("i2"), BZERO=32768) if index % 2 else fits(each.astype("i2"))
        (place / f"{index}.fits").write_bytes(content)
    data = open_data(DataOptions(str(place)))
    found = {row.tobytes() for part in (data.train, data.held_out) for row in np.asarray(part.samples)}
    assert found == {np.rint(each * 255 / 4095).astype(np.uint8).tobytes() for each in numbers}


def test_bytes_and_fractions_are_as_stored() -> None:
    levels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    assert (decode(fits(levels), Plan(8, 1))[0] == levels).all()
    assert (decode(fits(RAMP.astype("f4")), Plan(8, 1))[0] == np.rint(RAMP * 255)).all()


@pytest.mark.parametrize("cards", [{"BSCALE": 0.5}, {"BZERO": 100}, {"BZERO": "nonsense"}])
def test_scaled_numbers_are_refused(cards: dict[str, object]) -> None:
    content = fits((RAMP * 100).astype("i2"), **cards)
    assert read_head(content).error == "numbers scaled by BSCALE and BZERO"
    with pytest.raises(Unreadable, match="BSCALE"):
        decode(content, Plan(8, 1))
