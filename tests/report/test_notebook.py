"""Notebooks: a run, a recipe and a diagnosis as HTML, and a training's bar, which is replaced in place."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from steadygan import recipe as recipe_text
from steadygan import recipes
from steadygan.diagnostics.findings import Diagnosis, Evidence, Finding
from steadygan.report import progress
from steadygan.report.notebook_panel import NotebookPanel
from steadygan.report.pictures import PictureObserver
from steadygan.report.progress_lines import PlainLines
from steadygan.run.folder import RunFolder
from steadygan.system import notebook
from steadygan.training.observers import Picture, RunEnd, RunStart
from steadygan.types import SampleSpec


class Cell:
    """The outputs of a cell, by the display that they are of: what IPython's display protocol leaves there."""

    def __init__(self) -> None:
        self.outputs: list[str] = []
        self.updates = 0

    def display(self, content: str, *, display_id: bool = False) -> Any:
        assert display_id
        self.outputs.append(content)
        place = len(self.outputs) - 1

        def update(content: str) -> None:
            self.updates += 1
            self.outputs[place] = content

        return SimpleNamespace(update=update)


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Cell:
    """A notebook's cell: IPython with a kernel."""
    made = Cell()
    ipython, shown = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())  # type: ignore[attr-defined]
    shown.HTML, shown.display = str, made.display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", shown)
    return made


def test_a_kernel_is_a_notebook_and_a_shell_is_none(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert notebook.in_notebook()
    assert isinstance(progress._display_on(None, lambda: 0.0, "none"), NotebookPanel)
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda: SimpleNamespace())  # IPython's own terminal
    assert not notebook.in_notebook()
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda: None)
    assert not notebook.in_notebook()
    monkeypatch.delitem(sys.modules, "IPython")
    assert not notebook.in_notebook()
    assert isinstance(progress._display_on(None, lambda: 0.0, "none"), PlainLines)


def test_a_training_has_one_bar_and_its_newest_samples(
    cell: Cell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    time = [0.0]
    panel, pictures = NotebookPanel(lambda: time[0]), PictureObserver()
    panel.open(RunStart(tmp_path, "<b>", SampleSpec((1, 8, 8)), 0, 10, plan=("the plan",)))
    for round_ in range(1, 11):
        time[0] += 1.0
        samples = np.full((4, 1, 8, 8), 20 * round_, np.uint8)
        for observer in (panel, pictures):
            (observer.picture if observer is panel else pictures.pictured)(Picture(tmp_path, round_, samples))
        panel.show({"round": round_, "critic_loss": -1.5})
    for _ in range(100):
        panel.show({"round": 10, "critic_loss": -2.5})  # within the same moment
    assert len(cell.outputs) == 2 and cell.updates == 19
    panel.close(RunEnd(tmp_path, 10, 10, "finished", ("the <best>",)))
    bar, shown = cell.outputs
    assert "value='10' max='10'" in bar and "critic -2.50" in bar and "finished: 10 rounds in 10 s" in bar
    assert "the &lt;best&gt;" in bar and "after round 10" in shown
    assert "the plan" in capsys.readouterr().out
    assert _pixels(shown)[0, 0] == 200


def _pixels(html: str) -> Any:
    """The picture inside HTML."""
    import base64

    (data,) = re.findall(r"base64,([A-Za-z0-9+/=]+)", html)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def test_a_run_shows_its_picture_and_escapes_its_names(tmp_path: Path) -> None:
    folder = tmp_path / "a<b"
    folder.mkdir()
    (folder / "recipe.yaml").write_text(recipe_text.dumps(recipes.wgan_gp(SampleSpec((1, 8, 8)))))
    shown = RunFolder(folder)._repr_html_()
    assert "a&lt;b" in shown and "a<b" not in shown and "interrupted" in shown and "<img" not in shown
    PictureObserver().pictured(Picture(folder, 3, np.full((1, 1, 8, 8), 77, np.uint8)))
    assert _pixels(RunFolder(folder)._repr_html_())[0, 0] == 77
    (folder / "samples/000003.png").unlink()
    (folder / "samples/000003.txt").write_text("one & two\n")
    assert "one &amp; two" in RunFolder(folder)._repr_html_()
    (folder / "recipe.yaml").write_text("{{{")
    assert "recipe.yaml" in RunFolder(folder)._repr_html_()


def test_recipes_and_diagnoses_are_shown() -> None:
    recipe = recipes.sngan(SampleSpec((3, 32, 32)))
    assert "critic" in recipe._repr_html_() and recipe_text.dumps(recipe).splitlines()[1] in recipe._repr_html_()
    finding = Finding("full_collapse", 20, 0.9, (Evidence("rank", 1.0, "rank < 2"),))
    shown = Diagnosis(40, (finding,))._repr_html_()
    assert "full collapse" in shown and "rank &lt; 2" in shown and "since round 20, 90%" in shown
