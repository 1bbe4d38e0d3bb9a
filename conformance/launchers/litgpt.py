"""LitGPT: its `setup`, model, LoRA layers, chunked loss and loop, and Fabric's precisions, as released.

Its own files are not read: a checkpoint, a tokenizer and data. Everything on the CPU stands for the card.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import bitsandbytes.nn
import lightning
import torch
from attention import Device
from bitsandbytes.functional import BLOCK_SIZE, NESTED_BLOCK_SIZE, MatMul4Bit, QuantState
from bitsandbytes.optim import AdamW as BitsAndBytesAdamW
from cuda_semantics import cuda_semantics
from huggingface import ScenarioError
from lightning.fabric.plugins.precision.bitsandbytes import BitsandbytesPrecision
from lightning.fabric.plugins.precision.half import HalfPrecision
from litgpt import lora as layers
from litgpt.args import EvalArgs, TrainArgs
from litgpt.finetune import lora as finetune
from recorder import ModulePaths, Tape
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import _disable_current_modes
from values import ValueRecorder

STEPS = 2
WORKSPACE = 8_519_680  # cuBLAS, one in forward, one in backward


def cast_buffers(self: Any, model: torch.nn.Module) -> torch.nn.Module:
    """`model.to(dtype)`, whose parameters have the dtype by then; those of fake tensors cannot be swapped for themselves."""
    for module in model.modules():
        for name, buffer in module._buffers.items():
            if buffer is not None and buffer.is_floating_point():
                module._buffers[name] = buffer.to(self._desired_input_dtype)
    return model


class PackedLinear(torch.nn.Linear):
    """Lightning's `_NF4Linear` and `_NF4DQLinear` on a card: made in 16 bits, packed at once, and packed anew when a checkpoint is read.

    What bitsandbytes' `quantize_4bit` makes is written as its tensors (functional.py); the product is the judges' own.
    """

    compress_statistics = False

    def __init__(self, in_features: int, out_features: int, bias: bool = True, **_: Any) -> None:
        super().__init__(in_features, out_features, bias)
        self.weight.requires_grad_(False)
        self.state: Any = None
        self.quantize()

    def quantize(self) -> None:
        shape = (self.out_features, self.in_features)
        half = torch.empty(shape, dtype=torch.float16)
        blocks = -(-half.numel() // BLOCK_SIZE)
        absmax = torch.empty(blocks, dtype=torch.float32)
        packed = torch.empty((half.numel() + 1) // 2, 1, dtype=torch.uint8)
        state = SimpleNamespace(code=torch.empty(16, dtype=torch.float32), absmax=absmax, offset=None)
        if self.compress_statistics:
            state.offset = absmax.mean()
            centred = absmax - state.offset
            state.absmax = torch.empty(blocks, dtype=torch.uint8)
            state.nested = torch.empty(-(-blocks // NESTED_BLOCK_SIZE), dtype=torch.float32), torch.empty(256, dtype=torch.float32)
            del centred
        del absmax
        self.weight.data = packed
        self.state = state

    @property
    def absmax(self) -> torch.Tensor:
        return self.state.absmax

    @property
    def offset(self) -> torch.Tensor:
        return self.state.offset

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        packed = QuantState(self, (self.out_features, self.in_features), torch.float16)
        return MatMul4Bit.apply(inputs, self.weight, self.bias, packed)


class DoublePackedLinear(PackedLinear):
    compress_statistics = True


class Packing(BitsandbytesPrecision):
    """Lightning's plugin, whose layers are packed here, too."""

    def __init__(self, mode: str, dtype: torch.dtype) -> None:
        self._linear_cls = DoublePackedLinear if mode.endswith("-dq") else PackedLinear
        self.dtype, self.ignore_modules = dtype, set()

    def convert_module(self, module: torch.nn.Module) -> torch.nn.Module:
        return module  # its layers are of the class already


class StableEmbedding(torch.nn.Embedding):
    """bitsandbytes' embedding with a norm behind it: made on the host, moved in the dtype of the old one. It trains, but no optimizer has it."""

    def __init__(self, count: int, dim: int) -> None:
        with _disable_current_modes():  # on the host
            super().__init__(count, dim, device="meta")
            self.norm = torch.nn.LayerNorm(dim, device="meta")
        self.weight.copy_ = lambda _: None  # type: ignore[method-assign]

    def to(self, device: Any, dtype: torch.dtype) -> StableEmbedding:  # type: ignore[override]
        self.weight = torch.nn.Parameter(torch.empty(self.weight.shape, dtype=dtype))
        self.norm.weight = torch.nn.Parameter(torch.empty(self.norm.weight.shape, dtype=dtype))
        self.norm.bias = torch.nn.Parameter(torch.empty(self.norm.bias.shape, dtype=dtype))
        return self

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        rows = torch.nn.functional.embedding(ids, self.weight).to(torch.get_default_dtype())
        return self.norm(rows).to(self.weight.dtype)


def paged_adamw(_: Any, parameters: Any) -> torch.optim.Optimizer:
    optimizer = BitsAndBytesAdamW([each for each in parameters if each.requires_grad], 32, True, in_32_bit=set())
    for group in optimizer.param_groups:
        group["lr"] = 1e-3
    return optimizer


