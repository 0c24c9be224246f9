"""Device and precision of the networks; the only module that asks what the hardware supports."""

from __future__ import annotations

import contextlib
import shutil
from typing import Any, Literal

import torch

from steadygan.errors import UsageError
from steadygan.system.cores import processor_name

Precision = Literal["fp32", "tf32", "bf16"]


def choose_device(name: str = "auto") -> torch.device:
    """The device of a name; 'auto' is CUDA if there is one, else Apple's MPS, else the CPU.

    Raises:
        UsageError: for a device that torch cannot use, with the remedy.
    """
    if not isinstance(name, str):
        raise UsageError(f"device is {name!r}; allowed: auto, cpu, cuda, cuda:1, mps")
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UsageError(f"unknown device '{name}' (known: auto, cpu, cuda, cuda:1, mps)") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise UsageError(idle_gpu() or f"device '{name}': torch sees no CUDA GPU on this machine; use auto or cpu")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise UsageError(f"device '{name}': torch sees no Apple GPU on this machine; use auto or cpu")
    if device.type not in ("cpu", "cuda", "mps"):
        raise UsageError(f"device '{name}' is not supported (known: auto, cpu, cuda, cuda:1, mps)")
    return device


def idle_gpu() -> str:
    """One line with the remedy if there is an NVIDIA GPU that this build of torch cannot use, else ''."""
    if torch.version.cuda is None and torch.version.hip is None and shutil.which("nvidia-smi"):
        return (
            f"this machine has an NVIDIA GPU, but torch {torch.__version__} is a CPU build: "
            "reinstall torch with CUDA (see https://pytorch.org/get-started/locally) to use it"
        )
    return ""


def has_fast_bf16(device: torch.device) -> bool:
    """True if the device multiplies bfloat16 matrices in hardware."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type == "cpu":
        checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        return any(bool(getattr(torch.cpu, check, bool)()) for check in checks)
    return False


def choose_precision(name: str, device: torch.device) -> Precision:
    """The precision of a name; 'auto' is bf16 if the device has it in hardware, else fp32.

    Raises:
        UsageError: for an unknown precision, and for tf32 without CUDA.
    """
    if name == "auto":
        return "bf16" if has_fast_bf16(device) else "fp32"
    if name not in ("fp32", "tf32", "bf16"):
        raise UsageError(f"precision '{name}' is unknown (known: auto, fp32, tf32, bf16)")
    if name == "tf32" and device.type != "cuda":
        raise UsageError(f"precision tf32 needs an NVIDIA GPU; on {device.type} use auto, fp32 or bf16")
    return name  # type: ignore[return-value]


def set_matmul_precision(precision: Precision, device: torch.device) -> None:
    """Allows TF32 in float32 matrix products and convolutions on a GPU for precision tf32 only."""
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        torch.backends.cudnn.allow_tf32 = precision == "tf32"


def autocast(precision: Precision, device: torch.device) -> contextlib.AbstractContextManager[Any]:
    """The autocast context of the networks. Entered anew for each loss: cached weight casts would become stale."""
    if precision != "bf16":
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16, cache_enabled=False)


def processor() -> str:
    """The name of the CPU and what it computes with, such as 'AMD EPYC, AVX512 with bfloat16'.

    Times of one name with other instructions do not compare: a virtual machine's name is often that of a whole family.
    """
    instructions = torch.backends.cpu.get_cpu_capability()
    return f"{processor_name()}, {instructions}" + " with bfloat16" * has_fast_bf16(torch.device("cpu"))


def device_name(device: torch.device) -> str:
    """The device's name in messages."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "cpu":
        threads = torch.get_num_threads()
        return f"{threads} CPU core{'s' * (threads > 1)}"
    return "the Apple GPU"
