"""ms-swift: its adapters, its checkpoints and its trainer's loss, as released, with the defaults of its dataclasses.

Its arguments look at the model in a folder or on a hub, so that what follows from it (dtypes, all linear modules) is asked of its own
functions one by one. Every token but the first has a label, as its templates write them.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest import mock

import huggingface as hf
import torch
from launchers import Prepared
from loading import quantize, tensor_dtypes
from losses import run_model

# A base class of an optimizer that nothing here runs.
sys.modules.setdefault("bitsandbytes.optim.optimizer", SimpleNamespace(Optimizer2State=object))  # type: ignore[arg-type]
from swift.arguments import SftArguments
from swift.arguments.base_args.model_args import ModelArguments
from swift.arguments.base_args.quant_args import QuantizeArguments
from swift.arguments.tuner_args import TunerArguments
from swift.pipelines.train import tuner
from swift.template.base import Template
from swift.trainers import mixin
from swift.trainers.seq2seq_trainer import Seq2SeqTrainer
from torch.utils import checkpoint as checkpoints
from training import Training

OF_STEP = ("per_device_train_batch_size", "gradient_accumulation_steps", "bf16", "fp16", "max_grad_norm")


def arguments(file: dict[str, Any], config: Any) -> Any:
    """Defaults of the dataclass with what the file says, and what ms-swift makes of both."""
    args = SimpleNamespace()
    for field in dataclasses.fields(SftArguments):
        default = field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
        setattr(args, field.name, None if default is dataclasses.MISSING else default)
    unknown = file.keys() - vars(args).keys()
    if unknown:
        raise hf.ScenarioError(f"unknown arguments of ms-swift: {', '.join(sorted(unknown))}")
    vars(args).update(file)
    args.torch_dtype = config.dtype if args.torch_dtype is None else hf.DTYPES[args.torch_dtype]
    ModelArguments._init_mixed_precision(args)
    QuantizeArguments.__post_init__(args)
    args._init_multimodal_full = lambda: None
    TunerArguments.__post_init__(args)
    if args.gradient_accumulation_steps is None:
        args.gradient_accumulation_steps = 1  # 16 sequences a step; its micro-batches are alike
    args.is_adapter = args.tuner_type == "lora"
    args.task_type = "causal_lm"
    args.adapters, args.resume_from_checkpoint = [], None
    args.tuner_backend = args.tuner_backend or "peft"
    args.get_modules_to_not_convert = lambda: None
    return args


def prepare(request: dict[str, Any]) -> Prepared:
    config = hf.build_config(request["config"])
    args = arguments(request["file"], config)
    attention = args.attn_impl or "sdpa"
    packing = QuantizeArguments.get_quantization_config(args)
    model = hf.build_model(config, request.get("architecture"), args.torch_dtype, "sdpa", packing is not None)
    model.model_meta = SimpleNamespace(is_multimodal=False, model_arch=None)
    model.model_info = SimpleNamespace(is_moe_model=hasattr(config, "num_local_experts"), task_type="causal_lm")
    if packing is not None:
        quantize(model, packing.to_dict() | {"bnb_4bit_compute_dtype": str(packing.bnb_4bit_compute_dtype).removeprefix("torch.")})
    loaded = tensor_dtypes(model)
    model.train()
    with torch.device("meta"):
        model = tuner.TunerMixin.prepare_model(args, model)
    step = {name: getattr(args, name) for name in OF_STEP}
    loop = Loop(args, model)
    loop.prepare_checkpoints()
    training = Training(
        **step,
        optim=str(getattr(args.optim, "value", args.optim)),
        max_length=args.max_length or 2048,
        gradient_checkpointing=args.gradient_checkpointing,
        attn_implementation=attention,
        loss="hf",
        dtype=str(args.torch_dtype).removeprefix("torch."),
    )
    return Prepared(model, loaded, training, loss=loop.loss)


class Loop:
    """What ms-swift's trainer does around a forward, without its constructor."""

    def __init__(self, args: Any, model: torch.nn.Module) -> None:
        self.trainer = object.__new__(Seq2SeqTrainer)
        template = SimpleNamespace(sequence_parallel_size=1, padding_free=False, is_encoder_decoder=False)
        template.compute_sft_loss = lambda *given, **named: Template.compute_sft_loss(template, *given, **named)
        template.get_base_model = Template.get_base_model
        attributes = {
            "args": SimpleNamespace(**vars(args)), "model": model, "template": template, "label_smoother": None, "task_type": "causal_lm",
            "problem_type": None, "model_accepts_loss_kwargs": True, "is_deepspeed_enabled": False, "is_fsdp_enabled": False,
            "accelerator": SimpleNamespace(unwrap_model=lambda wrapped: wrapped, num_processes=1), "custom_metrics": {"train": {}, "eval": {}},
        }  # fmt: skip
        vars(self.trainer).update(attributes)
        self.trainer.args.average_tokens_across_devices = True

    def prepare_checkpoints(self) -> None:
        """`_fix_gradient_checkpointing` replaces torch's function for good: what an earlier run has put there goes first."""
        if hasattr(checkpoints, "_old_checkpoint"):
            checkpoints.checkpoint = checkpoints._old_checkpoint
            del checkpoints._old_checkpoint
        self.trainer._fix_gradient_checkpointing()
        self.trainer._prepare_gradient_checkpointing(self.trainer.model)

    def loss(self, model: torch.nn.Module, batch: dict[str, torch.Tensor], dtype: Any, trainer: bool) -> tuple[torch.Tensor, Any]:
        inputs = dict(batch)
        rows, length = inputs["labels"].shape
        items = torch.zeros((), dtype=torch.long)  # num_items_in_batch
        with known_truths(rows * (length - 1)):
            if self.trainer.get_use_logits_to_keep(True):
                self.trainer.prepare_logits_to_keep(inputs)
        inputs["compute_loss_func"] = None

        def wrapped(**given: Any) -> Any:
            return run_model(model, given, dtype, trainer)

        with known_truths(rows * length), mock.patch.object(mixin, "compute_acc", lambda *_, **__: {}):
            return self.trainer.compute_loss(wrapped, inputs, return_outputs=True, num_items_in_batch=items)


truths: list[int] = []


@contextlib.contextmanager
def known_truths(count: int) -> Iterator[None]:
    """How many elements of a mask are true, while it is asked."""
    truths.append(count)
    try:
        yield
    finally:
        truths.pop()
