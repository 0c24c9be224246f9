"""A run's folder: where it is read from."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadygan.run import RunFolder, layout


def test_a_run_named_by_a_relative_path_is_found_after_a_change_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runs" / "one").mkdir(parents=True)
    (tmp_path / "runs" / "one" / layout.RECIPE).write_text("")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    run = RunFolder("runs/one")
    assert run.folder == Path("runs/one")  # as it was named, in messages
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert run.folder == tmp_path / "runs" / "one"
    (tmp_path / "elsewhere").rmdir()
    assert run.folder == tmp_path / "runs" / "one"
