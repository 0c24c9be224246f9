"""Data: from a source's name to samples in memory, in a memory map or in a stream, with an audit of what was found.

Names are loaded when first used, so that recipes can name data options without loading numpy or Pillow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from steadygan.data.options import DataOptions

if TYPE_CHECKING:
    from steadygan.data.auditing import Audit
    from steadygan.data.cache import cache_folder, clear_cache
    from steadygan.data.dataset import Dataset, Fresh, Stored
    from steadygan.data.opening import audit, open_data, planned_cache_bytes
    from steadygan.data.order import sample_indices
    from steadygan.data.sheet import contact_sheet
    from steadygan.data.sources import NAMES
    from steadygan.data.stream import Streamed

__all__ = [
    "NAMES",
    "Audit",
    "DataOptions",
    "Dataset",
    "Fresh",
    "Stored",
    "Streamed",
    "audit",
    "cache_folder",
    "clear_cache",
    "contact_sheet",
    "open_data",
    "planned_cache_bytes",
    "sample_indices",
]

_HOMES = {
    "NAMES": "sources",
    "Audit": "auditing",
    "Dataset": "dataset",
    "Fresh": "dataset",
    "Stored": "dataset",
    "Streamed": "stream",
    "audit": "opening",
    "cache_folder": "cache",
    "clear_cache": "cache",
    "contact_sheet": "sheet",
    "open_data": "opening",
    "planned_cache_bytes": "opening",
    "sample_indices": "order",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
