"""Critics whose usual kernels are differentiable once: attention, recurrent layers, compiled modules."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention

from steadygan.penalties import gradient_norm_at, gradient_penalty, on_real, r1_penalty, second_derivatives
from tests.penalties.critics import batch, smooth_mlp


class Attention(nn.Module):
    """Attention written out, or by torch's function."""

    def __init__(self, written_out: bool) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.written_out = written_out
        self.project, self.head = nn.Linear(6, 18), nn.Linear(6, 1)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (part[:, None] for part in self.project(x).chunk(3, -1))
        if self.written_out:
            attended = (query @ key.transpose(-1, -2) / 6**0.5).softmax(-1) @ value
        else:
            attended = scaled_dot_product_attention(query, key, value)
        return self.head(attended[:, 0].mean(1))


class Recurrent(nn.Module):
    def __init__(self, kind: type[nn.RNNBase]) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.layer, self.head = kind(6, 5, batch_first=True), nn.Linear(5, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layer(x)[0][:, -1])


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.layers = nn.TransformerEncoder(nn.TransformerEncoderLayer(6, 2, 8, 0.0, batch_first=True), 2)
        self.head = nn.Linear(6, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layers(x).mean(1))


def gradients(critic: Callable[[Tensor], Tensor], module: nn.Module, samples: Tensor) -> list[Tensor]:
    module.zero_grad()
    r1_penalty(critic, samples).backward()
    return [parameter.grad.clone() for parameter in module.parameters()]


def assert_close(found: list[Tensor], right: list[Tensor], tolerance: float) -> None:
    scale = max(float(gradient.norm()) for gradient in right)
    assert scale > 0
    for one, other in zip(found, right, strict=True):
        assert float((one.double() - other.double()).norm()) <= tolerance * scale


def test_fused_attention_has_the_gradients_of_attention_written_out() -> None:
    samples = torch.randn(3, 5, 6)
    fused, written = Attention(False), Attention(True).double()
    assert_close(gradients(fused, fused, samples), gradients(written, written, samples.double()), 1e-5)
    penalty = gradient_penalty(lambda x: (fused(x), x), samples, samples, at=on_real)
    penalty.backward()


