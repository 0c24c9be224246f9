"""``steadygan data``: the audit, the contact sheet and the cache."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from steadygan.cli import main
from steadygan.data import DataOptions, open_data
from tests.data.making import fill


def test_data_is_audited_and_pictured(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "digits", "--size", "16", "--flip"]) == 0
    said = capsys.readouterr().out
    assert "1,797" in said
    assert "16x16" in said
    assert "mirrored" in said
    assert Image.open("digits-sheet.png").format == "PNG"


def test_a_sheet_replaces_an_earlier_one_and_no_other_file(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = Path("digits-sheet.png")
    assert [main(["data", "digits"]), main(["data", "digits"])] == [0, 0]
    sheet.write_bytes(b"precious")
    assert main(["data", "digits"]) == 2
    assert sheet.read_bytes() == b"precious"
    assert "is no contact sheet of steadygan" in capsys.readouterr().err
    assert main(["data", "digits", "--overwrite"]) == 0
    assert Image.open(sheet).format == "PNG"


def test_a_long_name_is_cut_to_what_a_file_may_have(place: Path) -> None:
    folder = fill(place / ("猫" * 84), 20)  # 252 bytes
    assert main(["data", folder.name]) == 0
    assert len(list(place.glob("猫*-sheet.png"))) == 1


def test_the_sheet_goes_where_it_is_sent_or_nowhere(place: Path) -> None:
    assert main(["data", "8gaussians", "--sheet", "sheets/ring.png"]) == 0
    assert Path("sheets/ring.png").is_file()
    assert main(["data", "8gaussians", "--no-sheet"]) == 0
    assert not Path("8gaussians-sheet.png").exists()


def test_refused_data_is_described_all_the_same(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("few").mkdir()
    Image.new("RGB", (8, 8)).save("few/only.png")
    assert main(["data", "few"]) == 2
    out, err = capsys.readouterr()
    assert "1 found" in out
    assert len(err.splitlines()) == 1


def test_the_cache_can_be_cleared(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "--clear-cache", "--cache", "elsewhere"]) == 0
    assert "nothing deleted from" in capsys.readouterr().out


def test_fields_may_have_the_name_that_training_has(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ramp = np.linspace(0, 4095, 20 * 64).astype(np.uint16).reshape(20, 8, 8)
    np.save("deep.npy", ramp)
    for option in ("--range", "--data.range"):
        for bounds in (["0", "1023"], ["-1", "9"], ["1%", "99%"]):
            assert main(["data", "deep.npy", "--no-sheet", option, *bounds]) == 0
            said = capsys.readouterr().out
            assert ("percentiles 1% 99%" if "%" in bounds[0] else f"{bounds[0]} to {int(bounds[1]):,}") in said
    assert main(["data", "deep.npy", "--data.rang", "0", "1"]) == 2
    assert "did you mean --range?" in capsys.readouterr().err
    assert main(["data", "deep.npy", "--range", "9", "1"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_clearing_the_cache_of_a_source_leaves_that_of_others_and_what_is_used(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEADYGAN_CACHE", str(place / "cache"))
    rng = np.random.default_rng(0)
    for name in ("one", "two"):
        Path(name).mkdir()
        for index in range(20):
            Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(f"{name}/{index}.png")
        for size in ("8", "16"):
            assert main(["data", name, "--size", size, "--no-sheet"]) == 0
    decoded = place / "cache" / "decoded"
    assert len(list(decoded.glob("*/meta.json"))) == 4
    used = open_data(DataOptions(source="one", size=8))
    capsys.readouterr()
    assert main(["data", "one", "--clear-cache"]) == 0
    said = capsys.readouterr().out
    assert " of one deleted from " in said and "kept: a process uses them" in said
    assert len(list(decoded.glob("*/meta.json"))) == 3 and len(used.train) == 18
    del used
    assert main(["data", "--clear-cache"]) == 0
    assert not list(decoded.glob("*/meta.json"))
