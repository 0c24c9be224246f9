"""Fetches the two files of onnxruntime-web that exported pages hold, by npm, into the package.

    python scripts/vendor_onnxruntime_web.py [VERSION]

Prints the hashes that go into ``src/steadygan/export/page/runtime.py``. The licence file there is that of
https://github.com/microsoft/onnxruntime, which the npm package names but does not hold.
"""

from __future__ import annotations

import hashlib
import lzma
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "src" / "steadygan" / "export" / "page" / "vendor"
FILES = {"ort.wasm.min.js": False, "ort-wasm-simd.wasm": True}
"""of the package's dist: True for what is kept compressed"""


def main(version: str) -> None:
    """Writes the files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", f"onnxruntime-web@{version}"], cwd=folder, check=True, capture_output=True)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as package:
            for name, compressed in FILES.items():
                file = package.extractfile(f"package/dist/{name}")
                assert file is not None
                content = file.read()
                print(f'    "{name}": "{hashlib.sha256(content).hexdigest()}",')
                if compressed:
                    content = lzma.compress(content, preset=9 | lzma.PRESET_EXTREME)
                (FOLDER / (name + ".xz" * compressed)).write_bytes(content)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "1.18.0")
