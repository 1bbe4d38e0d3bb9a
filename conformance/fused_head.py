"""TRL's fused head (TRL 1.15 and later) on fake tensors: its own Python, its Triton kernels launched into nothing.

`add(model, outputs)` gives a model the head as the trainers do. On a CPU TRL takes other paths than on a card, so these are
answered as on one: `_use_triton` is true (only labelled positions are scored), a kernel fills what it is given and
allocates nothing, and `addmm(…, out_dtype=float32, out=acc)` adds in place where 16-bit tiles are multiplied.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest import mock

import torch
from peft.tuners.tuners_utils import BaseTunerLayer
from trl.kernels import chunked_logprob
from trl.trainer import utils

SFT_OUTPUTS = ("log_probs", "entropy", "is_top1")  # sft_trainer.py
DPO_OUTPUTS = ("log_probs", "entropy", "mean_logits", "is_top1")  # dpo_trainer.py


class Kernel:
    """What `@triton.jit` leaves of a function: `kernel[grid](...)` does nothing."""

    def __getitem__(self, grid: Any) -> Any:
        return lambda *_, **__: None


def addmm_fp32(acc: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> None:
    if a.dtype not in (torch.float16, torch.bfloat16):
        acc.addmm_(a, b)


def add(model: torch.nn.Module, outputs: tuple[str, ...]) -> None:
    if isinstance(model.get_output_embeddings(), BaseTunerLayer):  # as every trainer of TRL does
        raise ValueError("Applying a PEFT adapter to `lm_head` is not supported")
    utils.add_fused_lm_head(model.get_base_model() if hasattr(model, "get_base_model") else model, outputs=outputs)


@contextlib.contextmanager
def on_a_card() -> Iterator[None]:
    triton = SimpleNamespace(cdiv=lambda size, block: -(-size // block))
    with (
        mock.patch.object(utils, "_use_triton", lambda device: True),
        mock.patch.object(chunked_logprob, "_use_triton", lambda device: True),
        mock.patch.object(chunked_logprob, "triton", triton, create=True),
        mock.patch.object(chunked_logprob, "_forward_kernel", Kernel()),
        mock.patch.object(chunked_logprob, "_backward_kernel", Kernel()),
        mock.patch.object(chunked_logprob, "_addmm_fp32", addmm_fp32),
    ):
        yield
