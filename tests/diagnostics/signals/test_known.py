"""What finds a trace must find one."""

from __future__ import annotations

import pytest
import torch

from tests.diagnostics.signals.known import assert_no_trace, samples


def test_a_plain_pass_of_the_delicate_critic_leaves_a_trace() -> None:
    with pytest.raises(AssertionError, match="buffer"):
        assert_no_trace(lambda critic: critic(samples(8, 6)))
    with pytest.raises(AssertionError, match="grad"):
        assert_no_trace(lambda critic: critic[7](samples(8, 8)).sum().backward())
    with pytest.raises(AssertionError, match="mode"):
        assert_no_trace(lambda critic: critic.eval())
    with pytest.raises(AssertionError):
        assert_no_trace(lambda critic: torch.rand(1))
