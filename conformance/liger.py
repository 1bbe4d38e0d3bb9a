"""Liger's own Python code on fake tensors: its Triton kernels are launched into nothing.

Every tensor of Liger is made in Python; a Triton kernel fills what it is given and allocates nothing. So the modules
`triton` and `triton.language` are replaced by a stand-in whose kernels do not run, and what is recorded is Liger's real
code: its autograd functions, its patches of transformers' modules, its fused loss. On a CPU Liger sees one multiprocessor
and no tensor cores: partial sums of norm weights have one row, a trained head's gradient is added out of place.

`apply(model)` patches an instance as `Trainer` does (transformers integrations/liger.py); import this module first.
"""

from __future__ import annotations

import contextlib
import importlib.machinery
import sys
import types
from collections.abc import Iterator
from typing import Any
from unittest import mock

import torch


class Kernel:
    """What `@triton.jit` leaves of a function: `kernel[grid](...)` does nothing."""

    def __init__(self, function: Any) -> None:
        self.fn = function

    def __getitem__(self, grid: Any) -> Any:
        return lambda *_, **__: None

    def __call__(self, *_: Any, **__: Any) -> Any:
        return None


def decorator(*arguments: Any, **_: Any) -> Any:
    """`jit`, `autotune`, `heuristics`: with or without arguments."""
    if len(arguments) == 1 and callable(arguments[0]) and not _:
        return Kernel(arguments[0])
    return lambda function: function if isinstance(function, Kernel) else Kernel(function)


class Anything(types.ModuleType):
    """A module in which every name exists: types in annotations, functions that only kernels call."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        path = f"{self.__name__}.{name}"
        return sys.modules.get(path) or Anything(path)

    def __call__(self, *_: Any, **__: Any) -> Any:
        return self


class Constexpr:
    def __init__(self, value: Any) -> None:
        self.value = value


def next_power_of_2(number: int) -> int:
    return 1 << max(0, number - 1).bit_length()


def stand_in() -> dict[str, types.ModuleType]:
    names = ("triton", "triton.language", "triton.language.extra", "triton.language.extra.libdevice", "triton.language.math", "triton.runtime", "triton.runtime.driver")
    modules = {name: Anything(name) for name in names}
    for name, module in modules.items():
        module.__spec__ = importlib.machinery.ModuleSpec(name, loader=None, is_package=True)
        module.__path__ = []
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(modules[parent], child, module)
    root = modules["triton"]
    root.__version__ = "3.3.0"
    root.jit = root.autotune = root.heuristics = decorator
    root.cdiv = lambda left, right: -(-left // right)
    root.next_power_of_2 = next_power_of_2
    root.Config = lambda *_, **__: None
    modules["triton.language"].constexpr = Constexpr
    return modules


for _name, _module in stand_in().items():
    sys.modules.setdefault(_name, _module)

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
