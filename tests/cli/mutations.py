"""Random damage of files: bits, cuts, other types, nulls, renamed keys, huge numbers, foreign text."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

TEXTS = ("", "x", "NaN", "²", "\x1b[2J")
VALUES: tuple[Any, ...] = (*TEXTS, None, -1, 0, 1.5, True, [], {}, [1, "a"], {"a": None}, 10**30, 1e308)
LINES = (b"null", b"[]", b"{", b"\xff\xfe", b'{"round": "a"}', b'{"round": 1e3}', b'{"round": ' + b"9" * 400 + b"}")
INSERTED = (b"\0", b"\n", b"[" * 5000, b"\xff", b"*a", b"&a", b"9" * 500)


def mutate(content: bytes, chance: random.Random) -> bytes:
    """The content with one kind of damage."""
    kind = chance.choice(("bit", "bits", "cut", "insert", "empty", "structure", "structure", "structure", "lines"))
    if kind == "structure":
        return _structure(content, chance)
    changed = bytearray(content)
    place = chance.randrange(max(1, len(content)))
    if kind in ("bit", "bits"):
        for _ in range(1 if kind == "bit" else 20):
            if changed:
                changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        return bytes(changed)
    if kind == "cut":
        return content[:place]
    if kind == "insert":
        return content[:place] + chance.choice(INSERTED) + content[place:]
    if kind == "lines":
        lines = content.split(b"\n")
        lines[chance.randrange(len(lines))] = chance.choice(LINES)
        return b"\n".join(lines)
    return b""


def _structure(content: bytes, chance: random.Random) -> bytes:
    """A JSON value, a line of JSON, or YAML with one part changed; other content with a bit flipped."""
    import yaml

    try:
        text = content.decode()
        lines = text.splitlines()
        for load, dump, parts in (
            (json.loads, json.dumps, [text]),
            (json.loads, json.dumps, lines),
            (yaml.safe_load, lambda value: yaml.safe_dump(value, sort_keys=False), [text]),
        ):
            index = chance.randrange(len(parts))
            try:
                value = load(parts[index])
            except ValueError:
                continue
            if not isinstance(value, dict | list):
                continue
            parts[index] = dump(_changed(value, chance))
            return ("\n".join(parts) + "\n").encode()
    except (UnicodeDecodeError, ValueError, yaml.YAMLError, IndexError):
        pass
    return content[: len(content) // 2] + b"\x80" + content[len(content) // 2 :]


def _changed(value: Any, chance: random.Random) -> Any:
    """The value with one part of it replaced, removed or renamed."""
    inside = list(value) if isinstance(value, dict) else list(range(len(value)))
    if not inside:
        return chance.choice(VALUES)
    key = chance.choice(inside)
    if isinstance(value[key], dict | list) and chance.random() < 0.6:
        value[key] = _changed(value[key], chance)
    elif isinstance(value, dict) and chance.random() < 0.3:
        value[f"{key}x"] = value.pop(key)
    elif chance.random() < 0.2:
        del value[key]
    else:
        value[key] = chance.choice(VALUES)
    return value


def damaged(folder: Path, chance: random.Random) -> str:
    """Damages one file of a run; returns what."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    path = chance.choice(files)
    content = path.read_bytes()
    path.write_bytes(mutate(content, chance))
    return str(path.relative_to(folder))
