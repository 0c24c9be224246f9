"""Small data files of every format that is read, for trials that damage them."""

from __future__ import annotations

import gzip
import io
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_COUNT = 40
_SUFFIXES = ("png", "jpg", "gif", "webp", "tiff", "bmp", "ppm", "tga", "jp2", "ico", "pcx", "sgi", "dds")


def _pixels() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (_COUNT, 8, 8, 3), dtype=np.uint8)


def _labels() -> NDArray[np.int64]:
    return np.arange(_COUNT) % 2


def _npz(folder: Path) -> str:
    np.savez(folder / "a.npz", images=_pixels(), labels=_labels())
    return "a.npz"


def _npz_packed(folder: Path) -> str:
    names = np.array(["one", "two"])[_labels()]
    scaled = _pixels() / np.float32(255)
    np.savez_compressed(folder / "p.npz", x_train=scaled, y_train=names, x_test=1 - scaled[:8])
    return "p.npz"


def _npy(folder: Path) -> str:
    np.save(folder / "a.npy", np.asfortranarray(_pixels()))
    return "a.npy"


def _idx(folder: Path, packed: bool = False) -> str:
    for split, channel in (("train", 0), ("t10k", 1)):
        grey = _pixels()[..., channel]
        for name, head, content in (
            ("images-idx3-ubyte", struct.pack(">BBBBIII", 0, 0, 8, 3, *grey.shape), grey.tobytes()),
            ("labels-idx1-ubyte", struct.pack(">BBBBI", 0, 0, 8, 1, _COUNT), _labels().astype(np.uint8).tobytes()),
        ):
            raw = head + content
            path = folder / f"{split}-{name}{'.gz' if packed else ''}"
            path.write_bytes(gzip.compress(raw, mtime=0) if packed else raw)
    return "."


def _text(folder: Path, packed: bool = False) -> str:
    raw = "".join(f"line {number} of Ünïcödé text\n" for number in range(60)).encode()
    (folder / f"a.txt{'.gz' if packed else ''}").write_bytes(gzip.compress(raw, mtime=0) if packed else raw)
    return f"a.txt{'.gz' if packed else ''}"


def _encoded(suffix: str, pixels: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    Image.init()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, Image.registered_extensions()[f".{suffix}"])
    return file.getvalue()


def write_folder(folder: Path, suffix: str = "png") -> str:
    """Writes a folder of pictures in two classes; the source to name."""
    for number, pixels in enumerate(_pixels()):
        inside = folder / ("b" if number % 2 else "a")
        inside.mkdir(exist_ok=True)
        (inside / f"{number:02d}.{suffix}").write_bytes(_encoded(suffix, pixels))
    return "."


def _parquet(folder: Path, nested: bool = True) -> str:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pictures: list[Any] = [_encoded("png", pixels) for pixels in _pixels()]
    if nested:
        pictures = [{"bytes": content, "path": None} for content in pictures]
    table = pa.table({"image": pictures, "label": _labels()})
    features = (
        b'{"info": {"features": {"image": {"_type": "Image"}, "label": {"names": ["a", "b"], "_type": "ClassLabel"}}}}'
    )
    if nested:
        table = table.replace_schema_metadata({b"huggingface": features})
    pq.write_table(table, folder / "a.parquet", row_group_size=10)
    return "a.parquet"


def _csv(folder: Path) -> str:
    lines = ["height,width,label", *(f"{number / 7:.6f},{number * number},{'ab'[number % 2]}" for number in range(60))]
    (folder / "a.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return "a.csv"


def _signals(folder: Path) -> str:
    np.savez(folder / "s.npz", signals=np.random.default_rng(0).normal(size=(_COUNT, 2, 32)), labels=_labels())
    return "s.npz"


def _arrays(folder: Path) -> str:
    for number, signal in enumerate(np.random.default_rng(0).normal(size=(20, 2, 32))):
        np.save(folder / f"{number:02d}.npy", signal)
    return "."


def _labelled(folder: Path) -> str:
    write_folder(folder)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    content = {"labels": [[name, number % 3] for number, name in enumerate(names)]}
    (folder / "dataset.json").write_text(json.dumps(content), encoding="utf-8")
    return "."


FORMATS: dict[str, Callable[[Path], str]] = {
    "npz": _npz,
    "packed npz": _npz_packed,
    "npy": _npy,
    "idx": _idx,
    "packed idx": lambda folder: _idx(folder, packed=True),
    "text": _text,
    "packed text": lambda folder: _text(folder, packed=True),
    "csv": _csv,
    "signals": _signals,
    "folder of npy": _arrays,
    "dataset.json": _labelled,
    "folder": write_folder,
    "parquet": _parquet,
    "plain parquet": lambda folder: _parquet(folder, nested=False),
}
"""by name, a function that writes the files of a format into a folder and returns the source to name"""


def picture_suffixes() -> list[str]:
    """The suffixes of pictures that Pillow can write here."""
    known = []
    for suffix in _SUFFIXES:
        try:
            _encoded(suffix, _pixels()[0])
        except Exception:  # a codec that this Pillow was built without
            continue
        known.append(suffix)
    return known
