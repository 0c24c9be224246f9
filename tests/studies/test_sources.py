"""Data of a user's own in studies: by option, by environment, or what is built in."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadygan.errors import UsageError
from steadygan.studies import sources


def test_without_a_choice_it_is_what_is_built_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in sources.KINDS:
        monkeypatch.delenv(sources.VARIABLE + kind.upper(), raising=False)
    assert [sources.source(kind) for kind in sources.KINDS] == ["digits", "digits", "digits", "python-docs"]
    assert all(map(sources.is_stand_in, sources.KINDS))


def test_an_option_comes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADYGAN_DATA_MNIST", str(tmp_path))
    assert sources.source("mnist") == str(tmp_path.resolve())
    with sources.given({"mnist": "mnist"}):
        assert sources.source("mnist") == "mnist"
        assert not sources.is_stand_in("mnist")
        assert sources.source("text") == "python-docs"
    with sources.given({}):
        assert sources.is_stand_in("mnist")
    monkeypatch.setenv("STEADYGAN_DATA_MNIST", str(tmp_path / "gone"))
    with pytest.raises(UsageError, match="there is no data"):
        sources.source("mnist")


def test_a_path_is_one_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "set").mkdir()
    assert sources.parsed("pictures=set") == ("pictures", str((tmp_path / "set").resolve()))
    assert sources.parsed("mnist=mnist") == ("mnist", "mnist")
    assert sources.parsed("cifar10=hf:someone/some") == ("cifar10", "hf:someone/some")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mnist", "KIND=PATH"),
        ("=x", "KIND=PATH"),
        ("mnist=", "KIND=PATH"),
        ("minst=digits", "did you mean 'mnist'"),
        ("mnist=/no/such/place", "there is no data"),
        ("mnist=a\0b", "there is no data"),
        ("mnist=" + "x" * 5000, "there is no data"),
    ],
)
def test_what_is_no_source_is_one_line(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        sources.parsed(text)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown kind of data"):
        sources.source("videos")  # type: ignore[arg-type]
