"""Uploads of an exported generator to the Hugging Face Hub, by huggingface_hub with the user's own login."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadygan.errors import RunError, UsageError, in_one_line
from steadygan.export.hub_folder import CARD, LEFTOVERS, check_replaced, write_hub_folder
from steadygan.export.loader import FACTS
from steadygan.export.model_card import LICENCE

if TYPE_CHECKING:
    from steadygan.run import Run, Weights

_NAME = re.compile(r"[A-Za-z0-9](?:[\w.-]{0,94}[A-Za-z0-9])?")
_PATIENCE = 10.0
"""seconds for the Hub's first answer"""
_OWN = {".gitattributes"}
"""files that the Hub itself makes"""


def push(
    source: Run | Path,
    repository: str,
    *,
    weights: Weights = "average",
    round_: int | None = None,
    private: bool = False,
    overwrite: bool = False,
) -> str:
    """Uploads a run's hub folder, or one that was written before and edited, in one commit; returns its address.

    Args:
        source: a run, or a folder of ``write_hub_folder``
        repository: OWNER/NAME
        weights: of a run
        round_: of a run's checkpoint; None: the last
        private: a repository that is made is private
        overwrite: files of a repository that has any are replaced

    Raises:
        UsageError: for a bad name, a folder that no export wrote, a missing package or login, and a repository that
            is taken; before anything is uploaded.
        RunError: if the Hub cannot be reached, or refuses.
    """
    check_name(repository)
    hub = need_hub()
    if isinstance(source, Path):
        check_hub_folder(source)
    api = hub.HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None)
    if hub.get_token() is None:
        raise _unknown(api)
    if not overwrite:
        _check_free(hub, api, repository)
    with tempfile.TemporaryDirectory() as parent:
        folder = source if isinstance(source, Path) else Path(parent) / "folder"
        if not isinstance(source, Path):
            write_hub_folder(source, folder, weights=weights, round_=round_)
        with _answers_in_a_line(api, repository):
            address = api.create_repo(repository, private=private, exist_ok=True)
            said = "Generator, exported by steadygan"
            api.upload_folder(repo_id=repository, folder_path=folder, commit_message=said, ignore_patterns=ignored())
    return str(address)


def ignored() -> list[str]:
    """Patterns of what is not uploaded."""
    return [pattern for name in sorted(LEFTOVERS) for pattern in (name, f"{name}/*")]


def check_name(repository: str) -> None:
    """Raises UsageError unless this is OWNER/NAME."""
    parts = repository.split("/")
    good = len(parts) == 2 and all(_NAME.fullmatch(part) for part in parts)
    if not good or "--" in repository or ".." in repository:
        raise UsageError(
            f"'{repository}' is no repository: needed is OWNER/NAME of letters, digits, '-', '_' and '.', up to 96 each"
        )


def check_hub_folder(folder: Path) -> None:
    """Raises UsageError unless the folder is one of ``write_hub_folder``, with nothing else in it."""
    if not all((folder / name).is_file() for name in (CARD, FACTS)):
        raise UsageError(f"{folder} is no run and no hub folder: 'steadygan export RUN --to hub-folder' writes one")
    check_replaced(folder)


def lacks_licence(folder: Path) -> bool:
    """True if the card of a hub folder has the line that asks for a licence still."""
    return LICENCE in (folder / CARD).read_text(encoding="utf-8", errors="replace")


def need_hub() -> Any:
    """The module huggingface_hub.

    Raises:
        UsageError: with the command that installs it.
    """
    try:
        import huggingface_hub
    except ImportError:
        raise UsageError("the Hub needs huggingface_hub: pip install 'steadygan[hub]'") from None
    return huggingface_hub


def _check_free(hub: Any, api: Any, repository: str) -> None:
    """Raises UsageError for a repository that has files."""
    with _answers_in_a_line(api, repository):
        try:
            api.model_info(repository, timeout=_PATIENCE)  # fails at once where a list of files is asked for six times
            files = set(api.list_repo_files(repository)) - _OWN
        except hub.utils.RepositoryNotFoundError:
            return
    if files:
        raise UsageError(
            f"{repository} has files already: name another repository, or give --overwrite to replace them"
        )


@contextmanager
def _answers_in_a_line(api: Any, repository: str) -> Iterator[None]:
    """Context in which errors of the Hub, and of the way to it, are one line."""
    errors = import_module("huggingface_hub.errors")
    try:
        yield
    except UsageError:
        raise
    except errors.LocalTokenNotFoundError as error:
        raise _unknown(api) from error
    except errors.OfflineModeIsEnabled as error:
        raise UsageError("HF_HUB_OFFLINE is set, and an upload needs the network") from error
    except Exception as error:  # of the network and of the Hub: kinds differ between versions of the client
        status = getattr(getattr(error, "response", None), "status_code", None)
        if status == 401:
            raise _unknown(api) from error
        if status == 403:
            raise UsageError(f"you may not write to {repository}: {in_one_line(error)}") from error
        what = "cannot be reached" if status is None else f"answered {status}"
        raise RunError(f"{api.endpoint} {what}: {in_one_line(error)}") from error


def _unknown(api: Any) -> UsageError:
    return UsageError(f"{api.endpoint} does not know who you are: log in with 'hf auth login', or set HF_TOKEN")
