"""The contents of a run folder, also where files are missing or torn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadygan.errors import RunError
from steadygan.report.run_contents import read_run


def test_a_run_that_has_only_begun_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("name: wgan-gp\nrounds: 100\n")
    contents = read_run(tmp_path)
    assert (contents.round, contents.rounds, dict(contents.curves), contents.pictures) == (0, 100, {}, ())


def test_pictures_and_checkpoints_are_in_the_order_of_rounds(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").touch()
    (tmp_path / "samples").mkdir()
    for name in ("1000000.png", "000500.png", "999999.png", ".part-1-000700.png", "notes.txt"):
        (tmp_path / "samples" / name).touch()
    for name in ("000500", "001000", ".001500.tmp"):
        (tmp_path / "checkpoints" / name).mkdir(parents=True)
        (tmp_path / "checkpoints" / name / "state.json").touch()
    contents = read_run(tmp_path)
    assert [path.stem for path in contents.pictures] == ["000500", "999999", "1000000"]
    assert contents.checkpoints == (500, 1000)
    assert contents.round == 1_000_000


def test_broken_documents_do_not_hide_the_rest(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("name: [unclosed")
    (tmp_path / "environment.json").write_text("{torn")
    (tmp_path / "data.json").write_text(json.dumps({"count": 3}))
    contents = read_run(tmp_path)
    assert contents.recipe == "name: [unclosed"
    assert contents.settings == {}
    assert contents.documents == {"data": {"count": 3}}


def test_another_folder_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"is no run folder: it has neither recipe\.yaml nor metrics\.jsonl"):
        read_run(tmp_path)
