"""What happens before the first round is said at once, and again while it lasts."""

from __future__ import annotations

import time

from steadygan.report.progress import ProgressObserver
from steadygan.training.waiting import said, told_to
from tests.training.runs import Watcher


def test_a_part_that_lasts_is_said_at_once_and_again():
    lines = []
    with said(lines.append, "trying", every=0.05):
        assert lines == ["trying"]
        time.sleep(0.18)
    count = len(lines)
    assert 3 <= count <= 5 and lines[1] == "trying: 0 s so far"
    time.sleep(0.12)
    assert len(lines) == count  # its thread has ended


def test_a_part_that_is_mostly_short_is_said_only_if_it_lasts():
    lines = []
    with said(lines.append, "measuring", at_once=False, every=0.05):
        pass
    assert lines == []
    with said(lines.append, "measuring", at_once=False, every=0.05):
        time.sleep(0.08)
    assert lines == ["measuring: 0 s so far"]


def test_observers_that_listen_are_told_and_others_need_no_ear(capsys):
    told_to([Watcher(), ProgressObserver()])("trying compiled steps")
    assert capsys.readouterr().out == "trying compiled steps\n"
