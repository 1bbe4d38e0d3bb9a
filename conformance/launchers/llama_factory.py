"""LLaMA-Factory: its parser, its patches of config and model, its adapters and its checkpoints, as released."""

from __future__ import annotations

import os
from typing import Any
from unittest import mock

os.environ["DISABLE_VERSION_CHECK"] = "1"

import huggingface as hf  # noqa: E402
import torch  # noqa: E402
from launchers import Prepared  # noqa: E402
from llamafactory.extras import misc  # noqa: E402
from llamafactory.hparams import get_train_args, parser  # noqa: E402
from llamafactory.model import patcher  # noqa: E402
from llamafactory.model.adapter import init_adapter  # noqa: E402
from llamafactory.model.model_utils import quantization  # noqa: E402
from loading import quantize, tensor_dtypes  # noqa: E402
from training import Training  # noqa: E402

NEEDED = {"model_name_or_path": "model", "stage": "sft", "do_train": True, "dataset": "data", "output_dir": "out", "use_cpu": True, "report_to": "none"}
PADS_TO = 8  # train/sft/workflow.py: `pad_to_multiple_of=8 if training_args.do_train`
OF_STEP = ("per_device_train_batch_size", "gradient_accumulation_steps", "bf16", "fp16", "max_grad_norm")


def prepare(request: dict[str, Any]) -> Prepared:
    with mock.patch.object(parser, "is_torch_bf16_gpu_available", lambda: True):
        model_args, data_args, training_args, finetuning_args, _ = get_train_args(NEEDED | request["file"])
    config = hf.build_config(request["config"])
    options: dict[str, Any] = {}
    with (
        mock.patch.object(quantization, "check_version", lambda *_, **__: None),  # the stand-in is no installed package
        mock.patch.multiple(misc, _is_bf16_available=True, _is_fp16_available=True),
    ):
        patcher.patch_config(config, None, model_args, options, True)
    packing = options.get("quantization_config")
    dtype = config.dtype or torch.float32
    model = hf.build_model(config, request.get("architecture"), dtype, config._attn_implementation, packing is not None)
    if packing is not None:
        quantize(model, packing.to_dict() | {"bnb_4bit_compute_dtype": str(packing.bnb_4bit_compute_dtype).removeprefix("torch.")})
        model.quantization_method = packing.quant_method
    loaded = tensor_dtypes(model)
    patcher.patch_model(model, None, model_args, True, False)
    with torch.device("meta"):
        model = init_adapter(config, model, model_args, finetuning_args, True)
    length = -(-data_args.cutoff_len // PADS_TO) * PADS_TO
    step = {name: getattr(training_args, name) for name in OF_STEP}
    return Prepared(
        model,
        loaded,
        Training(
            **step,
            optim=str(training_args.optim.value if hasattr(training_args.optim, "value") else training_args.optim),
            max_length=length,
            padding=length != data_args.cutoff_len,
            loss="hf",  # CustomSeq2SeqTrainer.compute_loss is Trainer's
            dtype=str(dtype).removeprefix("torch."),
            attn_implementation=model.config._attn_implementation,
        ),
    )
