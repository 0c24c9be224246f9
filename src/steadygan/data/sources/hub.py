"""Data sets of the Hugging Face hub, with its own client and cache."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any

from steadygan.data.parquet.tables import Tables, split_of, tables_of_files
from steadygan.errors import DataError, UsageError, nearest

_KNOWN = {"mnist": "ylecun/mnist", "cifar10": "uoft-cs/cifar10"}
_REFERENCE = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(/(?P<part>[\w.-]+))?")
_PATIENCE = 10.0
"""seconds for the hub's first answer"""
_CONVERTED = "refs/convert/parquet"  # the hub keeps a parquet copy of most data sets on this branch


def find_hub(source: str) -> Tables:
    """Parquet files of 'hf:OWNER/NAME', 'hf:OWNER/NAME/PART', 'mnist' or 'cifar10'; downloaded once."""
    match = _REFERENCE.fullmatch(_KNOWN.get(source, source.removeprefix("hf:")))
    if match is None:
        raise UsageError(f"'{source}' is not a data set of the hub; it has to be hf:OWNER/NAME or hf:OWNER/NAME/PART")
    try:
        import huggingface_hub as hub
    except ImportError as error:
        raise DataError(f"'{source}' needs huggingface_hub: pip install 'steadygan[hub]'") from error
    repo = match["repo"]
    name = source if source in _KNOWN else repo.split("/")[1]
    try:
        revision, names = _parquet_files(hub, repo)
    except hub.utils.GatedRepoError as error:
        raise DataError(f"'{source}' is gated: accept its terms on the hub and log in with `hf auth login`") from error
    except (hub.utils.RepositoryNotFoundError, hub.utils.HFValidationError) as error:
        raise DataError(f"the hub has no public data set '{repo}'") from error
    except DataError:
        raise
    except Exception as error:  # offline, a proxy, a bad certificate: errors differ between client versions
        return _open_downloaded(hub, source, match, name, error)
    chosen = _choose_part(source, names, match["part"])
    try:
        paths = [Path(hub.hf_hub_download(repo, file, repo_type="dataset", revision=revision)) for file in chosen]
    except Exception as error:
        raise DataError(f"downloading '{source}' failed: {_line(error)}") from error
    return tables_of_files(paths, _root(paths[0], chosen[0]), name)


def _parquet_files(hub: Any, repo: str) -> tuple[str | None, list[str]]:
    """The revision that has parquet files, and the files."""
    hub.dataset_info(repo, timeout=_PATIENCE)  # fails at once without a network; a list of files is asked for six times
    for revision in (None, _CONVERTED):
        try:
            names = hub.list_repo_files(repo, repo_type="dataset", revision=revision)
        except hub.utils.RevisionNotFoundError:
            continue
        files = [name for name in names if name.endswith(".parquet")]
        if files:
            return revision, files
    raise DataError(f"the hub has no parquet files for '{repo}'; download it and give the folder")


def _open_downloaded(hub: Any, source: str, reference: re.Match[str], name: str, error: Exception) -> Tables:
    """The data set from the local cache, if the hub cannot be reached."""
    for revision in (None, _CONVERTED):
        try:
            folder = Path(
                hub.snapshot_download(reference["repo"], repo_type="dataset", revision=revision, local_files_only=True)
            )
        except Exception:
            continue
        names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet"))
        if names:
            chosen = _choose_part(source, names, reference["part"])
            return tables_of_files([folder / file for file in chosen], folder, name)
    raise DataError(f"cannot reach the hub for '{source}', and it was not downloaded before: {_line(error)}") from error


def _choose_part(source: str, names: list[str], part: str | None) -> list[str]:
    """The files of one part (configuration) of a data set."""
    parts: dict[str, list[str]] = {}
    for name in sorted(names):
        top = PurePosixPath(name).parts[0] if "/" in name else ""
        is_split = split_of(Path(top), Path()) != ""
        parts.setdefault("" if is_split else top, []).append(name)
    if part is None:
        if len(parts) == 1:
            return next(iter(parts.values()))
        if "default" in parts:
            return parts["default"]
    elif part in parts:
        return parts[part]
    known = ", ".join(sorted(parts))
    if part is None:
        raise UsageError(
            f"'{source}' has several parts; name one, as in '{source}/{sorted(parts)[0]}' (parts: {known})"
        )
    raise UsageError(f"'{source}' has no part '{part}'{nearest(part, parts)} (parts: {known})")


def _root(path: Path, name: str) -> Path:
    """The local folder of the repository that a file was downloaded to."""
    return path.parents[len(PurePosixPath(name).parts) - 1]


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
