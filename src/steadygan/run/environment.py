"""Where a run took place: versions, device, threads."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from typing import Any

import torch

from steadygan.system.device import device_name

_PACKAGES = ("steadygan", "torch", "numpy", "pillow", "safetensors", "scikit-learn")


def describe_environment(device: torch.device, precision: str) -> dict[str, Any]:
    """What environment.json holds."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "versions": versions,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": device_name(device),
        "device_type": device.type,
        "precision": precision,
        "threads": torch.get_num_threads(),
        "processors": os.cpu_count(),
        "cuda": torch.version.cuda,
        "command": " ".join(["steadygan", *sys.argv[1:]]) if sys.argv[0].endswith("steadygan") else None,
    }
