"""``steadygan check``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadygan.cli import main
from steadygan.run.marks import read_marks, write_marks


def test_a_whole_run_is_whole_and_a_flipped_bit_is_named(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "tiny"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "runs/tiny:"
    assert {line.split()[1] for line in lines[1:]} == {"whole"}
    path = runs / "runs/tiny/checkpoints/000004/critic.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert main(["check", "tiny"]) == 3
    assert "critic.safetensors is damaged" in capsys.readouterr().out
    assert main(["check", "tiny", "--json"]) == 3
    report = json.loads(capsys.readouterr().out)
    assert report["whole"] is False
    bad = [entry["name"] for entry in report["rows"] if entry["state"] == "damaged"]
    assert bad == ["checkpoints/000004"]


def test_a_last_checkpoint_without_its_state_file_is_lost(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = runs / "runs/tiny/checkpoints"
    (saved / "000001").mkdir()  # left of a deletion that was cut off
    assert main(["check", "tiny"]) == 0
    (saved / "000004/state.json").unlink()
    capsys.readouterr()
    assert main(["check", "tiny"]) == 3
    said = capsys.readouterr().out
    assert "checkpoints/000004  damaged" in said and "000004/state.json is missing: no checkpoint" in said
    assert "000001" not in said


def test_kinds_that_are_not_named_are_no_damage(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = runs / "runs/tiny"
    own = (folder / "recipe.yaml").read_text().replace("kind: Wasserstein", "kind: TheirLoss")
    assert "TheirLoss" in own
    (folder / "recipe.yaml").write_text(own)
    assert main(["check", "tiny"]) == 3  # it is not what was written
    write_marks(folder, own, read_marks(folder).fingerprint)
    capsys.readouterr()
    code, said = main(["check", "tiny"]), capsys.readouterr().out
    assert code == 0, said
    assert "recipe.yaml         readable  as it was written, but" in said and "unknown kind 'TheirLoss'" in said


def test_checking_changes_nothing(runs: Path) -> None:
    folder = runs / "runs/tiny"
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}
    assert main(["check", "tiny"]) == 0
    assert {
        path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()
    } == before