def pack_again(_: Any, model: torch.nn.Module, *__: Any, **___: Any) -> None:
    """`load_checkpoint`: what is packed is packed anew of what is read, the rest is written over."""
    for module in model.modules():
        if isinstance(module, PackedLinear):
            module.quantize()


class Done(Exception):
    """The steps that are recorded are over."""


def sizes(config: dict[str, Any]) -> dict[str, Any]:
    """Of a config.json, in LitGPT's words, as its own table has them for published checkpoints (litgpt/config.py)."""
    heads = config["num_attention_heads"]
    kind = config["model_type"]
    found = {
        "name": "drawn", "hf_config": {}, "block_size": config["max_position_embeddings"], "padded_vocab_size": config["vocab_size"],
        "vocab_size": config["vocab_size"], "n_layer": config["num_hidden_layers"], "n_head": heads, "n_embd": config["hidden_size"],
        "n_query_groups": config.get("num_key_value_heads", heads), "head_size": config.get("head_dim") or config["hidden_size"] // heads,
        "intermediate_size": config["intermediate_size"], "rotary_percentage": 1.0, "parallel_residual": False, "bias": False,
        "norm_class_name": "RMSNorm", "mlp_class_name": "LLaMAMLP",
    }  # fmt: skip
    own = {
        "qwen2": {"attn_bias": True},
        "qwen3": {"norm_qk": True},
        # By its name, norms are by 1 + weight.
        "gemma": {"name": "Gemma", "mlp_class_name": "GemmaMLP", "scale_embeddings": True, "gelu_approximate": "tanh"},
    }
    return found | own.get(kind, {})


def defaults() -> dict[str, Any]:
    return {name: each.default for name, each in inspect.signature(finetune.setup).parameters.items() if each.default is not inspect.Parameter.empty}


def arguments(file: dict[str, Any]) -> dict[str, Any]:
    """What `setup` takes, with its own defaults beside what the file says."""
    known = defaults()
    unknown = file.keys() - known.keys()
    if unknown:
        raise ScenarioError(f"unknown arguments of LitGPT: {', '.join(sorted(unknown))}")
    train = TrainArgs(**vars(known["train"]) | file.get("train", {}) | {"max_steps": STEPS, "lr_warmup_steps": 1})
    return known | file | {"train": train, "eval": EvalArgs(interval=100, max_new_tokens=100, max_iters=100)}


class HostLosses:
    """Losses of a validation, which are on the host."""

    def __setitem__(self, _: int, __: torch.Tensor) -> None:
        pass

    def mean(self) -> float:
        return 1.0


class OnHost:
    """torch, whose zeros are on the host, as the losses of a validation are."""

    def zeros(self, _: int) -> HostLosses:
        return HostLosses()

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)


class NoMetric:
    """Metrics hold a few numbers, which are left out."""

    def to(self, _: Any) -> NoMetric:
        return self

    def update(self, *_: Any, **__: Any) -> None:
        pass

    def compute(self) -> Any:
        return SimpleNamespace(item=lambda: 1.0)

    def compute_and_log(self, **_: Any) -> None:
        pass


class Batches:
    """A loader of equal batches, whose data set has one length."""

    def __init__(self, rows: int, length: int, before: Any) -> None:
        self.rows, self.length, self.before = rows, length, before
        self.dataset = [{"input_ids": range(length)}]

    def __len__(self) -> int:
        return 1000

    def __iter__(self) -> Iterator[dict[str, Any]]:
        shape = (self.rows, self.length)
        while True:
            self.before()
            batch: dict[str, Any] = {name: torch.zeros(shape, dtype=torch.long) for name in ("input_ids", "labels")}
            yield batch | {"token_counts": {name: torch.zeros((self.rows, 1), dtype=torch.long) for name in ("raw", "raw_plus_prompt_template")}}
            del batch


class Watch:
    """Says in which phase LitGPT's loop is."""

    def __init__(self, tape: Tape, recorder: ValueRecorder, micro_batches: int) -> None:
        self.tape, self.recorder, self.micro_batches = tape, recorder, micro_batches
        self.step, self.micro, self.is_training = 0, 0, False
        self.workspaces = {"forward", "backward"}
        self.optimizer: Any = None
        self.steady: dict[str, int] = {}

    def enter(self, part: str, kind: str = "activations", micro: bool = True) -> None:
        where = f"step{self.step}.micro{self.micro}." if micro else f"step{self.step}."
        self.tape.phase, self.tape.kind = where + part, kind

    def batch(self) -> None:
        if self.is_training:
            self.enter("batch", "batch")
        else:
            self.tape.phase, self.tape.kind = "validation", "batch"

    def workspace(self, direction: str) -> None:
        if direction in self.workspaces:
            self.workspaces.remove(direction)
            self.tape.allocate(WORKSPACE, "cublas_workspace", kind="workspace")

    def forward(self, *_: Any) -> None:
        if self.is_training:
            self.enter("forward")
        else:
            self.tape.kind = "activations"
        self.workspace("forward")

    def backward(self, run: Any, loss: torch.Tensor) -> None:
        self.enter("backward")
        divided = self.tape.events.pop()  # the mean over micro-batches, which comes behind the workspace elsewhere
        self.workspace("backward")
        self.tape.events.append(divided)
        run(loss)
        for group in self.optimizer.param_groups:
            for parameter in group["params"]:
                self.recorder.mark(parameter.grad, "gradients")
        self.micro += 1

    def stepped(self, run: Any) -> Any:
        self.enter("optimizer", "optimizer", micro=False)
        output = run()
        self.enter("zero_grad", micro=False)
        return output

    def zeroed(self, run: Any) -> None:
        run()
        self.step, self.micro = self.step + 1, 0
        if self.step == STEPS:
            raise Done


