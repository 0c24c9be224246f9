"""The environment of a run, environment.json: versions, device, precision, threads."""

from __future__ import annotations

import dataclasses
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadygan.run import layout
from steadygan.run.fields import Fields, dataclass_of
from steadygan.system.files import read_json_object

if TYPE_CHECKING:
    import torch

_PACKAGES = ("steadygan", "torch", "numpy", "pillow", "safetensors", "scikit-learn")


@dataclass(frozen=True)
class Environment:
    """Where a run was computed."""

    versions: Mapping[str, str]
    """of packages, by name"""
    python: str
    platform: str
    device: str
    """the device's name, such as 'NVIDIA H100'"""
    device_type: str
    """'cpu', 'cuda' or 'mps'"""
    precision: str
    threads: int
    processors: int | None
    cuda: str | None
    """the CUDA version that torch was built with"""
    command: str | None = None
    """the command line; None for a run that was started from Python"""
    weights_from: str | None = None
    """the checkpoint whose networks the run started from (fine-tuning)"""
    processor: str | None = None
    """the CPU's name and instructions; None in runs of earlier versions"""

    @classmethod
    def current(cls, device: torch.device, precision: str, weights_from: Path | None = None) -> Environment:
        """The environment of this process."""
        import torch

        from steadygan.system.device import device_name, processor

        return cls(
            versions=_versions(),
            python=platform.python_version(),
            platform=platform.platform(),
            device=device_name(device),
            device_type=device.type,
            precision=precision,
            threads=torch.get_num_threads(),
            processors=os.cpu_count(),
            cuda=torch.version.cuda,
            command=" ".join(["steadygan", *sys.argv[1:]]) if sys.argv[0].endswith("steadygan") else None,
            weights_from=None if weights_from is None else str(weights_from),
            processor=processor(),
        )

    def to_json(self) -> dict[str, Any]:
        """What environment.json holds."""
        plain = {**dataclasses.asdict(self), "versions": dict(self.versions)}
        if self.weights_from is None:
            del plain["weights_from"]
        return plain

    @classmethod
    def read(cls, folder: Path) -> Environment:
        """The environment of the run in a folder.

        Raises:
            RunError: one line, for a file that is missing or damaged.
        """
        path = folder / layout.ENVIRONMENT
        return dataclass_of(cls, Fields(read_json_object(path), path), strict=False)


def describe_environment(device: torch.device, precision: str) -> dict[str, Any]:
    """The environment of this process as plain data, for files of results."""
    return Environment.current(device, precision).to_json()


def _versions() -> dict[str, str]:
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
