"""``steadygan runs --delete`` and ``--clean``: what goes, what never does, and that a person is asked."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest

from steadygan import api
from steadygan.cli import main
from steadygan.run import Run, layout, removal
from steadygan.run.owner import owned
from steadygan.run.removal import bytes_of, superseded, whole

TINY = Path("runs/tiny")


def tree(folder: Path) -> dict[Path, bytes]:
    """The files below a folder with their content."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Terminal(io.StringIO):
    """A person's answer."""

    def isatty(self) -> bool:
        return True


def test_what_would_go_is_shown_with_its_size_and_nothing_goes_without_a_yes(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(TINY)
    assert main(["runs", "--delete", "tiny"]) == 2
    said = capsys.readouterr()
    assert "runs/tiny: the whole run" in said.out and "--yes" in said.err
    for answer in ("\n", "no\n", "", "yes please\n"):
        monkeypatch.setattr("sys.stdin", Terminal(answer))
        assert main(["runs", "--delete", "tiny"]) == 0
        assert "nothing is deleted" in capsys.readouterr().out
    assert tree(TINY) == before
    assert whole(TINY).bytes == sum(map(len, before.values()))
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert main(["runs", "--delete", "tiny"]) == 0
    assert not TINY.exists() and not list(Path("runs").iterdir())


def test_every_file_that_we_write_into_a_run_goes_with_it(runs: Path) -> None:
    names = [value for name, value in vars(layout).items() if name.isupper() and isinstance(value, str)]
    written = [name for name in names if "." in name and name not in (layout.EVENTS, layout.OWNER, layout.STATE)]
    assert {layout.RESUMED, layout.REPORT, layout.RECIPE} <= set(written)
    for name in written:
        (TINY / name).touch()
    assert main(["runs", "--delete", "tiny", "--yes"]) == 0
    assert not TINY.exists()


def test_pictures_that_no_training_wrote_stay_among_its_samples(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (TINY / "samples/best of all.png").write_bytes(b"mine")
    assert main(["runs", "--delete", "tiny", "--yes"]) == 0
    assert "best of all.png" in capsys.readouterr().out
    assert [path.name for path in TINY.rglob("*") if path.is_file()] == ["best of all.png"]


def test_files_that_no_training_wrote_stay(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (TINY / "notes.txt").write_text("mine")
    (runs / "elsewhere").mkdir()
    (runs / "elsewhere/kept").write_text("kept")
    (TINY / "generated").symlink_to(runs / "elsewhere")
    assert main(["runs", "--delete", "tiny", "--yes"]) == 0
    assert "stays: generated, notes.txt" in capsys.readouterr().out
    assert sorted(path.name for path in TINY.iterdir()) == ["generated", "notes.txt"]
    assert (runs / "elsewhere/kept").read_text() == "kept"


@pytest.mark.parametrize("option", ["--delete", "--clean"])
def test_a_run_that_is_being_trained_is_never_touched(
    option: str, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(TINY, "runs/other")
    with owned(TINY):
        before = tree(Path("runs"))
        assert main(["runs", option, "other", "tiny", "--yes"]) == 2
        assert "being trained" in capsys.readouterr().err
        assert tree(Path("runs")) == before
        assert main(["runs", "--clean", "--yes"]) == 0
        assert "runs/tiny is being trained: left alone" in capsys.readouterr().out
        assert len(Run("tiny").checkpoints) == 2 and len(Run("other").checkpoints) == 1
    assert api.check("tiny").whole


@pytest.mark.parametrize("option", ["--delete", "--clean"])
def test_links_recipes_of_people_and_runs_inside_are_refused(
    option: str, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("runs/link").symlink_to(TINY.resolve())
    Path("own").mkdir()
    Path("own/recipe.yaml").write_text((TINY / "recipe.yaml").read_text())
    before = tree(runs)
    assert main(["runs", option, "link", "--yes"]) == 2
    assert "is a link" in capsys.readouterr().err
    assert main(["runs", option, "own", "--yes"]) == 2
    assert "nothing that a training wrote" in capsys.readouterr().err
    assert main(["runs", option, "tyni", "--yes"]) == 2
    assert "did you mean 'tiny'?" in capsys.readouterr().err
    assert tree(runs) == before
    if option == "--clean":  # of all: what is refused is left alone
        Path("own").rename("runs/own")
        assert main(["runs", option, "--yes"]) == 0
        said = capsys.readouterr().out
        assert "link is a link" in said and "runs/own has" in said and len(Run("tiny").checkpoints) == 1
        return
    shutil.copytree(TINY, TINY / "generated/inner")
    assert main(["runs", "--delete", "tiny", "--yes"]) == 2
    assert "a run of its own" in capsys.readouterr().err
    assert len(tree(TINY)) > len(tree(TINY / "generated/inner"))


def test_cleaning_keeps_all_that_counts(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (TINY / "checkpoints/.part-1-000004").mkdir()
    (TINY / "checkpoints/.part-1-000004/critic.safetensors").write_bytes(b"torn")
    before, samples = tree(TINY), Run("tiny").sample(4)
    planned = superseded(TINY)
    assert main(["runs", "--clean", "--yes"]) == 0
    said = capsys.readouterr().out
    assert "1 of 2 checkpoints, 1 unfinished file, report.html" in said
    after = tree(TINY)
    gone = {path for path in before if path not in after}
    assert {path.relative_to(TINY).parts[0] for path in gone} == {"checkpoints", "report.html"}
    assert all(path.parent.name in ("000002", ".part-1-000004") for path in gone if "checkpoints" in path.parts)
    assert planned.bytes == sum(len(before[path]) for path in gone)
    assert {path: before[path] for path in after} == after
    assert api.check("tiny").whole and (Run("tiny").sample(4) == samples).all()
    assert main(["runs", "--clean"]) == 0
    assert "nothing to delete" in capsys.readouterr().out


def _saved(monkeypatch: pytest.MonkeyPatch, best: int | None, damaged: set[int], rounds: range) -> list[int]:
    """The rounds that stay of checkpoints with these rounds."""
    saved = [Path(f"runs/x/checkpoints/{layout.folder_name(round_)}") for round_ in rounds]
    monkeypatch.setattr(removal, "damage", lambda path: "torn" if int(path.name) in damaged else None)
    monkeypatch.setattr(removal, "best_round", lambda rows: best)
    return sorted({int(path.name) for path in removal._kept(Path("runs/x"), saved)})


@pytest.mark.parametrize(
    ("best", "damaged", "kept"),
    [
        (None, set(), [4]),
        (2, set(), [2, 4]),
        (9, set(), [4]),
        (1, {4}, [1, 3, 4]),
        (None, {4, 3}, [2, 4]),
        (None, {1, 2, 3, 4}, [1, 2, 3, 4]),
    ],
)
def test_the_last_the_best_and_the_newest_whole_checkpoint_stay(
    best: int | None, damaged: set[int], kept: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _saved(monkeypatch, best, damaged, range(1, 5)) == kept


def test_sizes_leave_links_aside(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1234")
    (tmp_path / "b").mkdir()
    (tmp_path / "b/c").symlink_to(tmp_path / "a")
    assert bytes_of(tmp_path / "a") == 4
    assert bytes_of(tmp_path / "b") == (tmp_path / "b/c").lstat().st_size
    assert bytes_of(tmp_path / "gone") == 0


def test_a_run_is_deleted_by_any_of_its_names_once(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(TINY, "runs/other")
    assert main(["runs", "--delete", "tiny", str(TINY.resolve()), "./runs/tiny", "--yes"]) == 0
    assert not TINY.exists()
    monkeypatch.chdir("runs/other")
    assert main(["runs", "--delete", ".", "--yes"]) == 0
    assert not (runs / "runs/other").exists()


def test_checkpoints_behind_a_link_stay(runs: Path) -> None:
    (TINY / "checkpoints").rename("far")
    (TINY / "checkpoints").symlink_to(runs / "far")
    shutil.copytree("far/000002", "other")
    assert main(["runs", "--clean", "tiny", "--yes"]) == 0
    (TINY / "checkpoints").unlink()
    Path("far").rename(TINY / "checkpoints")
    assert len(Run("tiny").checkpoints) == 2
    shutil.rmtree(TINY / "checkpoints/000002")
    (TINY / "checkpoints/000002").symlink_to(runs / "other")
    assert main(["runs", "--clean", "tiny", "--yes"]) == 0
    assert (runs / "other/state.json").is_file()


@pytest.mark.parametrize("line", ["--delete tiny --clean", "--yes", "--clean --json", "--delete"])
def test_options_that_do_not_go_together(line: str, runs: Path) -> None:
    before = tree(runs)
    assert main(["runs", *line.split()]) == 2
    assert tree(runs) == before
