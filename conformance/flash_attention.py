"""flash-attn 2 without a card: what its autograd functions and its extension allocate, under the names that transformers imports.

Source: flash-attn 2.8.3 flash_attn/flash_attn_interface.py, csrc/flash_attn/flash_api.cpp (`mha_fwd`, `mha_varlen_fwd`, `mha_bwd`,
`mha_varlen_bwd`). Not seen: the split over keys of few short sequences, which wants partial outputs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from unittest import mock

import cuda_semantics
import torch
from transformers import modeling_flash_attention_utils as utils

if TYPE_CHECKING:
    from training import Training

BLOCK = 128


def kept(*states: torch.Tensor) -> list[torch.Tensor]:
    return [x if x.stride(-1) == 1 else x.contiguous() for x in states]


class FlashAttention(torch.autograd.Function):
    """(b, s, heads, d), or (tokens, heads, d) with the places where sequences start."""

    @staticmethod
    def forward(ctx: Any, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, starts: torch.Tensor | None, is_grad: bool) -> torch.Tensor:
        q, k, v = kept(q, k, v)
        out = torch.empty_like(q)
        shape = (q.shape[1], q.shape[0]) if starts is not None else (q.shape[0], q.shape[2], q.shape[1])
        lse = torch.empty(shape, dtype=torch.float32)
        rng_state = torch.empty(2, dtype=torch.int64)
        if is_grad:
            ctx.save_for_backward(q, k, v, out, lse, *(() if starts is None else (starts, starts)), rng_state)
        ctx.count = 1 if starts is None else starts.numel() - 1
        ctx.is_packed = starts is not None
        return out

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> Any:
        q, k, v, *_ = ctx.saved_tensors
        dq, dk, dv = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
        (gradient,) = kept(gradient)
        heads, dim = q.shape[-2:]
        unit = 32 if dim <= 128 else 64
        width = -(-dim // unit) * unit
        if ctx.is_packed:
            rows = q.shape[0] + BLOCK * ctx.count
            sums = torch.empty(heads, rows, dtype=torch.float32)
            accumulator = torch.empty(rows, heads, width, dtype=torch.float32)
        else:
            rows = -(-q.shape[1] // BLOCK) * BLOCK
            sums = torch.empty(q.shape[0], heads, rows, dtype=torch.float32)
            accumulator = torch.empty(q.shape[0], rows, heads, width, dtype=torch.float32)
        wide = [torch.empty(*x.shape[:-2], heads, dim, dtype=x.dtype) for x in (k, v) if k.shape[-2] != heads]
        del wide, accumulator, sums
        return dq, dk, dv, None, None


def flash_attn_func(q, k, v, dropout_p=0.0, softmax_scale=None, causal=False, window_size=(-1, -1), softcap=0.0, deterministic=False):
    return FlashAttention.apply(q, k, v, None, needs_gradient(q, k, v))


def flash_attn_varlen_func(
    q, k, v, cu_seqlens_q, cu_seqlens_k, max_seqlen_q, max_seqlen_k, dropout_p=0.0, softmax_scale=None, causal=False, window_size=(-1, -1), softcap=0.0,
    deterministic=False,
):  # fmt: skip
    return FlashAttention.apply(q, k, v, cu_seqlens_q, needs_gradient(q, k, v))


def needs_gradient(*states: torch.Tensor) -> bool:
    return torch.is_grad_enabled() and any(x.requires_grad for x in states)


class Answer:
    """What a tensor says that was read, and the tensor, which its name keeps."""

    def __init__(self, tensor: torch.Tensor, says: bool) -> None:
        self.tensor, self.says = tensor, says

    def __bool__(self) -> bool:
        return self.says


def answering(ask: Any, says: bool) -> Any:
    """`_is_packed_sequence`, whose tensors are made as they are, and whose answer is known."""

    def run(*args: Any, **kwargs: Any) -> Any:
        found = ask(*args, **kwargs)
        return Answer(found, says) if isinstance(found, torch.Tensor) else found

    return run


@contextlib.contextmanager
def installed(training: Training) -> Iterator[None]:
    """transformers finds these where it looks for flash-attn."""
    starts = training.found_starts
    found = flash_attn_func, flash_attn_varlen_func, None, utils._pad_input, utils._unpad_input
    with (
        mock.patch.object(utils, "_lazy_imports", lambda *_, **__: found),
        mock.patch.object(utils, "_loaded_implementation", None),
        mock.patch.object(utils, "_is_packed_sequence", answering(utils._is_packed_sequence, training.packed_sequences > 0)),
        mock.patch.object(cuda_semantics, "truths", (lambda _: starts) if starts else cuda_semantics.truths),
    ):
        yield


def switch_on(model: torch.nn.Module) -> None:
    """`attn_implementation="flash_attention_2"` of a model that was built with another one."""
    for module in model.modules():
        if hasattr(config := getattr(module, "config", None), "_attn_implementation"):
            config._attn_implementation = "flash_attention_2"
