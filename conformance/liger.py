"""Liger's own Python code on fake tensors: its Triton kernels are launched into nothing.

Every tensor of Liger is made in Python; a Triton kernel fills what it is given and allocates nothing. So the modules
`triton` and `triton.language` are replaced by a stand-in whose kernels do not run, and what is recorded is Liger's real
code: its autograd functions, its patches of transformers' modules, its fused loss. On a CPU Liger sees one multiprocessor
and no tensor cores: partial sums of norm weights have one row, a trained head's gradient is added out of place.

`apply(model)` patches an instance as `Trainer` does (transformers integrations/liger.py); import this module first.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from unittest import mock

import torch
import triton_standin  # noqa: F401
from liger_kernel.transformers import _apply_liger_kernel_to_instance  # noqa: E402


def apply(model: torch.nn.Module) -> None:
    """What `Trainer` does to the base of a PEFT model when `use_liger_kernel` is on."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    _apply_liger_kernel_to_instance(model=base)


@contextlib.contextmanager
def values() -> Iterator[None]:
    """Answers for the two values that Liger's loss reads, which fake tensors do not have.

    The number of labels only scales the loss, and the gradient that arrives is not 1: it is divided by that number. The
    number that it is compared with is one tensor on a CUDA device, where a CPU makes two.
    """
    with (
        mock.patch.object(torch.Tensor, "item", lambda self: 1),
        mock.patch.object(torch, "equal", lambda *_: False),
        mock.patch.object(torch, "tensor", lambda _, device=None: torch.empty((), device=device)),
    ):
        yield
