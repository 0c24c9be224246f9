"""Logs of other tools: CSV, JSON lines and TensorBoard events, read as rows of a signal log.

``read`` finds the format, maps columns to fields by their names, and says what it did.
"""

from steadygan.diagnostics.foreign.log import ForeignLog, is_log, read

__all__ = ["ForeignLog", "is_log", "read"]
