"""Range checks: what is taken, what is refused, and the one sentence that says so."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest

from steadygan.checks import (
    above,
    at_least,
    finite,
    literal_fields,
    one_of,
    refused,
    true_or_false,
    whole_fields,
    whole_number,
    within,
)
from steadygan.errors import UsageError

NO_NUMBERS = [math.nan, True, False, "1", None, (1,)]

CHECKS: list[tuple[Callable[[Any], None], list[Any], list[Any], str]] = [
    (
        lambda value: whole_number("batch", value),
        [1, 10**12, np.int64(3)],
        [0, -4, 1.0, 2.5, math.inf, np.float64(2.0)],
        "whole numbers from 1",
    ),
    (lambda value: whole_number("size", value, 2, 4), [2, 4], [1, 5], "whole numbers from 2 to 4"),
    (lambda value: finite("value", value), [0, -1.5, np.float32(0.5)], [math.inf, -math.inf], "finite numbers"),
    (lambda value: at_least("weight", value, 0), [0, 0.0, 1e300], [-1e-9, math.inf], "finite numbers from 0"),
    (lambda value: above("lr", value, 0.5), [0.6, 1], [0.5, 0, math.inf], "finite numbers above 0.5"),
    (lambda value: within("share", value, 0, 1), [0, 0.5, 1], [-0.1, 1.1], "numbers from 0 to 1"),
    (
        lambda value: within("share", value, 0, 1, open_low=True),
        [1e-9, 1],
        [0, 0.0, 1.1],
        "numbers above 0, up to 1",
    ),
    (lambda value: within("decay", value, 0, 1, open_high=True), [0, 0.999], [-0.1, 1], "numbers from 0, below 1"),
    (
        lambda value: within("target", value, -1, 1, open_low=True, open_high=True),
        [0, -0.9],
        [-1, 1],
        "numbers above -1, below 1",
    ),
    (lambda value: within("half_life", value, 0, math.inf), [0, math.inf], [-1, -math.inf], "numbers from 0 to inf"),
]


@pytest.mark.parametrize(("check", "taken", "out", "allowed"), CHECKS)
def test_a_range_takes_what_lies_in_it_and_refuses_the_rest(
    check: Callable[[Any], None], taken: list[Any], out: list[Any], allowed: str
) -> None:
    for value in taken:
        check(value)
    for value in [*out, *NO_NUMBERS]:
        with pytest.raises(UsageError) as error:
            check(value)
        assert str(error.value).endswith(f"; allowed: {allowed}")


@pytest.mark.parametrize("check", [whole_number, at_least, above])
def test_none_is_taken_only_where_it_is_allowed(check: Callable[..., None]) -> None:
    check("group", None, 2, or_none=True)
    with pytest.raises(UsageError, match=r"^group is None; allowed: [a-z ]+ 2$"):
        check("group", None, 2)
    with pytest.raises(UsageError, match=r"^group is 1; allowed: [a-z ]+ 2, or null \(the whole batch\)$"):
        check("group", 1, 2, or_none=True, note="the whole batch")


def test_a_share_may_be_none() -> None:
    within("ramp", None, 0, 1, or_none=True)
    with pytest.raises(UsageError, match=r"^ramp is 2; allowed: numbers from 0 to 1, or null$"):
        within("ramp", 2, 0, 1, or_none=True)


def test_a_word_is_refused_with_the_nearest_one() -> None:
    one_of("norm", "batch", ("batch", "layer"))
    with pytest.raises(UsageError) as error:
        one_of("norm", "bach", ("batch", "layer"))
    assert str(error.value) == "norm is 'bach'; allowed: batch, layer; did you mean 'batch'?"
    with pytest.raises(UsageError, match=r"^norm is 3; allowed: batch, layer$"):
        one_of("norm", 3, ("batch", "layer"))
    with pytest.raises(UsageError, match=r"^pixels is 5; allowed: 4, 8 \(of a map\)$"):
        one_of("pixels", 5, (4, 8), note="of a map")


def test_only_booleans_are_true_or_false() -> None:
    true_or_false("flip", True)
    for value in (1, 0, "true", None, np.True_):
        with pytest.raises(UsageError, match=r"^flip is .*; allowed: true, false$"):
            true_or_false("flip", value)


def test_a_value_is_shown_as_a_person_writes_it() -> None:
    assert str(refused("lr", np.float64(-0.5), "more")) == "lr is -0.5; allowed: more"
    assert str(refused("source", "", "a path")) == "source is ''; allowed: a path"


Norm = Literal["batch", "none"]


@dataclass(frozen=True)
class Spec:
    width: Any = 1
    depth: Any = 1
    norm: Any = "none"

    def __post_init__(self) -> None:
        whole_fields(self, "width")
        whole_fields(self, "depth", least=0)
        literal_fields(self, norm=Norm)


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"width": 0}, "Spec.width is 0; allowed: whole numbers from 1"),
        ({"depth": -1}, "Spec.depth is -1; allowed: whole numbers from 0"),
        ({"norm": "bath"}, "Spec.norm is 'bath'; allowed: batch, none; did you mean 'batch'?"),
    ],
)
def test_fields_of_a_spec_are_named_with_it(fields: dict[str, Any], line: str) -> None:
    Spec(width=3, depth=0, norm="batch")
    with pytest.raises(UsageError) as error:
        Spec(**fields)
    assert str(error.value) == line
