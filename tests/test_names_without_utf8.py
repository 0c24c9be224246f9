"""A folder of pictures, its classes and the run's own folder with names that are not UTF-8: train, resume, report."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from steadygan.cli import main
from steadygan.recipe import load
from steadygan.run import Run
from tests.data.making import fill


def named(folder: Path, raw: bytes) -> Path:
    return folder / os.fsdecode(raw)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="file names are Unicode there")
def test_names_that_are_not_utf8_train_and_resume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADYGAN_CACHE", str(tmp_path / "cache"))
    data, run = named(tmp_path, b"bilder-\xe4"), named(tmp_path, b"run-\xf0")
    for name in (b"a", b"b\xff"):
        fill(named(data, name), 20, size=(8, 8))
    tiny = ["--generator.width", "4", "--critic.width", "4", "--batch", "4", "--run.evaluate", "none"]
    assert main(["train", "sngan", "--data", str(data), "--out", str(run), "--rounds", "2", *tiny]) == 0
    assert load(run / "recipe.yaml").data.source == str(data)
    assert Run(run).class_names == ("a", r"b\xff")
    assert Run(run).data.audit["source"] == str(data).replace("\udce4", r"\xe4")
    assert (run / "report.html").read_text(encoding="utf-8")
    assert main(["resume", str(run), "--rounds", "+1"]) == 0
    assert main(["report", str(run)]) == 0
    assert Run(run).rounds_done == 3
