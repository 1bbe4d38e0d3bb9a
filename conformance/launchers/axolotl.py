"""Axolotl: its schema, its defaults, its casts around the load, and its LoRA kernels in place of transformers' code, as released.

Its Triton kernels fill what they are given, and are launched into nothing; its unpacking of 4-bit weights, which calls bitsandbytes'
library by address, is written here as the tensors that it makes.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any
from unittest import mock

import huggingface as hf
import peft
import torch
import triton_standin  # noqa: F401
from axolotl.kernels import utils as kernel_utils
from bitsandbytes import functional
from launchers import Prepared
from loading import quantize, tensor_dtypes
from torch._subclasses.fake_tensor import FakeTensor
from training import Training

# What Axolotl imports by name, and nothing here calls: a logger, and functions of bitsandbytes' library.
sys.modules.setdefault("wandb", mock.MagicMock())
functional.get_ptr, functional.lib = None, mock.MagicMock()
# The judge's autocast is that of the CPU.
kernel_utils.torch_amp_custom_fwd = torch.amp.custom_fwd(device_type="cpu")
kernel_utils.torch_amp_custom_bwd = torch.amp.custom_bwd(device_type="cpu")

from axolotl.kernels import lora as kernels  # noqa: E402
from axolotl.loaders import adapter as adapters  # noqa: E402
from axolotl.loaders.model import ModelLoader  # noqa: E402
from axolotl.monkeypatch import lora_kernels  # noqa: E402
from axolotl.utils import config as configs  # noqa: E402
from axolotl.utils.dict import DictDefault  # noqa: E402

NEEDED = {"base_model": "model", "datasets": [{"path": "data", "type": "alpaca"}], "learning_rate": 2e-4, "gradient_accumulation_steps": 1}
CARD = {"bf16": True, "fp8": False, "tf32": True, "n_gpu": 1, "n_node": 1, "compute_capability": "sm_80"}
KERNELS = ("lora_qkv_kernel", "lora_o_kernel", "lora_mlp_kernel", "lora_embedding_kernel")

original_forwards: dict[type, Any] = {}
cut_forwards: dict[type, Any] = {}


def dequantize(weight: torch.Tensor, state: Any = None) -> torch.Tensor:
    """`_ctypes_nf4_dequant`: the matrix, then the block maxima in fp32; a packed weight that is turned gives a turned matrix."""
    if state is None:
        return weight
    matrix = torch.empty(state.shape, dtype=state.dtype)
    maxima = torch.empty(state.absmax.numel(), dtype=torch.float32)
    maxima += state.layer.offset
    del maxima
    return matrix.t() if weight.shape[0] == 1 else matrix


kernels.dequantize = dequantize


def read(file: dict[str, Any], config: Any) -> Any:
    """The file as Axolotl reads it: checked, with its defaults."""
    if "plugins" in file:
        with mock.patch.object(torch, "compile", lambda *given, **_: given[0] if given else lambda function: function):
            configs.prepare_plugins(DictDefault(file))
    with (
        mock.patch.object(configs, "load_model_config", lambda _: config),
        mock.patch.object(configs, "choose_device", lambda cfg: cfg),
        mock.patch.object(configs, "is_torch_bf16_gpu_available", lambda: True, create=True),
    ):
        cfg = configs.validate_config(DictDefault(NEEDED | file), CARD, {"torch_version": torch.__version__.split("+")[0]})
        configs.normalize_config(cfg)
    return cfg


def loader_of(cfg: Any, config: Any, model: torch.nn.Module | None = None) -> Any:
    loader = object.__new__(ModelLoader)
    loader.cfg, loader.model_config, loader.model, loader.model_kwargs = cfg, config, model, {}
    loader.reference_model = False
    return loader


def casts_of(model: torch.nn.Module, before: dict[int, torch.dtype]) -> list[tuple[int, torch.dtype]]:
    """Which parameters have another dtype than before, in the order of the modules."""
    return [(id(each), each.dtype) for each in model.parameters() if before[id(each)] != each.dtype]


def prepare(request: dict[str, Any]) -> Prepared:
    config = hf.build_config(request["config"])
    cfg = read(request["file"], config)
    attention = cfg.attn_implementation or "sdpa"
    built = "sdpa" if attention == "flash_attention_2" else attention
    cut_cross_entropy(cfg)
    loader = loader_of(cfg, config)
    loader._set_quantization_config()
    packing = loader.model_kwargs.get("quantization_config")
    model = hf.build_model(config, request.get("architecture"), cfg.torch_dtype, built, packing is not None)
    if packing is not None:
        quantize(model, packing.to_dict() | {"bnb_4bit_compute_dtype": str(packing.bnb_4bit_compute_dtype).removeprefix("torch.")})
    loaded = tensor_dtypes(model)
    loader.model = model
    casts = cast_as_loaded(loader)
    if cfg.adapter:
        with torch.device("meta"):
            model, _ = adapters.load_adapter(loader.model, cfg, cfg.adapter)
    patch(model, cfg, config)
    return Prepared(model, loaded, training_of(cfg, attention), casts, empties_cache=True, reads_values=bool(cfg.cut_cross_entropy))


def cut_cross_entropy(cfg: Any) -> None:
    """Axolotl's plugin puts the forward of its fork in the class; what an earlier run has put there goes first."""
    for owner, forward in cut_forwards.items():
        owner.forward = forward
    cut_forwards.clear()
    if not cfg.cut_cross_entropy:
        return
    with mock.patch.object(torch, "compile", lambda *given, **_: given[0] if given else lambda function: function):
        from axolotl.integrations.cut_cross_entropy import CutCrossEntropyPlugin
        from cut_cross_entropy import cce
    cce.torch.cuda.is_bf16_supported = lambda: True
    FakeTensor.data_ptr = lambda _: 0  # on a card a multiple of 16
    modeling = importlib.import_module(f"transformers.models.{cfg.model_config_type}.modeling_{cfg.model_config_type}")
    owner = next(each for name, each in vars(modeling).items() if name.endswith("ForCausalLM"))
    cut_forwards[owner] = owner.forward
    CutCrossEntropyPlugin().pre_model_load(cfg)


