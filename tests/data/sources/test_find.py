"""The source that a name or path stands for."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from steadygan.api import prepare
from steadygan.data import NAMES, DataOptions, open_data
from steadygan.data.sources.find import POINTS, is_built_in
from steadygan.errors import DataError, UsageError
from tests.data.making import fill


def said(source: str | Path) -> str:
    with pytest.raises(UsageError) as error:
        open_data(DataOptions(source=str(source)))
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("digit", "digits"), ("8gausians", "8gaussians"), ("cifar-10", "cifar10"), ("stackeddigits", "stacked-digits")],
)
def test_an_unknown_name_gets_the_nearest_and_the_list(wrong: str, right: str) -> None:
    assert said(wrong) == (
        f"unknown data source '{wrong}'; did you mean '{right}'? (a path, or one of {', '.join(NAMES)})"
    )


def test_a_folder_in_the_working_folder_counts_as_near(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "photos", 3)
    monkeypatch.chdir(tmp_path)
    assert "did you mean 'photos'?" in said("photoss")


def test_a_path_that_is_not_there_gets_the_nearest_in_its_folder(tmp_path: Path) -> None:
    fill(tmp_path / "holiday", 3)
    assert said(tmp_path / "holyday") == f"there is no '{tmp_path / 'holyday'}'; did you mean 'holiday'?"
    assert (
        said(tmp_path / "holyday" / "deep" / "er") == f"there is no '{tmp_path / 'holyday'}'; did you mean 'holiday'?"
    )
    assert said("./nothing-of-this-kind-xyz").startswith("there is no 'nothing-of-this-kind-xyz'")


def test_names_win_over_folders_and_a_dot_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "digits", 20)
    monkeypatch.chdir(tmp_path)
    assert open_data(DataOptions(source="digits")).sample.shape == (1, 8, 8)
    assert open_data(DataOptions(source="./digits")).sample.shape == (3, 16, 16)


def test_the_home_folder_can_be_written_with_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "photos", 20)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert open_data(DataOptions(source="~/photos")).name == "photos"


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("a.txt", "has too few lines of text, 1: one sample each, 16 are needed"),
        ("a.zip", "is an archive; unpack it and give the folder"),
        ("a.tar.gz", "is an archive; unpack it and give the folder"),
        ("a.csv.gz", "is packed; unpack it and give the file"),
        ("a.pkl", "is a pickle, which can run code when it is loaded; save the arrays as .npz"),
        ("a.jpg", "is a single picture; give the folder it lies in"),
        ("a.docx", "cannot be read as data: known are folders of pictures, .npz"),
    ],
)
def test_a_file_of_another_kind_is_told_what_to_do(tmp_path: Path, name: str, part: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert part in said(tmp_path / name)


def test_the_home_of_nobody_is_a_path_that_is_not_there() -> None:
    assert said("~nosuchuser/photos").startswith("there is no '~nosuchuser'")


def test_hidden_files_beside_arrays_and_tables_are_no_data(tmp_path: Path) -> None:
    """macOS leaves a file ._name beside each name on other disks."""
    rng = np.random.default_rng(0)
    for number in range(20):
        array = rng.random((2, 90))
        name = f"{number}.npy"
        for folder in (tmp_path / "files", tmp_path / "classes" / "ab"[number % 2]):
            folder.mkdir(parents=True, exist_ok=True)
            np.save(folder / name, array)
            (folder / f"._{name}").write_bytes(b"\0\5\26\7")
    (tmp_path / "one").mkdir()
    np.savez(tmp_path / "one" / "data.npz", images=rng.random((20, 8, 8)))
    (tmp_path / "one" / "._data.npz").write_bytes(b"\0\5\26\7")
    for name, classes in (("files", 0), ("classes", 2), ("one", 0)):
        assert open_data(DataOptions(source=str(tmp_path / name))).sample.classes == classes


def test_a_folder_without_pictures_says_what_it_holds(tmp_path: Path) -> None:
    assert said(tmp_path) == f"folder '{tmp_path}' holds no pictures (it is empty)"
    for name in ("a.txt", "b.txt", "c.zip"):
        (tmp_path / name).touch()
    assert said(tmp_path) == f"folder '{tmp_path}' holds no pictures (2 .txt, 1 .zip); unpack the archives first"


def test_a_name_that_no_file_can_have_is_not_found() -> None:
    assert "x" * 20 in said("x" * 5000)
    assert said("nul\0byte").startswith("unknown data source")


def test_data_errors_are_usage_errors() -> None:
    assert issubclass(DataError, UsageError)


def test_a_name_is_the_built_in_data_and_a_path_the_folder_in_every_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder 'digits' in the current one shadows nothing, and './digits' is it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STEADYGAN_CACHE", str(tmp_path / "cache"))
    (tmp_path / "digits").mkdir()
    for i in range(20):
        Image.new("RGB", (16, 16), (i, 0, 0)).save(tmp_path / "digits" / f"{i}.png")
    for data, shape in (("digits", (1, 8, 8)), ("./digits", (3, 16, 16)), (Path("digits"), (3, 16, 16))):
        expected = pytest.warns(UserWarning, match=r"'\./digits'") if data == "digits" else contextlib.nullcontext()
        with expected:
            prepared = prepare("wgan-gp", data)
        assert prepared.dataset.sample.shape == shape
        with expected:
            assert open_data(prepared.recipe.data).sample.shape == shape  # as ``data``, ``resume`` and ``evaluate`` do
    for name in (*POINTS, "stacked-digits"):
        (tmp_path / name).mkdir()
        with pytest.warns(UserWarning, match=f"data '{name}'"):
            assert prepare("wgan-gp", name).recipe.data.source == name
    assert is_built_in("hf:owner/name")
    assert not any(map(is_built_in, ("./mnist", "mnist/", "Mnist", "digits.npz", "")))


@pytest.mark.parametrize(
    ("names", "remedy"),
    [
        (["x.tar.gz"], "; unpack the archives first"),
        (["x.csv"], "; name the table: '{}x.csv'"),
        (["x.csv", "y.csv"], "; name one of the tables"),
        (["x.txt.gz"], "; name one of the files of text"),
    ],
)
def test_a_folder_without_pictures_is_told_what_to_do_with_its_files(
    tmp_path: Path, names: list[str], remedy: str
) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"a,b")
    with pytest.raises(DataError, match="holds no pictures") as error:
        open_data(DataOptions(source=str(tmp_path)))
    assert str(error.value).endswith(remedy.format(f"{tmp_path}/"))
