"""``steadygan check``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadygan.cli import main


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


def test_checking_changes_nothing(runs: Path) -> None:
    folder = runs / "runs/tiny"
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}
    assert main(["check", "tiny"]) == 0
    assert {
        path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()
    } == before
