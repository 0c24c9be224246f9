"""The kinds of export by name: a new one is a line here. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast, get_args

from steadygan.errors import UsageError, unknown_name
from steadygan.run import Run, Weights
from steadygan.system.output_paths import check_output_file, check_output_folder
from steadygan.system.torch_defaults import torch_defaults

if TYPE_CHECKING:
    from steadygan.export.facts import ExportFacts


class Write(Protocol):
    """Writes an export atomically, in place of what stands at the path."""

    def __call__(
        self, run: Run, path: Path, *, weights: Weights = "average", round_: int | None = None
    ) -> ExportFacts: ...


@dataclass(frozen=True)
class Kind:
    """A kind of export."""

    writer: str
    """module:function of its ``Write``, in this package"""
    ending: str
    """of its file; '' for a folder"""
    what: str
    """in a line"""
    whole: tuple[str, ...] = ()
    """endings of a file that holds all that the folder would"""

    def is_file(self, out: Path) -> bool:
        """True if a file is written to a path, and False for a folder."""
        return bool(self.ending) or out.suffix.lower() in self.whole

    def write(self) -> Write:
        """The function that writes it."""
        module, _, name = self.writer.partition(":")
        return cast("Write", getattr(import_module(f"steadygan.export.{module}"), name))


PAGE_ENDINGS = (".html", ".htm")
"""of a page that is a single file"""
KINDS: dict[str, Kind] = {
    "onnx": Kind("onnx:write_onnx", ".onnx", "for onnxruntime, browsers and phones; needs steadygan[onnx]"),
    "pt2": Kind("pt2:write_pt2", ".pt2", "a program of torch.export, which torch alone loads"),
    "safetensors": Kind("safetensors:write_safetensors", ".safetensors", "weights by name, for 'train --from'"),
    "hub-folder": Kind("hub_folder:write_hub_folder", "", "model card, weights and a loader, for the Hugging Face Hub"),
    "page": Kind(
        "page:write_page", "", "makes samples in a browser, from disk too; needs steadygan[onnx]", PAGE_ENDINGS
    ),
}


def kind_named(name: str | None, out: Path | None) -> str:
    """The kind of a name, or else of a file's ending.

    Raises:
        UsageError: for an unknown name, an ending that says another kind, and neither.
    """
    by_ending = {ending: known for known, kind in KINDS.items() for ending in (kind.ending, *kind.whole) if ending}
    ending = "" if out is None else out.suffix.lower()
    if name is None:
        if ending not in by_ending:
            unknown = f"; '{out}' has none of the endings {', '.join(by_ending)}" if ending else ""
            raise UsageError(f"--to is missing: {', '.join(KINDS)}{unknown}")
        return by_ending[ending]
    if name not in KINDS:
        raise unknown_name("kind of export", name, KINDS)
    needed = KINDS[name].ending
    if out is not None and ending not in (needed, *KINDS[name].whole) and (needed or ending in by_ending):
        raise UsageError(f"'{out}' is to be {name}, whose ending is {needed or 'none: it is a folder'}")
    return name


@torch_defaults()
def export_generator(
    run: Run | str | Path,
    path: str | Path,
    *,
    to: str | None = None,
    weights: Weights = "average",
    round_: int | None = None,
    overwrite: bool = False,
) -> ExportFacts:
    """Exports a run's generator: latents in, pixels, numbers or characters out; the same samples as PyTorch's.

    >>> sg.export_generator("runs/wgan-gp-digits", "digits.onnx").parity  # doctest: +SKIP

    Args:
        run: a run, its folder or name
        path: of the file or folder
        to: the kind, 'onnx', 'page', 'pt2', 'safetensors' or 'hub-folder'; None: by the path's ending
        weights: the average of the generator's weights, or the raw ones
        round_: of the checkpoint; None: the last
        overwrite: replaces what stands there

    Returns:
        what the export says of itself

    Raises:
        UsageError: for a path that is taken, a missing package, a generator that cannot be exported, and samples that
            differ from PyTorch's by more than 1e-4 of their range; nothing is written then.
        RunError: if it cannot be written.
    """
    out = Path(path)
    kind = KINDS[kind_named(to, out)]
    (check_output_file if kind.is_file(out) else check_output_folder)(out)
    if not overwrite and (out.exists() or out.is_symlink()):
        raise UsageError(f"'{out}' exists: name another path, or say overwrite=True to replace it")
    if weights not in get_args(Weights):
        raise unknown_name("weights", weights, get_args(Weights))
    return kind.write()(run if isinstance(run, Run) else Run(run), out, weights=weights, round_=round_)


__all__ = ["KINDS", "Kind", "export_generator", "kind_named"]
