"""``steadygan report``."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadygan.cli import main


def test_a_report_can_be_written_anew(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = runs / "runs/tiny/report.html"
    page.unlink()
    assert main(["report", "tiny"]) == 0
    assert capsys.readouterr().out.strip() == str(Path("runs/tiny/report.html"))
    assert page.is_file()
