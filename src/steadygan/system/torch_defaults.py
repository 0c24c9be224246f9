"""torch's defaults, as a new process has them, whatever a notebook has set and whatever block it is in."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def torch_defaults() -> Iterator[None]:
    """Context, or decorator, with torch's own defaults; the caller's are back at its end.

    Tensors are made in float32 and on the CPU, no autocast applies, and what is made can take part in gradients.
    """
    torch = sys.modules.get("torch")
    if torch is None:  # nothing is set in what was never loaded
        yield
        return
    dtype = torch.get_default_dtype()
    with contextlib.ExitStack() as stack:
        if dtype != torch.float32:
            torch.set_default_dtype(torch.float32)
            stack.callback(torch.set_default_dtype, dtype)
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        for kind in ("cpu", "cuda", "mps"):
            if torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        if torch.is_inference_mode_enabled():
            stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        yield
