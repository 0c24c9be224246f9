"""Writes the page: a folder with ``index.html``, or one HTML file, that opens from disk and from any static host.

A browser refuses ``fetch`` and modules of local files, so the model and the runtime are base64 in plain scripts.
"""

from __future__ import annotations

import base64
import json
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from steadygan.export.facts import ExportFacts, facts_of
from steadygan.export.generator import exportable
from steadygan.export.kinds import PAGE_ENDINGS
from steadygan.export.onnx import need_packages, onnx_bytes
from steadygan.export.page.contents import contents, data_name, kind_of
from steadygan.export.page.runtime import VERSION, Runtime, read_runtime
from steadygan.system import progress
from steadygan.system.escapes import page_text, storable_tree
from steadygan.system.files import written_aside
from steadygan.system.page_template import page_template
from steadygan.system.words import byte_size

if TYPE_CHECKING:
    from steadygan.run import Run, Weights

SCRIPTS = ("latents.js", "engine.js", "draw.js", "page.js", "controls.js", "address.js", "start.js")
NOUNS = {"image": "picture", "points": "point", "text": "line"}


def write_page(run: Run, path: Path, *, weights: Weights = "average", round_: int | None = None) -> ExportFacts:
    """Writes a page that draws new samples of a run in the browser, atomically.

    Args:
        run: with pictures, points of two numbers or text
        path: a folder, or a file that ends in .html or .htm, which then holds everything; what is there is replaced
        weights: the average of the generator's weights, or the raw ones
        round_: of the checkpoint; None: the last

    Returns:
        what the model inside says of itself

    Raises:
        UsageError: as ``write_onnx``, for samples that a page cannot show, and for a model that is too large for one.
        RunError: if it cannot be written.
    """
    kind_of(run)
    need_packages()
    round_ = run.rounds_done if round_ is None else round_
    module = exportable(run, weights, round_)
    facts = facts_of(run, truncates=module.truncates, weights=weights, round_=round_)
    model, facts = onnx_bytes(run, module, facts)
    generator = contents(run, module, model, described(run, facts, model))
    progress.tell("writing the page")
    whole = path.suffix.lower() in PAGE_ENDINGS
    files = page_files(run, generator, read_runtime(), whole=whole)
    with written_aside(path) as aside:
        if whole:
            aside.write_bytes(files["index.html"].encode())
        else:
            aside.mkdir()
            for name, text in files.items():
                (aside / name).write_bytes(text.encode())
    return facts


def described(run: Run, facts: ExportFacts, model: bytes) -> list[tuple[str, str]]:
    """Lines about the generator, for people."""
    versions = ", ".join(f"{name} {version}" for name, version in facts.versions.items())
    return [
        ("recipe", facts.recipe),
        ("trained on", data_name(run)),
        ("round", f"{facts.round:,}"),
        ("latent", f"{facts.latent_size} numbers, {facts.prior['name']}"),
        ("model", f"ONNX, opset {facts.opset}, {byte_size(len(model))}"),
        ("versions", versions),
    ]


def page_files(run: Run, generator: dict[str, Any], runtime: Runtime, *, whole: bool) -> dict[str, str]:
    """The text of each file by its name; ``whole``: all in index.html."""
    folder = resources.files("steadygan.export.page")
    values = {
        "model.js": _constant("GENERATOR", generator),
        "runtime.js": _constant("RUNTIME", {"code": runtime.code, "wasm": base64.b64encode(runtime.wasm).decode()}),
    }
    scripts = [_script(text) if whole else Markup(f'<script src="{name}"></script>') for name, text in values.items()]
    scripts += [_script(folder.joinpath(name).read_text(encoding="utf-8")) for name in SCRIPTS]
    index = page_template("steadygan.export.page", "index.html").render(
        title=f"New {NOUNS[generator['kind']]}s like {data_name(run)}",
        description="Your browser draws random numbers, and a generator that was trained with steadygan makes "
        f"{NOUNS[generator['kind']]}s of them.",
        kind=generator["kind"],
        style=Markup(folder.joinpath("page.css").read_text(encoding="utf-8")),
        scripts=scripts,
        runtime=VERSION,
        licence=runtime.licence,
    )
    files = {"index.html": page_text(index)}
    return files if whole else {**files, **values}


def _script(text: str) -> Markup:
    return Markup(f"<script>\n{text.strip()}\n</script>")


def _constant(name: str, value: Any) -> str:
    """A script that defines a constant; no text in it ends the script, or begins a comment of HTML."""
    text = json.dumps(storable_tree(value), ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    return f'"use strict";\nconst {name} = {text};\n'
