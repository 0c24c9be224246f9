"""Bounds of YAML that is read from files."""

from __future__ import annotations

import time

import pytest
import yaml

from steadygan.errors import UsageError
from steadygan.system.yaml_text import Dumper, read_yaml

BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)
)
MERGED = "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{<<: [{','.join([f'*a{i - 1}'] * 10)}]}}\n" for i in range(1, 10))


@pytest.mark.parametrize(
    "text",
    {
        "bomb": BOMB,
        "merges": MERGED,
        "in itself": "a: &a [*a]",
        "key in itself": "&a {k: *a}",
        "depth": "a: " + "[" * 100_000,
        "length": "a: " + "x" * 2_000_000,
        "many": "[" + "1," * 50_000 + "]",
        "digits": "a: " + "9" * 400,
        "hexadecimal": "a: 0x" + "f" * 6000,
        "base 60": "a: 1" + ":1" * 100_000,
        "date": "a: 2020-99-99",
        "python": "a: !!python/object/apply:os.system [ls]",
        "key": "? [a]\n: b",
        "merged number": "<<: 5",
        "bool": "a: !!bool x",
        "int": "a: !!int ''",
        "float": "a: !!float x",
        "timestamp": "a: !!timestamp x",
        "omap": "a: !!omap [1]",
        "control": "a: \x07",
    }.items(),
    ids=lambda item: item[0],
)
def test_what_is_out_of_bounds_is_one_line_at_once(text):
    began = time.process_time()
    with pytest.raises(UsageError) as caught:
        read_yaml(text[1], "x.yaml")
    assert time.process_time() - began < 20
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_number_of_many_digits_and_no_exponent_is_read_in_time():
    began = time.process_time()
    assert len(read_yaml("a: " + "9" * 200_000 + "x", "x.yaml")["a"]) == 200_001
    assert time.process_time() - began < 20


def test_aliases_in_bounds_are_read():
    assert read_yaml("a: &a {lr: 1e-4}\nb: *a\nc: {<<: *a, eps: 1.}", "x") == {
        "a": {"lr": 1e-4},
        "b": {"lr": 1e-4},
        "c": {"lr": 1e-4, "eps": 1.0},
    }


@pytest.mark.parametrize(
    ("text", "line"), [("[{kind: R1", 1), ("a: 1\nb: [{kind: R1\n\n", 2), ("a: ]\nb: 1\n", 1), ("a: 1\nb: ]\nc: 2", 2)]
)
def test_a_text_that_ends_too_early_does_so_in_its_last_line(text: str, line: int) -> None:
    with pytest.raises(UsageError, match=f"no valid YAML in line {line}: "):
        read_yaml(text, "it")


def test_half_characters_of_file_names_come_back() -> None:
    text = yaml.dump({"source": "bilder-\udce4", "rate": 1e-4}, Dumper=Dumper)
    assert read_yaml(text, "it") == {"source": "bilder-\udce4", "rate": 1e-4}
    with pytest.raises(UsageError, match="nested more than 100 deep"):
        read_yaml('a: "\\uDCE4"\nb: ' + "[" * 100_000, "it")
    with pytest.raises(UsageError, match="'a' stands twice"):
        read_yaml('a: "\\uDCE4"\na: 1', "it")