def record(request: dict[str, Any]) -> tuple[Tape, dict[str, int]]:
    tape, device = Tape(), Device.from_json(request.get("device") or {})
    args = arguments(request["file"])
    train = args["train"]
    recorder = ValueRecorder(tape, device, torch.Tensor.numel)
    watch = Watch(tape, recorder, train.gradient_accumulation_iters(1, 1))
    loader = Batches(train.micro_batch_size, train.max_seq_length, watch.batch)
    tape.phase, tape.kind = "load", "weights"
    with contextlib.suppress(Done), FakeTensorMode(allow_non_fake_inputs=True), recorder, cuda_semantics(device), patched(request, watch, loader):
        finetune.setup(checkpoint_dir=Path("checkpoint"), **args)
    return tape, watch.steady


@contextlib.contextmanager
def patched(request: dict[str, Any], watch: Watch, loader: Batches) -> Iterator[None]:
    """What reads files, what looks at a card, and what says where the loop is."""
    given = sizes(request["config"])
    fabric_class = lightning.Fabric

    def fabric_of(**named: Any) -> Any:
        packing = named.pop("plugins", None)
        fabric = fabric_class(accelerator="cpu", **named | {"loggers": None})
        if packing is not None:  # which Fabric takes on a card alone
            fabric._precision = fabric._strategy.precision = packing
        fabric.launch = lambda run, *more: run(fabric, *more)
        fabric.log_dict = lambda *_, **__: None
        setup_optimizers, setup_module, run_backward = fabric.setup_optimizers, fabric.setup_module, fabric.backward

        def module(model: Any) -> Any:
            watch.recorder.paths = ModulePaths(model).__enter__()
            model.register_forward_pre_hook(watch.forward)
            return setup_module(model, move_to_device=False)  # it was made there

        def optimizers(optimizer: Any) -> Any:
            for group in optimizer.param_groups:
                group |= {"foreach": True} if "foreach" in group else {}  # as on a card
            watch.optimizer = optimizer
            step, made = fabric.strategy.optimizer_step, setup_optimizers(optimizer)
            zero = made.zero_grad
            fabric.strategy.optimizer_step = lambda *given: watch.stepped(lambda: step(*given))
            made.zero_grad = lambda: watch.zeroed(zero)
            return made

        fabric.setup_module, fabric.setup_optimizers = module, optimizers
        fabric.backward = functools.partial(watch.backward, run_backward)
        return fabric

    real_validate, real_tensor = finetune.validate, torch.tensor

    def tensor(*given: Any, **named: Any) -> torch.Tensor:
        """What is made without a device is on the host."""
        made = real_tensor(*given, **named)
        if "device" not in named:
            watch.recorder.forget(made)
        return made


    def validate(*args: Any, **named: Any) -> Any:
        output = real_validate(*args, **named)
        watch.is_training = True
        return output

    with contextlib.ExitStack() as stack:
        for name, value in {
            "auto_download_checkpoint": lambda model_name, **_: model_name,
            "init_out_dir": lambda folder: folder,
            "check_valid_checkpoint_dir": lambda _: None,
            "choose_logger": lambda *_, **__: None,
            "Tokenizer": lambda _: SimpleNamespace(),
            "get_dataloaders": lambda *_: (loader, loader),
            "load_checkpoint": pack_again,
            "BitsandbytesPrecision": Packing,
            "instantiate_bnb_optimizer": paged_adamw,
            "validate": validate,
            "RunningMean": lambda **_: NoMetric(),
            "ThroughputMonitor": lambda *_, **__: NoMetric(),
            "pprint": lambda _: None,
        }.items():
            stack.enter_context(mock.patch.object(finetune, name, value))
        stack.enter_context(mock.patch.object(finetune.Config, "from_file", lambda _, **lora: layers.Config(**given | lora)))
        stack.enter_context(mock.patch.object(finetune.L, "Fabric", fabric_of))
        stack.enter_context(mock.patch.object(finetune, "torch", OnHost()))
        stack.enter_context(mock.patch.object(torch, "tensor", tensor))
        stack.enter_context(mock.patch.object(bitsandbytes.nn, "StableEmbedding", StableEmbedding, create=True))
        stack.enter_context(mock.patch.object(HalfPrecision, "convert_module", cast_buffers))
        stack.enter_context(mock.patch.object(finetune.os, "makedirs", lambda *_, **__: None))
        yield
