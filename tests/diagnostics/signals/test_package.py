"""The package of signals: what it exports, and that it loads without torch."""

from __future__ import annotations

import subprocess
import sys

from steadygan.diagnostics import signals


def test_every_exported_name_exists_and_is_documented() -> None:
    assert signals.__all__ == sorted(signals.__all__)
    assert all(getattr(signals, name).__doc__ for name in signals.__all__)


def test_signals_load_without_torch() -> None:
    code = "import sys, steadygan.diagnostics.signals; sys.exit('torch' in sys.modules or 'sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
