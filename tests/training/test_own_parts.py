"""Parts of the user's own in a training: what a penalty's rule may give, and what an observer need not have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from steadygan.errors import UsageError
from steadygan.penalties import R1
from steadygan.training.observers import tell
from steadygan.training.step.scoring import held_of


class Rule:
    """A penalty of a rule alone."""

    def __init__(self, hold: Callable[[Tensor], Tensor]) -> None:
        self.hold = hold


@pytest.mark.parametrize(
    "hold", [lambda norm: (norm.mean() - 1).square(), lambda norm: (norm - torch.ones(4, 1)).square()]
)
def test_a_rule_that_gives_another_number_of_values_is_refused_in_one_line(hold: Any) -> None:
    with pytest.raises(UsageError, match=r"Rule.hold gave shape .* for \[4\]") as error:
        held_of(Rule(hold), torch.rand(4))  # type: ignore[arg-type]
    assert "\n" not in str(error.value)


def test_a_rule_of_each_sample_and_level_is_taken() -> None:
    for norms in (torch.rand(4), torch.rand(4, 2)):
        assert torch.equal(held_of(R1(2.0), norms), 0.5 * norms.square())
    assert held_of(Rule(lambda norm: norm[:, None]), torch.rand(4)).shape == (4, 1)  # type: ignore[arg-type]


def test_an_observer_hears_of_the_events_that_it_has_methods_for() -> None:
    class Rows:
        def __init__(self) -> None:
            self.rows: list[Any] = []

        def logged(self, row: Any) -> None:
            self.rows.append(row)

    watching: Any = Rows()
    tell([watching], "pictured", object())
    tell([watching], "logged", {"round": 1})
    assert watching.rows == [{"round": 1}]
