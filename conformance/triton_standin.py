"""Triton whose kernels do not run: code that makes its tensors in Python and lets kernels fill them can be traced without it."""

from __future__ import annotations

import importlib.machinery
import importlib.metadata
import sys
import types
from typing import Any


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


    def __or__(self, _: Any) -> Any:
        return self


class Config:
    """How a kernel would be launched."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def all_kwargs(self) -> dict[str, Any]:
        return {}


class Constexpr:
    def __init__(self, value: Any) -> None:
        self.value = value


def next_power_of_2(number: int) -> int:
    return 1 << max(0, number - 1).bit_length()


def stand_in() -> dict[str, types.ModuleType]:
    names = ("triton", "triton.language", "triton.language.extra", "triton.language.extra.libdevice", "triton.language.math", "triton.runtime", "triton.runtime.driver", "triton.testing", "triton.runtime.autotuner")
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
    root.Config = Config
    modules["triton.language"].constexpr = Constexpr
    return modules


_version = importlib.metadata.version
importlib.metadata.version = lambda name: "3.3.0" if name == "triton" else _version(name)

for _name, _module in stand_in().items():
    sys.modules.setdefault(_name, _module)