@pytest.mark.parametrize("evaluating", [False, True])
def test_a_transformer_encoder_has_the_gradients_of_float64(evaluating: bool) -> None:
    critic, samples = Encoder().train(not evaluating), torch.randn(3, 5, 6)
    wide = copy.deepcopy(critic).double()
    assert_close(gradients(critic, critic, samples), gradients(wide, wide, samples.double()), 1e-4)
    with torch.no_grad():
        found = gradient_norm_at(critic, samples)
    torch.testing.assert_close(found.double(), gradient_norm_at(wide, samples.double()).detach(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_recurrent_critics_have_the_gradients_of_differences_in_float64(kind: type[nn.RNNBase]) -> None:
    critic, samples = Recurrent(kind).double(), batch(3, 4, 6)
    weight, step = critic.layer.weight_hh_l0, 1e-6
    found = gradients(critic, critic, samples)[1]
    for i, j in ((0, 0), (3, 2)):
        values = []
        for sign in (1.0, -1.0):
            with torch.no_grad():
                weight[i, j] += sign * step
                values.append(r1_penalty(critic, samples).item())
                weight[i, j] -= sign * step
        assert found[i, j].item() == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-5, abs=1e-9)
    narrow = copy.deepcopy(critic).float()
    assert_close(gradients(narrow, narrow, samples.float()), gradients(critic, critic, samples), 1e-5)


def test_recurrent_layers_run_without_cudnn_and_everything_else_with_it() -> None:
    seen: dict[str, bool] = {}

    class Watching(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            seen[func.__name__] = torch.backends.cudnn.enabled
            return func(*args, **(kwargs or {}))

    before = torch.backends.cudnn.enabled
    with Watching(), second_derivatives.PlainRecurrence():
        nn.Sequential(nn.Conv1d(4, 6, 1))(torch.randn(2, 4, 6))
        for kind in (nn.LSTM, nn.GRU, nn.RNN):
            Recurrent(kind)(torch.randn(2, 4, 6))
    assert {name: seen[name] for name in ("conv1d", "lstm", "gru", "rnn_tanh", "linear")} == {
        "conv1d": before, "lstm": False, "gru": False, "rnn_tanh": False, "linear": before
    }  # fmt: skip
    assert torch.backends.cudnn.enabled == before


def test_settings_of_kernels_come_back_after_a_penalty_also_after_an_error() -> None:
    def flags() -> tuple[bool, ...]:
        cuda = torch.backends.cuda
        return cuda.flash_sdp_enabled(), cuda.mem_efficient_sdp_enabled(), cuda.math_sdp_enabled()

    before, samples = flags(), torch.randn(3, 5, 6)
    r1_penalty(Attention(False), samples)
    with pytest.raises(ValueError):
        r1_penalty(lambda x: x, samples)
    assert flags() == before
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
        within = flags()
        r1_penalty(Attention(False), samples)
        assert flags() == within != before


class Nested(nn.Module):
    """Only the layers inside are compiled."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = torch.compile(inner, backend="aot_eager")

    def forward(self, x: Tensor) -> Tensor:
        return 2.0 * self.inner(x)


@pytest.mark.parametrize("form", ["module", "in place", "function", "closure", "nested"])
def test_compiled_critics_have_the_gradients_of_the_uncompiled_ones(form: str) -> None:
    plain, samples = smooth_mlp().float(), torch.randn(4, 3)
    right = [2.0 ** (2 * (form == "nested")) * gradient for gradient in gradients(plain, plain, samples)]
    compiled = torch.compile(plain, backend="aot_eager")
    in_place = copy.deepcopy(plain)
    in_place.compile(backend="aot_eager")
    function = torch.compile(lambda x: plain(x), backend="aot_eager")
    critic, module = {
        "module": (compiled, plain),
        "in place": (in_place, in_place),
        "function": (function, plain),
        "closure": (lambda x: [compiled(x)], plain),
        "nested": (Nested(plain), plain),
    }[form]
    before = critic(samples)  # compiled once, as the loss does
    assert_close(gradients(critic, module, samples), right, 1e-6)
    after = critic(samples)
    assert type(_score(after).grad_fn) is type(_score(before).grad_fn)  # the loss goes on compiled


def _score(output: Tensor | list[Tensor]) -> Tensor:
    return output[0] if isinstance(output, list) else output


def test_penalties_inside_a_compiled_step_take_maps_scales_and_attention() -> None:
    attention, samples = Attention(False), torch.randn(3, 5, 6)

    def critic(x: Tensor) -> list[Tensor]:
        return [attention(x), x.square().reshape(3, 1, 5, 6)]

    def penalty(x: Tensor) -> Tensor:
        return gradient_penalty(critic, x, 0.5 * x)  # at points between, whose eps is drawn in the graph

    torch.manual_seed(1)
    eager = penalty(samples)
    eager.backward()
    right = [parameter.grad.clone() for parameter in attention.parameters()]
    attention.zero_grad()
    step = torch.compile(penalty, backend="aot_eager", fullgraph=True)
    torch.manual_seed(1)
    compiled = step(samples)
    compiled.backward()
    assert compiled.item() == pytest.approx(eager.item(), rel=1e-5)
    assert_close([parameter.grad for parameter in attention.parameters()], right, 1e-5)


def test_checkpointed_critics_have_the_same_gradients() -> None:
    from torch.utils.checkpoint import checkpoint

    critic, samples = smooth_mlp(), batch(4, 3)
    found = gradients(lambda x: checkpoint(critic, x, use_reentrant=False), critic, samples)
    assert_close(found, gradients(critic, critic, samples), 1e-12)


class OnceDifferentiable(torch.autograd.Function):
    """Stands for a recorded graph, which torch names so."""

    @staticmethod
    def forward(ctx, x):
        return 2.0 * x

    @staticmethod
    def backward(ctx, gradient):
        return 2.0 * gradient


@pytest.mark.parametrize("name", ["Graphed", "CompiledFunction"])
def test_a_critic_without_a_second_derivative_is_refused_at_the_call(name: str) -> None:
    recorded = type(name, (OnceDifferentiable,), {})
    critic = smooth_mlp()
    with pytest.raises(ValueError, match="before to the penalty") as error:
        r1_penalty(lambda x: recorded.apply(critic(x)), batch(4, 3))
    assert "\n" not in str(error.value)


class Cube(torch.autograd.Function):
    """Its derivative is computed once, without a graph."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        return 3.0 * ctx.saved_tensors[0] ** 2 * gradient


class WrappedCube(Cube):
    """With another wrapper around that of ``once_differentiable``."""

    backward = staticmethod(functools.wraps(Cube.backward)(lambda ctx, gradient: Cube.backward(ctx, gradient)))


@pytest.mark.parametrize("function", [Cube, WrappedCube])
@pytest.mark.parametrize("place", ["input", "hidden", "score"])
def test_functions_marked_as_once_differentiable_are_refused_at_the_call(function, place) -> None:
    network = smooth_mlp()
    critics = {
        "input": lambda x: network(function.apply(x)),
        "hidden": lambda x: network(x + function.apply(network(x))),
        "score": lambda x: function.apply(network(x)),
    }
    with pytest.raises(ValueError, match=f"the backward of {function.__name__} is marked as once_diff") as error:
        r1_penalty(critics[place], batch(4, 3))
    assert "\n" not in str(error.value)
    with torch.no_grad():  # a value needs no second derivative
        r1_penalty(critics[place], batch(4, 3))


def test_weights_of_once_differentiable_functions_have_their_gradients() -> None:
    """D(x) = x w^3: the penalty |w^3|^2 has the gradient 6 w^5."""
    weight = torch.tensor([2.0, -1.0], dtype=torch.float64, requires_grad=True)
    r1_penalty(lambda x: x @ Cube.apply(weight), batch(4, 2), gamma=2.0).backward()
    torch.testing.assert_close(weight.grad, 6 * weight.detach() ** 5)


def test_an_operation_without_a_second_derivative_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    fused = Attention(False)
    monkeypatch.setattr(second_derivatives, "plain_attention", lambda: sdpa_kernel(SDPBackend.FLASH_ATTENTION))
    with pytest.raises(ValueError, match=r"no second derivative.*scaled_dot_product"):
        r1_penalty(fused, torch.randn(3, 5, 6))
