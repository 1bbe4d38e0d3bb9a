"""Recorder for code that reads tensor values: it answers with known numbers and adds the temporaries CUDA makes.

Beside `recorder.StorageRecorder`:

* `.item()` and `bool(tensor)` give 1; `truths` gives the number of true elements of a boolean mask by its shape;
* indexing by a boolean mask makes `nonzero` (int64, elements x dimensions) and then the result, as ATen does;
  (`masked_select` is that index, TensorAdvancedIndexing.cpp `masked_select_out_impl`);
* `masked_scatter` clones and counts the true elements before each (IndexKernel.cpp `masked_scatter__cuda`, maskPrefixSum int64);
* `logsumexp` is composite in ATen (ReduceOps.cpp, logsumexp_out_impl): amax, |amax| == inf, self - amax (full size),
  exp in place, sum, log; fake tensors show the result only;
* `log_sigmoid` fills a buffer on the CPU only (Activation.cu: "buffer is only used by CPU dispatch").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from attention import Device
from recorder import StorageRecorder, Tape

aten = torch.ops.aten
ITEM = aten._local_scalar_dense.default
INDEX = aten.index.Tensor
NONZERO = aten.nonzero.default
LOGSUMEXP = aten.logsumexp.default
LOG_SIGMOID = aten.log_sigmoid_forward.default
MASKED_SELECT = aten.masked_select.default
MASKED_SCATTER = aten.masked_scatter.default


def name_of(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


class ValueRecorder(StorageRecorder):
    def __init__(self, tape: Tape, device: Device, truths: Callable[[torch.Tensor], int]) -> None:
        super().__init__(tape, device)
        self.truths = truths

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        if func is ITEM:
            dtype = args[0].dtype
            return True if dtype == torch.bool else 1.0 if dtype.is_floating_point else 1
        path = self.paths.current() if self.paths is not None else None
        if func is NONZERO:
            found = torch.empty((self.truths(args[0]), args[0].dim()), dtype=torch.long)
            self._observe(found, func, path)
            return found
        if func is INDEX and any(index is not None and index.dtype == torch.bool for index in args[1]):
            return self._masked(func, args, path)
        if func is MASKED_SELECT:
            return self._masked(func, (args[0], (args[1],)), path)
        if func is MASKED_SCATTER:
            output = super().__torch_dispatch__(func, types, args, kwargs)
            self.tape.free(self._temp("masked_scatter.prefix_sum", path, tuple(args[0].shape), torch.long))
            return output
        if func is LOG_SIGMOID:
            output = func(*args, **(kwargs or {}))
            self._observe(output[0], func, path)
            return output
        if func is LOGSUMEXP:
            return self._logsumexp(func, args, kwargs or {}, path)
        return super().__torch_dispatch__(func, types, args, kwargs)

    def _temp(self, tag: str, path: str | None, shape: tuple[int, ...], dtype: torch.dtype) -> Any:
        count = 1
        for size in shape:
            count *= size
        return self.tape.allocate(count * dtype.itemsize, tag, path, tuple(shape), name_of(dtype))

    def _masked(self, func: Any, args: tuple, path: str | None) -> torch.Tensor:
        tensor, indices = args[0], list(args[1])
        before = next(place for place, index in enumerate(indices) if index is not None)
        mask, *rest = indices[before:]
        if any(index is not None for index in rest):
            raise NotImplementedError("boolean masks beside other indices")
        count = self.truths(mask)
        nonzero = self._temp("nonzero", path, (count, mask.dim()), torch.long)
        result = torch.empty((*tensor.shape[:before], count, *tensor.shape[before + mask.dim():]), dtype=tensor.dtype)
        self._observe(result, func, path)
        self.tape.free(nonzero)
        return result

    def _logsumexp(self, func: Any, args: tuple, kwargs: dict, path: str | None) -> torch.Tensor:
        tensor, (dim,) = args[0], args[1]
        reduced = list(tensor.shape)
        reduced[dim] = 1
        largest = self._temp("logsumexp.amax", path, reduced, tensor.dtype)
        absolute = self._temp("logsumexp.abs", path, reduced, tensor.dtype)
        infinite = self._temp("logsumexp.eq", path, reduced, torch.bool)
        self.tape.free(infinite)
        self.tape.free(absolute)
        shifted = self._temp("logsumexp.sub", path, tuple(tensor.shape), tensor.dtype)
        output = func(*args, **kwargs)
        self._observe(output, func, path)
        self.tape.free(shifted)
        self.tape.free(largest)
        return output
