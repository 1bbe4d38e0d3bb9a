"""One rank of a run on several GPUs, on fake tensors: torch's own DistributedDataParallel over a process group that sends nothing.

`hardware` of a request: {"strategy": "ddp", "count": N}. The record is that of rank 0; every rank holds the same. DDP's options
stand in `training` under the Trainer's names: `ddp_bucket_cap_mb`, `ddp_static_graph`, `ddp_find_unused_parameters`,
`ddp_broadcast_buffers`.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest import mock

import bitsandbytes.nn as bnb_nn
import huggingface as hf
import torch
import torch.distributed as dist
from accelerate.utils.operations import convert_outputs_to_fp32
from attention import Device
from cuda_semantics import cuda_semantics
from loading import materialize, tensor_sites
from losses import LOSSES, chunked_nll_loss
from recorder import Tape
from torch._subclasses.fake_tensor import FakeTensorMode
from training import Training, TrainingRun
from values import ValueRecorder


def join(world_size: int) -> None:
    from torch.testing._internal.distributed.fake_pg import FakeStore

    if dist.is_initialized():
        dist.destroy_process_group()
    dist.init_process_group("fake", store=FakeStore(), rank=0, world_size=world_size)


class RankRecorder(ValueRecorder):
    """Leaves out what lies on the host: the model as it was loaded. What is taken to the device is a copy."""

    def __init__(self, tape: Tape, device: Device) -> None:
        super().__init__(tape, device, torch.Tensor.numel)
        self.on_host: dict[int, weakref.ref] = {}

    def keep_on_host(self, model: torch.nn.Module) -> None:
        for _, _, tensor in tensor_sites(model):
            storage = tensor.untyped_storage()
            self.on_host[storage._cdata] = weakref.ref(storage, self._forget(storage._cdata))

    def _forget(self, key: int) -> Callable[[Any], None]:
        return lambda _: self.on_host.pop(key, None)

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        if func is torch.ops.aten._local_scalar_dense.default:  # values that only metrics and checks read
            return 1.0 if args[0].dtype.is_floating_point else 1
        return super().__torch_dispatch__(func, types, args, kwargs)

    def _observe(self, tensor: torch.Tensor, func: Any, path: str | None) -> None:
        if tensor.untyped_storage()._cdata not in self.on_host:
            super()._observe(tensor, func, path)

    def take(self, tensor: torch.Tensor) -> None:
        """Write a tensor of the host as a new allocation: `module.to(device)`."""
        self.on_host.pop(tensor.untyped_storage()._cdata, None)
        self._observe(tensor, SimpleNamespace(__name__="to_device"), None)


class KeptBuckets:
    """DDP's reducer without the rebuilding of buckets in the second iteration, which reads values.

    Rebuilding drops the buckets and makes new ones of the same total size in the order in which gradients came.
    """

    def __init__(self, reducer: Any) -> None:
        self.__dict__["_reducer"] = reducer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reducer, name)

    def _rebuild_buckets(self) -> bool:
        return False


def reduced(_, bucket):
    future = torch.futures.Future()
    future.set_result(bucket.buffer())
    return future


class DdpRun(TrainingRun):
    """accelerate's MULTI_GPU: mixed precision around the model's forward, then DistributedDataParallel."""

    def __init__(self, model: Any, training: Training, recorder: RankRecorder) -> None:
        for _, _, tensor in tensor_sites(model):
            recorder.take(tensor)
        super().__init__(model, training, recorder)
        if training.loss == "chunked_nll":  # TRL puts this loss into the model's own forward
            model.forward = lambda **batch: chunked_nll_loss(model, batch, None, True)
        if training.autocast_dtype is not None:
            model.forward = convert_outputs_to_fp32(torch.autocast("cpu", dtype=training.autocast_dtype)(model.forward))
        self.wrapped = self.wrap(model)

    def wrap(self, model: Any) -> Any:
        from torch.nn.parallel import DistributedDataParallel
        from torch.nn.parallel import distributed as module

        training = self.training
        self.tape.phase, self.tape.kind = "ddp", "communication"
        # constants of packed weights belong to their quant_state, not to the module's buffers as in the stand-in
        model._ddp_params_and_buffers_to_ignore = [
            f"{path}.{name}"
            for path, module in model.named_modules()
            if isinstance(module, (bnb_nn.Linear4bit, bnb_nn.Linear8bitLt))
            for name, _ in module.named_buffers(recurse=False)
        ]
        options = {
            "bucket_cap_mb": training.ddp_bucket_cap_mb,
            "static_graph": training.ddp_static_graph,
            "find_unused_parameters": training.ddp_find_unused_parameters,
            "broadcast_buffers": training.ddp_broadcast_buffers,
        }
        with (
            mock.patch.object(module, "_verify_param_shape_across_processes", lambda *_, **__: True),
            mock.patch.object(module, "_sync_module_states", lambda *_, **__: None),
        ):
            wrapped = DistributedDataParallel(model, **options)
        wrapped.register_comm_hook(None, reduced)  # the fake group's work has no result; the default is in place, too
        wrapped.reducer = KeptBuckets(wrapped.reducer)
        return wrapped

    def _step(self, step: str) -> None:
        training = self.training
        last = training.gradient_accumulation_steps - 1
        micros = iter(range(training.gradient_accumulation_steps))
        original = LOSSES[training.loss]

        def loss_of(_: Any, batch: Any, __: Any, trainer: bool) -> Any:
            # Trainer runs all micro-batches but the last under `accelerator.no_sync`
            self.wrapped.require_backward_grad_sync = next(micros) == last
            if training.loss == "chunked_nll":
                return self.wrapped(**batch)
            return original(self.wrapped, batch, None, trainer)

        with mock.patch.dict(LOSSES, {training.loss: loss_of}):
            super()._step(step)


def record(request: dict[str, Any], build: Callable[..., tuple[Any, Any]]) -> tuple[Tape, dict[str, int]]:
    """Tape of rank 0, and the bytes that persist between steps."""
    hardware = request["hardware"]
    if hardware.get("strategy", "ddp") != "ddp":
        raise hf.ScenarioError(f"no run for strategy {hardware['strategy']}")
    join(hardware["count"])
    training = Training.from_json(request.get("training") or {})
    model, loaded = build(request, training)
    tape = Tape()
    device = Device.from_json(request.get("device") or {})
    recorder = RankRecorder(tape, device)
    with FakeTensorMode(allow_non_fake_inputs=True):
        if request.get("quantization") is None:  # read to the host; bitsandbytes packs weights on the card
            materialize(model, loaded, Tape())
            recorder.keep_on_host(model)
        with recorder, cuda_semantics(device):
            if request.get("quantization") is not None:
                materialize(model, loaded, tape)
            run = DdpRun(model, training, recorder)
            run.run()
    events = len(tape.events)
    steady = run.steady
    del run, model
    gc.collect()
    del tape.events[events:]
    return tape, steady
