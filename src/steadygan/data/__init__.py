"""Data: from a source's name to samples in memory, in a memory map or in a stream, and an audit of the source.

Names are loaded when first used, so that recipes can name data options without loading numpy or Pillow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from steadygan.data.options import DataOptions

if TYPE_CHECKING:
    from steadygan.data.audit.audit import Audit
    from steadygan.data.dataset import Dataset, Endless, Stored
    from steadygan.data.open import audit_data, clear_cache_of, open_data, planned_cache_bytes
    from steadygan.data.order import sample_indices
    from steadygan.data.sheet import contact_sheet
    from steadygan.data.sources.find import NAMES
    from steadygan.data.streaming.stream import Streamed
    from steadygan.data.types import TrainData
    from steadygan.system.cache import cache_folder, clear_cache

__all__ = [
    "NAMES",
    "Audit",
    "DataOptions",
    "Dataset",
    "Endless",
    "Stored",
    "Streamed",
    "TrainData",
    "audit_data",
    "cache_folder",
    "clear_cache",
    "clear_cache_of",
    "contact_sheet",
    "open_data",
    "planned_cache_bytes",
    "sample_indices",
]

_HOMES = {
    "NAMES": "data.sources.find",
    "Audit": "data.audit.audit",
    "Dataset": "data.dataset",
    "Endless": "data.dataset",
    "Stored": "data.dataset",
    "Streamed": "data.streaming.stream",
    "TrainData": "data.types",
    "audit_data": "data.open",
    "cache_folder": "system.cache",
    "clear_cache": "system.cache",
    "clear_cache_of": "data.open",
    "contact_sheet": "data.sheet",
    "open_data": "data.open",
    "planned_cache_bytes": "data.open",
    "sample_indices": "data.order",
}

if not TYPE_CHECKING:  # a type checker knows the names, and finds a misspelt one

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
        value = getattr(importlib.import_module(f"steadygan.{_HOMES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
