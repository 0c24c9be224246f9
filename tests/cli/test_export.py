"""``steadygan export``: what it prints, and mistakes in one line with nothing written."""

from __future__ import annotations

import pytest

import steadygan as sg
from steadygan.cli import main
from steadygan.errors import UsageError


def said(arguments, capsys):
    """The one line of an error of usage."""
    assert main(["export", *arguments]) == 2
    printed = capsys.readouterr()
    assert not printed.out and printed.err.count("\n") == 1
    return printed.err


def test_a_generator_is_exported_and_its_parity_printed(runs, capsys):
    assert main(["export", "tiny", "--out", "g.safetensors", "--weights", "raw", "--round", "2"]) == 0
    out = capsys.readouterr().out
    assert "raw generator" in out and "round 2" in out and "0.0e+00 of the range" in out and "torch" in out
    assert (runs / "g.safetensors").is_file()
    assert main(["export", "tiny", "--to", "safetensors", "--raw"]) == 0
    assert (runs / "runs/tiny/generated/generator-round-4-raw.safetensors").is_file()
    assert main(["check", "tiny"]) == 0  # the run itself is as it was


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--to", "onx"], ["unknown kind of export 'onx'", "did you mean 'onnx'"]),
        ([], ["--to is missing", "onnx, pt2, safetensors"]),
        (["--out", "g.bin"], ["--to is missing", "'g.bin' has none of the endings .onnx", ".htm"]),
        (["--to", "onnx", "--out", "g.pt2"], ["'g.pt2' is to be onnx", ".onnx"]),
        (["--to", "hub-folder", "--out", "g.onnx"], ["hub-folder", "a folder"]),
        (["--to", "pt2", "--weights", "averge"], ["unknown weights 'averge'", "did you mean 'average'"]),
        (["--to", "pt2", "--out", "taken.pt2"], ["'taken.pt2' exists", "--overwrite"]),
        (["--to", "hub-folder", "--out", "runs/tiny"], ["holds a run"]),
        (["--to", "pt2", "--out", "taken.pt2/g.pt2"], ["taken.pt2"]),
        (["--to", "pt2", "--opset", "20"], ["there is no option '--opset'"]),
        (["--to", "pt2", "--out", ""], ["--out"]),
    ],
)
def test_mistakes_are_one_line(arguments, words, runs, capsys):
    (runs / "taken.pt2").write_text("mine")
    before = sorted(runs.rglob("*"))
    line = said(["tiny", *arguments], capsys)
    assert all(word in line for word in words)
    assert sorted(runs.rglob("*")) == before and (runs / "taken.pt2").read_text() == "mine"


def test_other_runs_and_rounds(runs, capsys):
    assert "there is no run 'tinny'" in said(["tinny", "--to", "pt2"], capsys)
    assert main(["export", "tiny", "--to", "pt2", "--round", "3"]) == 2
    assert "kept: 2, 4" in capsys.readouterr().err


def test_from_python(runs):
    run = sg.load("tiny")
    facts = sg.export_generator(run, "g.safetensors")
    assert facts.parity == 0 and facts.weights == "average"
    with pytest.raises(UsageError, match="exists"):
        sg.export_generator(run, "g.safetensors")
    assert sg.export_generator(run, "g.safetensors", weights="raw", overwrite=True).weights == "raw"
    with pytest.raises(UsageError, match="unknown weights"):
        sg.export_generator(run, "h.safetensors", weights="best")  # type: ignore[arg-type]
