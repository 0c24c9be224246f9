"""The hub's client is replaced by one that hands out local files."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub as hub
import pytest

from steadygan.data import DataOptions, Dataset, Stored, open_data
from steadygan.errors import DataError, UsageError
from tests.data.tables import FEATURES, pictures, write_table

CONVERTED = "refs/convert/parquet"


class Hub:
    """Repositories as folders: {(repository, revision): folder}."""

    def __init__(self) -> None:
        self.repositories: dict[tuple[str, str | None], Path] = {}
        self.downloads: list[str] = []
        self.failure: Exception | None = None
        self.local: Path | None = None

    def dataset_info(self, repo: str, *, timeout: float) -> None:
        assert 0 < timeout < 30
        if self.failure:
            raise self.failure

    def list_repo_files(self, repo: str, *, repo_type: str, revision: str | None = None) -> list[str]:
        assert repo_type == "dataset"
        assert self.failure is None, "without a network the client asks for a list again and again, for half a minute"
        if (repo, revision) not in self.repositories:
            raise _error(hub.utils.RevisionNotFoundError if revision else hub.utils.RepositoryNotFoundError)
        folder = self.repositories[repo, revision]
        return ["README.md", *(path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet"))]

    def hf_hub_download(self, repo: str, name: str, *, repo_type: str, revision: str | None = None) -> str:
        self.downloads.append(name)
        return str(self.repositories[repo, revision] / name)

    def snapshot_download(self, repo: str, *, local_files_only: bool, **_: Any) -> str:
        assert local_files_only
        if self.local is None:
            raise _error(hub.utils.LocalEntryNotFoundError)
        return str(self.local)


def _error(kind: type[Exception]) -> Exception:
    error = kind.__new__(kind)
    Exception.__init__(error, "no such thing\n\nSee the docs.")
    return error


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Hub:
    fake = Hub()
    for name in ("dataset_info", "list_repo_files", "hf_hub_download", "snapshot_download"):
        monkeypatch.setattr(hub, name, getattr(fake, name))
    return fake


@pytest.fixture
def repository(tmp_path: Path) -> Callable[[str], Path]:
    """Makes a repository's folder with a train and a test file below a folder of a part's name."""

    def make(part: str, start: int = 0) -> Path:
        folder = tmp_path / "repository"
        for split, count in (("train", 20), ("test", 5)):
            path = folder / part / f"{split}-00000-of-00001.parquet"
            labels = [place % 3 for place in range(count)]
            write_table(path, pictures(count, start), labels, features=FEATURES)
            start += count
        return folder

    return make


def opened(source: str) -> Dataset:
    return open_data(DataOptions(source=source))


@pytest.mark.parametrize(
    ("source", "repo", "part"),
    [
        ("mnist", "ylecun/mnist", "mnist"),
        ("cifar10", "uoft-cs/cifar10", "plain_text"),
        ("hf:someone/bugs", "someone/bugs", "data"),
    ],
)
def test_a_data_set_by_name_has_its_official_split(
    fake: Hub, repository: Callable[[str], Path], source: str, repo: str, part: str
) -> None:
    fake.repositories[repo, None] = repository(part)
    data = opened(source)
    assert data.name == source.split("/")[-1]
    assert isinstance(data.train, Stored)
    assert (len(data.train), len(data.held_out)) == (20, 5)
    assert data.class_names == ("ant", "bee", "cat")
    assert len(fake.downloads) == 2


def test_the_hubs_parquet_copy_is_used_where_the_data_set_has_none(
    fake: Hub, repository: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    fake.repositories["someone/bugs", None] = tmp_path / "empty"
    fake.repositories["someone/bugs", CONVERTED] = repository("default")
    assert len(opened("hf:someone/bugs").held_out) == 5


def test_of_several_parts_one_has_to_be_named(fake: Hub, repository: Callable[[str], Path]) -> None:
    repository("large")
    fake.repositories["someone/bugs", None] = repository("small", 50)
    with pytest.raises(UsageError) as error:
        opened("hf:someone/bugs")
    assert str(error.value) == (
        "'hf:someone/bugs' has several parts; name one, as in 'hf:someone/bugs/large' (parts: large, small)"
    )
    with pytest.raises(UsageError, match="has no part 'smal'; did you mean 'small'"):
        opened("hf:someone/bugs/smal")
    assert len(opened("hf:someone/bugs/small").held_out) == 5


def test_offline_what_was_downloaded_before_is_used(fake: Hub, repository: Callable[[str], Path]) -> None:
    fake.failure = ConnectionError("no route")
    fake.local = repository("data")
    assert len(opened("hf:someone/bugs").held_out) == 5


def test_offline_without_a_download_is_one_line(fake: Hub) -> None:
    fake.failure = ConnectionError("no route\nto host")
    with pytest.raises(DataError) as error:
        opened("mnist")
    assert str(error.value) == "cannot reach the hub for 'mnist', and it was not downloaded before: no route to host"


def test_an_unknown_data_set_is_one_line(fake: Hub) -> None:
    with pytest.raises(DataError, match="the hub has no public data set 'someone/nothing'"):
        opened("hf:someone/nothing")


def test_a_gated_data_set_says_how_to_get_in(fake: Hub) -> None:
    fake.failure = _error(hub.utils.GatedRepoError)
    with pytest.raises(DataError, match="'hf:someone/bugs' is gated: accept its terms"):
        opened("hf:someone/bugs")


def test_a_data_set_without_parquet_is_one_line(fake: Hub, tmp_path: Path) -> None:
    fake.repositories["someone/bugs", None] = tmp_path
    with pytest.raises(DataError, match="the hub has no parquet files for 'someone/bugs'"):
        opened("hf:someone/bugs")


def test_a_failed_download_is_one_line(
    fake: Hub, repository: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.repositories["someone/bugs", None] = repository("data")

    def fail(*_: Any, **__: Any) -> str:
        raise OSError("connection\nreset")

    monkeypatch.setattr(hub, "hf_hub_download", fail)
    with pytest.raises(DataError, match="downloading 'hf:someone/bugs' failed: connection reset"):
        opened("hf:someone/bugs")


@pytest.mark.parametrize("source", ["hf:", "hf:bugs", "hf:a/b/c/d", "hf:some one/bugs"])
def test_a_name_of_the_wrong_form_is_told(source: str) -> None:
    with pytest.raises(UsageError, match="has to be hf:OWNER/NAME or hf:OWNER/NAME/PART"):
        opened(source)


def test_without_the_client_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(DataError, match=r"'mnist' needs huggingface_hub: pip install 'steadygan\[hub\]'"):
        opened("mnist")
