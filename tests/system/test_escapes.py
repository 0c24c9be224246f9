"""Names as they are printed and stored."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from steadygan.system.escapes import escaped, storable, storable_tree
from steadygan.system.files import to_json
from steadygan.system.json_text import parse_json


def test_control_codes_marks_of_direction_and_bytes_that_are_no_utf8_are_escaped() -> None:
    assert escaped("\x1b]0;x\x07") == r"\x1b]0;x\x07"
    assert escaped("a\u202eb\U000e0001") == r"a\u202eb\U000e0001"
    assert escaped(b"bilder-\xe4".decode("utf-8", "surrogateescape")) == r"bilder-\xe4"
    assert escaped("Ünï cödé 猫") == "Ünï cödé 猫"


@given(st.binary(max_size=20))
def test_any_file_name_can_be_printed_and_stored(raw: bytes) -> None:
    name = raw.decode("utf-8", "surrogateescape")
    assert escaped(name).isprintable()
    storable(name).encode()


def test_json_of_any_name_can_be_written_and_read() -> None:
    name = b"\xe4".decode("utf-8", "surrogateescape")
    written = to_json({"source": name, "classes": [(name, 3)], "text": "a\tb"})
    assert parse_json(written.encode()) == {"source": r"\xe4", "classes": [[r"\xe4", 3]], "text": "a\tb"}
    assert json.loads(written)["source"] == r"\xe4"
    assert storable_tree({name: None}) == {r"\xe4": None}