def cast_as_loaded(loader: Any) -> list[tuple[int, torch.dtype]]:
    """`_configure_embedding_dtypes`, and every change of a dtype on its way."""
    casts: list[tuple[int, torch.dtype]] = []
    convert, kbit = ModelLoader._convert_embedding_modules_dtype, ModelLoader._prepare_model_for_quantization

    def noting(run: Any) -> Any:
        def noted(self: Any, *args: Any, **kwargs: Any) -> None:
            before = {id(each): each.dtype for each in self.model.parameters()}
            run(self, *args, **kwargs)
            casts.extend(casts_of(self.model, before))

        return noted

    with mock.patch.multiple(
        ModelLoader, _convert_embedding_modules_dtype=noting(convert), _prepare_model_for_quantization=noting(kbit)
    ):
        loader._configure_embedding_dtypes()
    return casts


def patch(model: torch.nn.Module, cfg: Any, config: Any) -> None:
    """Its kernels in the classes of transformers; what an earlier run has put there goes first."""
    for owner, forward in original_forwards.items():
        owner.forward = forward
        del owner._original_forward
    original_forwards.clear()
    if not any(cfg[name] for name in KERNELS) or not isinstance(model, peft.PeftModel):
        return
    with mock.patch.object(lora_kernels.AutoConfig, "from_pretrained", lambda *_, **__: config):
        owner = lora_kernels.get_attention_cls_from_config(cfg)
        original_forwards[owner] = owner.forward
        if cfg.lora_qkv_kernel or cfg.lora_o_kernel:
            lora_kernels.patch_self_attn_lora(cfg)
    lora_kernels.apply_lora_kernel_patches(model, cfg)


def training_of(cfg: Any, attention: str) -> Training:
    kwargs = cfg.gradient_checkpointing_kwargs or {}
    rows, length = cfg.micro_batch_size or 1, cfg.sequence_len
    return Training(
        per_device_train_batch_size=rows,
        max_length=length,
        packed_sequences=4 * rows if cfg.sample_packing else 0,
        gradient_accumulation_steps=cfg.gradient_accumulation_steps,
        gradient_checkpointing=bool(cfg.gradient_checkpointing),
        use_reentrant=bool(kwargs.get("use_reentrant")),
        optim=str(getattr(cfg.optimizer, "value", cfg.optimizer)),
        bf16=bool(cfg.bf16),
        fp16=bool(cfg.fp16),
        max_grad_norm=1.0 if cfg.max_grad_norm is None else cfg.max_grad_norm,
        attn_implementation=attention,
        loss="hf",
        dtype=str(cfg.torch_dtype).removeprefix("torch."),
    )
