"""onnxruntime-web, which runs the generator in the browser: two files of its npm package, kept in this one.

Version 1.18.0 is the last with a build for one thread. Later ones have shared memory alone, of which iPhones before
iOS 18 give a page none. Its wasm takes 10.6 MB, 1.7 MB here (xz), and 2.8 MB in a page (gzip, before base64).
``scripts/vendor_onnxruntime_web.py`` fetches the files anew.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import lzma
from dataclasses import dataclass
from importlib import resources

from steadygan.errors import RunError

VERSION = "1.18.0"
CODE, WASM, LICENCE = "ort.wasm.min.js", "ort-wasm-simd.wasm.xz", "LICENSE"
"""the files' names in the folder ``vendor``"""
SHA256 = {
    "ort.wasm.min.js": "90533a3fd7006df7f897c0d63c468996da5c8e430e39964d92ebe586c4996614",
    "ort-wasm-simd.wasm": "f533b5f21790563d7556c611c3835ac65848ee326da2689aac54ed7d9cc8c6a4",
}
"""of the files of the npm package"""


@dataclass(frozen=True)
class Runtime:
    """What a page needs to run an ONNX model."""

    code: str
    """JavaScript that defines ``ort``"""
    wasm: bytes
    """of gzip"""
    licence: str


@functools.cache
def read_runtime() -> Runtime:
    """The runtime of this package.

    Raises:
        RunError: if a file is not that of the npm package.
    """
    folder = resources.files("steadygan.export.page").joinpath("vendor")
    code = folder.joinpath(CODE).read_bytes()
    wasm = lzma.decompress(folder.joinpath(WASM).read_bytes())
    for name, content in (("ort.wasm.min.js", code), ("ort-wasm-simd.wasm", wasm)):
        if hashlib.sha256(content).hexdigest() != SHA256[name]:
            raise RunError(f"steadygan's copy of {name} (onnxruntime-web {VERSION}) is damaged: install steadygan anew")
    return Runtime(code.decode(), gzip.compress(wasm, 9, mtime=0), folder.joinpath(LICENCE).read_text("utf-8"))
