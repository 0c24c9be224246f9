"""Labels of a folder from ``dataset.json``, as StyleGAN's dataset tool writes them.

    {"labels": [["00000/img00000000.png", 3], ...]}    or    {"labels": {"00000/img00000000.png": 3, ...}}

Paths are relative to the file's folder. A label is a number, a word or a vector; null says that there are none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from steadygan.data.images.pictures import printable
from steadygan.data.labels import LEAVE_OUT, Values
from steadygan.data.reading import reading, shown
from steadygan.errors import DataError
from steadygan.system.files import JSON_BYTES
from steadygan.system.json_text import parse_json
from steadygan.system.regular import read_regular

NAME = "dataset.json"
Parts: TypeAlias = tuple[str, ...]


@dataclass
class LabelFile:
    """The labels of one or several such files of a folder."""

    labels: dict[Parts, Any] = field(default_factory=dict)
    """path inside the folder -> label; empty if the files say there are none"""

    def values(self, files: Sequence[Parts]) -> Values:
        """The labels of pictures, by their paths inside the folder.

        Raises:
            DataError: if some have none.
        """
        labels = self.labels
        if not any(parts in labels for parts in files):
            labels = self._by_name(files)
        without = [parts for parts in files if parts not in labels]
        if without:
            raise DataError(
                f"'{NAME}' has no label for {len(without):,} of {len(files):,} pictures, such as "
                f"'{printable('/'.join(without[0]))}'; {LEAVE_OUT}"
            )
        return Values.of([labels[parts] for parts in files], f"of '{NAME}'", len(files))

    def extra(self, files: Iterable[Parts]) -> int:
        """Labels of pictures that are not there."""
        names = {parts[-1] for parts in files}
        return sum(parts[-1] not in names for parts in self.labels)

    def _by_name(self, files: Sequence[Parts]) -> dict[Parts, Any]:
        """The labels by file names alone, where the files lie in other folders now and no name is there twice."""
        mine, theirs = Counter(parts[-1] for parts in files), Counter(parts[-1] for parts in self.labels)
        if max(mine.values(), default=0) > 1 or max(theirs.values(), default=0) > 1:
            return self.labels
        by_name = {parts[-1]: label for parts, label in self.labels.items()}
        return {parts: by_name[parts[-1]] for parts in files if parts[-1] in by_name}


def read_label_files(files: Iterable[tuple[Parts, Path]]) -> LabelFile | None:
    """The labels of files called ``dataset.json``, each given by its path inside the folder; None if none has any.

    Raises:
        DataError: one line, for a file that is damaged.
    """
    found: LabelFile | None = None
    for parts, path in files:
        content = _labels_in(path)
        if content is _NOT_OURS:
            continue
        found = found or LabelFile()
        pairs = content.items() if isinstance(content, dict) else content or ()
        for pair in pairs:
            if not (isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str)):
                raise DataError(f"'{shown(path)}' is damaged: its labels are no pairs (path, label); {LEAVE_OUT}")
            inner = tuple(part for part in pair[0].replace("\\", "/").split("/") if part not in ("", "."))
            found.labels[(*parts[:-1], *inner)] = pair[1]
    return found


_NOT_OURS = object()


def _labels_in(path: Path) -> Any:
    """What stands under 'labels': a list, an object or null; ``_NOT_OURS`` for a file of another kind."""
    try:
        with reading(path, "JSON"):
            content = parse_json(read_regular(path, JSON_BYTES).removeprefix(b"\xef\xbb\xbf"))
    except DataError as error:
        raise DataError(f"{error}; {LEAVE_OUT}") from None
    if not isinstance(content, dict) or "labels" not in content:
        return _NOT_OURS
    labels = content["labels"]
    return labels if labels is None or isinstance(labels, dict | list) else _NOT_OURS
