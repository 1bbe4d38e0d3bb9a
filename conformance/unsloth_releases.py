"""What changed between releases of Unsloth, and what a run of it is asked with.

Sources: unsloth/models/llama.py, unsloth/kernels/, unsloth_zoo at the commits that conformance/README.md names.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

MIB = 1 << 20
GIB = 1 << 30

@dataclass(frozen=True)
class Release:
    """What changed between releases of Unsloth (and the transformers beside it)."""

    lora_in_place: bool = True  # 2025.3: addmm_ into the output; before: a second output-sized product, then +=
    weight_buffer: bool = True  # 2025.2/3: one global buffer for the weights unpacked in matmul_lora
    checkpoint: str = "smart"  # "offload": copy to host per layer (until 2025.2); "smart": shared device buffers
    smart_first_pass: bool = False  # offload already in the first forward; before, its layer inputs stay on the device
    double_buffer: bool = False  # second device buffer of the smart checkpoint (2026)
    loss: str = "fused"  # "full", "cce" (full up to 1024 tokens), "fused"
    fused_target_gib: float | None = 1.0  # None: half of the free memory
    fused_target_cap_gib: float = float("inf")  # 2026.7: at most 4 GiB
    chunks_up: bool = False  # 2026.7: one chunk if it fits, else the next multiple of 4
    scales_loss_gradients: bool = False  # 2026.5: the fused loss multiplies its gradients into new ones (zoo 2a4e2a8, 46d587c)
    copies_float32: bool = False  # trained copies of embeddings and head are float32, also of bfloat16 (until c58dc70)
    fused_up_to_1024: bool = True  # False: full logits for batch * length <= 1024
    rope: str = "shared"  # "layer_full", "layer_32k", "layer_32k_and_model" (llama), "layer_32k_and_models" (and qwen2), "shared"
    qkv_bias_fast: bool = False  # q, k, v with a bias go through PEFT's own layers
    gemma_norm_copy: bool = True  # 2024.11: the backward of Gemma's norm writes a new tensor
    roundup: str = ""  # roundup_power2_divisions of the allocator
    expandable: bool = True


RELEASES: dict[str, Release] = {}


def _release(names: str, **changes: Any) -> None:
    for name in names.split():
        RELEASES[name] = Release(**changes)


_OLD = dict(copies_float32=True, lora_in_place=False, weight_buffer=False, checkpoint="offload", loss="full", gemma_norm_copy=False)
_release("2024.1", **_OLD, rope="layer_full", expandable=False)
_release("2024.4 2024.5 2024.6", **_OLD, rope="layer_full")
_release("2024.7", **_OLD, rope="layer_32k")
_release("2024.8 2024.9 2024.10", **_OLD, rope="layer_32k_and_model")
_release("2024.11", **_OLD | {"copies_float32": False}, rope="layer_32k_and_models")
_JAN = dict(lora_in_place=False, weight_buffer=False, checkpoint="offload", loss="cce")
_release("2024.12 2025.1", **_JAN, rope="layer_32k_and_models", roundup="[32:256,64:128,256:64,>:32]")
_release("2025.3 2025.4 2025.5 2025.6 2025.7 2025.8", loss="cce", roundup="[32:256,64:128,256:64,>:32]")
_release("2025.9 2025.10", fused_up_to_1024=False, roundup="[32:256,64:128,256:64,>:32]")
_release("2025.11", fused_target_gib=None, roundup="[32:256,64:128,256:64,>:32]")
_release("2025.12 2026.1 2026.2 2026.3 2026.4", fused_target_gib=None, smart_first_pass=True, roundup="[32:256,64:128,256:64,>:32]")
_release("2026.5 2026.6", scales_loss_gradients=True, fused_target_gib=None, double_buffer=True, smart_first_pass=True)
_release("2026.7 2026.8", scales_loss_gradients=True, fused_target_gib=None, fused_target_cap_gib=4.0, chunks_up=True, double_buffer=True, smart_first_pass=True)


def as_training(values: dict[str, Any]) -> dict[str, Any]:
    """Fields of `training` for the rest of the judge: transformers' Trainer, whose wrapper of outputs and batches Unsloth keeps."""
    own = ("max_seq_length", "lengths", "attn_implementation", "loss")
    rest = {name: value for name, value in values.items() if name not in own}
    return rest | {"attn_implementation": "sdpa", "loss": "hf", "loop": "trainer", "padding": True}


@dataclass(frozen=True)
class Settings:
    """Field `unsloth` of a request."""

    version: str = "2026.8"
    max_seq_length: int = 2048
    attention: str = "xformers"  # or "flash" (Ampere and later with flash-attn)
    compute_capability: float = 7.5
    checkpointing: bool = True
    free_bytes_at_first_loss: int = 8 * GIB  # what the fused loss sees free (releases with fused_target_gib None)
    lengths: tuple[int, ...] = ()  # sequence length of each micro-batch, in order, repeated
    steps: int = 2
    release: Release = field(default_factory=Release)

    @classmethod
    def of_request(cls, request: dict[str, Any]) -> Settings | None:
        """Of a request in the words of lora-calc (`stack: unsloth-2026.8`); undefined where another stack trains."""
        stack = request.get("stack") or ""
        if not stack.startswith("unsloth"):
            return None
        training, device = request.get("training") or {}, request.get("device") or {}
        own = {
            "version": stack.removeprefix("unsloth-"),
            "max_seq_length": training.get("max_seq_length", training.get("max_length", 1024)),
            "attention": "flash" if training.get("attn_implementation") == "flash_attention_2" else "xformers",
            "compute_capability": float(device.get("compute_capability", 8.0)),
            "checkpointing": training.get("gradient_checkpointing", True),
            "lengths": training.get("lengths", ()),
        }
        return cls.from_json((own if stack != "unsloth" else {}) | request.get("unsloth", {}))

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Settings:
        values = dict(values)
        overrides = values.pop("release", {})
        known = {each.name for each in fields(cls)}
        if unknown := sorted(values.keys() - known):
            raise ValueError(f"unknown fields of unsloth: {', '.join(unknown)}")
        settings = cls(**{key: tuple(v) if isinstance(v, list) else v for key, v in values.items()})
        if settings.version not in RELEASES:
            raise ValueError(f"unknown Unsloth version {settings.version}; known: {', '.join(RELEASES)}")
        return replace(settings, release=replace(RELEASES[settings.version], **overrides))
