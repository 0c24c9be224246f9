"""Formats of pictures: those of Pillow, and of packages that teach it more, such as pillow-heif."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from types import ModuleType

from PIL import Image

_FIRST = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")  # tried in this order: some others are slow to refuse
_NOT_PICTURES = {"BUFR", "EPS", "GRIB", "HDF5", "IPTC", "MPEG", "WMF"}  # EPS and WMF would start other programs
PLUGINS = {".heic": "pillow-heif", ".heif": "pillow-heif", ".jxl": "pillow-jxl-plugin"}
"""suffixes that are counted as pictures, and the package that reads them"""
_PACKAGES: dict[str, Callable[[ModuleType], None]] = {
    "pillow_heif": lambda module: module.register_heif_opener(),
    "pillow_jxl": lambda module: None,  # importing it is enough
}


@cache
def load_formats() -> None:
    """Has Pillow know all its formats, and those of the packages of ``PLUGINS`` that are installed."""
    Image.init()
    for name, register in _PACKAGES.items():
        with suppress(Exception):  # one that does not go with this Pillow
            if importlib.util.find_spec(name) is not None:
                register(importlib.import_module(name))


def picture_formats() -> tuple[str, ...]:
    """The formats that may be opened, the usual ones first."""
    load_formats()
    return _formats(tuple(Image.OPEN))


def picture_suffixes() -> frozenset[str]:
    """File name suffixes of pictures, such as '.jpg', in lower case."""
    return _suffixes(picture_formats())


def formats_key() -> str:
    """A hash of what can be opened: what was unreadable may be read with more formats."""
    return hashlib.blake2b("\0".join(sorted(picture_formats())).encode(), digest_size=4).hexdigest()


def known_elsewhere() -> bool:
    """True if other processes know all formats too: none was registered by the caller's own program."""
    load_formats()
    modules = (factory.__module__.partition(".")[0] for factory, _ in Image.OPEN.values())
    return all(module in ("PIL", *_PACKAGES) for module in modules)


@cache
def _formats(known: tuple[str, ...]) -> tuple[str, ...]:
    others = sorted(name for name in known if name not in (*_FIRST, *_NOT_PICTURES))
    return (*(name for name in _FIRST if name in known), *others)


@cache
def _suffixes(formats: tuple[str, ...]) -> frozenset[str]:
    known = {suffix for suffix, name in Image.registered_extensions().items() if name in formats}
    return frozenset(known | PLUGINS.keys())
