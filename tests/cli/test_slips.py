"""Ordinary slips on the command line, and what the answer tells to type."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadygan.cli import main
from tests.data.making import fill


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            "data photos/000.png photos/001.png",
            "'photos/001.png' is one argument too many for 'steadygan data': give the folder 'photos'",
        ),
        ("train photos/000.png photos/001.png", "'photos/001.png' is one argument too many: give the folder 'photos'"),
        ("train dcgan --data photos/000.png photos/001.png", "for 'steadygan train': give the folder 'photos'"),
        ("train photos/000.png", "'photos/000.png' is a single picture; give the folder it lies in"),
        ("data photos/*.png", "there is no 'photos/*.png': wildcards stand for nothing here; give the folder 'photos'"),
        ("data *.png", "wildcards stand for nothing here; give the folder '.'"),
        ("data -photos", "'-photos' is taken for an option; the path is './-photos'"),
        ("train -photos", "'-photos' is taken for an option; the path is './-photos'"),
        ("train dcgan --data -photos", "'-photos' is taken for an option; the path is './-photos'"),
        ("data -photo", "unknown option '-photo'"),
        ("bench --repeats -3", "--repeats: got -3; it has to be 2 or more"),
        ("sample --out -x.png", "--out: '-x.png' is taken for an option; as a value it is typed --out=-x.png"),
        (
            "train gan --kinds mine:Net mine:Loss",
            "'mine:Loss' stands without --kinds: each has one of its own, --kinds mine:Net --kinds mine:Loss",
        ),
        ("sample --kinds mine:Net my.own:Loss", "'my.own:Loss' stands without --kinds"),
        ("sample --out --count 3", "--out: expected one argument"),
        ("resume -- -photos --rounds +5", "'--rounds' stands after '--', which ends the options"),
    ],
)
def test_a_slip_is_answered_with_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, said: str
) -> None:
    for name in ("photos", "-photos"):
        fill(tmp_path / name, 2)
    monkeypatch.chdir(tmp_path)
    assert main(typed.split()) == 2
    line = capsys.readouterr().err
    assert said in line and line.count("\n") == 1
