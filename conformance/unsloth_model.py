"""Stand-in for Unsloth: the forwards that it puts in place of transformers', its checkpoints, loss and load.

Families: dense decoders of transformers whose path is Unsloth's own (llama, mistral, qwen2, qwen3, gemma; gemma2 roughly).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from loading import Moves, materialize, tensor_sites
from transformers.modeling_outputs import CausalLMOutputWithPast
from unsloth_kernels import (
    CutCrossEntropy,
    FastCrossEntropy,
    FusedCrossEntropy,
    HostCopy,
    LoraLinear,
    LoraMlp,
    LoraQkv,
    MemoryEfficientAttention,
    OffloadedCheckpoint,
    RmsNorm,
    RoPE,
    WeightBuffer,
    cutlass_forward,
    grouped_forward,
    lora_of,
)
from unsloth_releases import GIB, MIB, Settings

FAMILIES = ("llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2")
SMART_INITIAL_ELEMENTS = 2 * 256 * 2048  # GPU buffer of the smart checkpoint before the first resize
ROPE_INITIAL = 4 * 8192


class Run:
    """State that Unsloth keeps globally: weight buffer and checkpoint buffers."""

    def __init__(self, settings: Settings, dtype: torch.dtype, tape: Any) -> None:
        self.settings, self.dtype, self.tape = settings, dtype, tape
        self.streams = 0
        self.buffer = WeightBuffer()
        self.smart: torch.Tensor | None = None
        self.smart_b: torch.Tensor | None = None
        self.first_pass, self.last, self.current = True, 0, 0
        self.slot = 0
        self.chunks: dict[int, float] = {}

    def initialize(self) -> None:
        """Buffers that `get_peft_model` (or the loader) creates before training."""
        if self.settings.release.checkpoint == "smart" and self.settings.checkpointing:
            self.smart = torch.empty(SMART_INITIAL_ELEMENTS, dtype=self.dtype)
            if self.settings.release.double_buffer:
                self.smart_b = torch.empty(SMART_INITIAL_ELEMENTS, dtype=self.dtype)

    def before_layer(self, ctx: Any, hidden: torch.Tensor) -> None:
        ctx.run = self
        if self.settings.release.checkpoint == "offload":
            ctx.host = HostCopy(hidden)
            return
        self.last += self.first_pass
        self.current += 1
        elements, minimum = hidden.numel(), 2 * MIB // hidden.dtype.itemsize
        first = self.first_pass and self.settings.release.smart_first_pass
        if elements > minimum and (self.current != self.last or first):
            if elements > self.smart.numel():
                self.smart = torch.empty(elements, dtype=hidden.dtype)
            double = self.smart_b is not None and not self.first_pass
            if double and elements > self.smart_b.numel():
                self.smart_b = torch.empty(elements, dtype=hidden.dtype)
            ctx.host, ctx.slot = hidden.shape, self.slot if double else 0
            self.slot ^= 1
        else:
            ctx.host = None
            ctx.save_for_backward(hidden)

    def layer_input(self, ctx: Any) -> torch.Tensor:
        if self.settings.release.checkpoint == "offload":
            return ctx.host.back()
        self.first_pass, self.current = False, 0
        if ctx.host is None:
            return ctx.saved_tensors[0]
        buffer = self.smart_b if ctx.slot and self.smart_b is not None else self.smart
        return buffer[: math.prod(ctx.host)].view(ctx.host)

    def fused_chunks(self, batch: int, length: int, vocabulary: int) -> int:
        target = self.settings.release.fused_target_gib
        if target is None:
            target = min(self.settings.free_bytes_at_first_loss / GIB * 0.5, self.settings.release.fused_target_cap_gib)
        splits = batch * length * vocabulary * 4 / GIB / target / 4
        if self.settings.release.chunks_up:
            return 1 if splits * 4 <= 1 + 1e-9 else math.ceil(splits - 1e-9) * 4
        return max(round(splits) * 4, 1)


def fast(*projections: torch.nn.Module, run: Run) -> bool:
    """All have adapters without dropout, and no bias where the release minds it."""
    for proj in projections:
        if not hasattr(proj, "lora_A") or not isinstance(proj.lora_dropout["default"], torch.nn.Identity):
            return False
        base = getattr(proj, "base_layer", proj)
        if base.bias is not None and not run.settings.release.qkv_bias_fast:
            return False
    return True


def softcap_attention(q, k, v, mask, attention):
    """Gemma 2 before flash-attn with softcapping: one compiled function of pointwise operators and two products.

    Modelled as Inductor fuses it: scores and probabilities in the dtype of q, row maxima and sums in float32.
    """
    return SoftcapAttention.apply(q, k, v)


class SoftcapAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx, q, k, v):
        batch, heads, length, dim = q.shape
        groups = heads // k.shape[1]
        scaled = torch.empty_like(q)
        keys = torch.empty(batch, heads, length, dim, dtype=k.dtype) if groups > 1 else k.contiguous()
        scores = torch.empty(batch * heads, length, length, dtype=q.dtype)  # kept for the backward
        maxima = torch.empty(batch * heads, length, 1, dtype=torch.float32)
        sums = torch.empty(batch * heads, length, 1, dtype=torch.float32)
        probabilities = torch.empty(batch * heads, length, length, dtype=q.dtype)
        values = torch.empty(batch, heads, length, dim, dtype=v.dtype) if groups > 1 else v.contiguous()
        out = torch.empty(batch * heads, length, dim, dtype=q.dtype)
        result = torch.empty(batch, length, heads, dim, dtype=q.dtype)
        ctx.groups, ctx.kv = groups, k.shape
        ctx.save_for_backward(scaled, keys, scores, maxima, sums, probabilities, values)
        return result

    @staticmethod
    def backward(ctx, gradient):
        scaled, keys, scores, maxima, sums, probabilities, values = ctx.saved_tensors
        batch, heads, length, dim = scaled.shape
        g = torch.empty(batch * heads, length, dim, dtype=gradient.dtype)
        dv = torch.empty_like(g)
        dp = torch.empty_like(probabilities)
        del g
        rows = torch.empty(batch * heads, length, 1, dtype=torch.float32)
        ds = torch.empty_like(scores)
        del dp, rows
        dk, dq = torch.empty_like(dv), torch.empty_like(dv)
        del ds
        dq_out = torch.empty(batch, heads, length, dim, dtype=gradient.dtype)
        del dq
        dk_out, dv_out = torch.empty(ctx.kv, dtype=gradient.dtype), torch.empty(ctx.kv, dtype=gradient.dtype)
        return dq_out, dk_out, dv_out


class CompiledNorm(torch.autograd.Function):
    """Gemma 2's norm until 2024.11: a compiled function; keeps its input and one float per row."""

    @staticmethod
    def forward(ctx, x):
        r = torch.empty(*x.shape[:-1], 1, dtype=torch.float32)
        y = torch.empty_like(x)
        ctx.save_for_backward(x, r)
        return y

    @staticmethod
    def backward(ctx, dy):
        x, _ = ctx.saved_tensors
        return torch.empty_like(x)


def attention_forward(attention: torch.nn.Module, hidden_states: torch.Tensor, run: Run) -> torch.Tensor:
    batch, length, _ = hidden_states.shape
    dim = attention.head_dim
    config = attention.config
    heads, kv_heads = config.num_attention_heads, config.num_key_value_heads
    groups = heads // kv_heads
    projections = (attention.q_proj, attention.k_proj, attention.v_proj)
    if fast(*projections, run=run):
        loras = [t for p in projections for t in lora_of(p)[:2]]
        q, k, v = LoraQkv.apply(hidden_states, attention, run, *loras)
    else:
        q, k, v = (p(hidden_states) for p in projections)
    q = q.view(batch, length, heads, dim)
    k = k.view(batch, length, kv_heads, dim)
    v = v.view(batch, length, kv_heads, dim).transpose(1, 2)
    if hasattr(attention, "q_norm"):
        q = RmsNorm.apply(q, attention.q_norm.weight, False)
        k = RmsNorm.apply(k, attention.k_norm.weight, False)
    q, k = q.transpose(1, 2), k.transpose(1, 2)
    q = RoPE.apply(q.transpose(1, 2)).transpose(1, 2)
    k = RoPE.apply(k.transpose(1, 2)).transpose(1, 2)
    if config.model_type == "gemma2":
        a = softcap_attention(q, k, v, None, attention).reshape(batch, length, heads * dim)
    else:
        q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
        if run.settings.attention == "flash":
            a = flash(q, k, v, run.settings)
        else:
            if groups != 1:
                k = k.view(batch, length, kv_heads, 1, dim).expand(batch, length, kv_heads, groups, dim)
                v = v.view(batch, length, kv_heads, 1, dim).expand(batch, length, kv_heads, groups, dim)
                if hidden_states.requires_grad:
                    k, v = k.reshape(batch, length, heads, dim), v.reshape(batch, length, heads, dim)
                elif run.settings.compute_capability < 8:
                    q = q.view(batch, length, kv_heads, groups, dim)
            if hidden_states.requires_grad:
                a = MemoryEfficientAttention.apply(q, k, v, run.settings)
            elif groups == 1 or run.settings.compute_capability >= 8:  # flash takes grouped keys as they are
                q = q.reshape(batch, length, heads, dim)
                a = cutlass_forward(q, k, v, False, run.settings)[0]
            else:
                a = grouped_forward(q, k, v, run)
        a = a.view(batch, length, heads, dim).reshape(batch, length, heads * dim)
    o_proj = attention.o_proj
    if fast(o_proj, run=run):
        return LoraLinear.apply(a, o_proj, run, *lora_of(o_proj)[:2])
    return o_proj(a)


class FlashAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx, q, k, v):
        out = torch.empty_like(q)
        lse = torch.empty(q.shape[0], q.shape[2], q.shape[1], dtype=torch.float32)
        ctx.save_for_backward(q, k, v, out, lse)
        return out

    @staticmethod
    def backward(ctx, gradient):
        q, k, v, out, lse = ctx.saved_tensors
        gradient = gradient.contiguous()
        dq, dk, dv = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
        batch, length, heads, dim = q.shape
        rounded = -(-length // 128) * 128
        d = torch.empty(batch, heads, rounded, dtype=torch.float32)
        accumulator = torch.empty(batch, rounded, heads, dim, dtype=torch.float32)
        if k.shape[2] != heads:
            dk_all, dv_all = (torch.empty(batch, length, heads, dim, dtype=k.dtype) for _ in range(2))
            del dk_all, dv_all  # summed into dk and dv (`at::sum_out` in csrc/flash_attn/flash_api.cpp)
        del d, accumulator
        return dq, dk, dv


def flash(q, k, v, settings):
    if torch.is_grad_enabled() and q.requires_grad:
        return FlashAttention.apply(q, k, v)
    lse = torch.empty(q.shape[0], q.shape[2], q.shape[1], dtype=torch.float32)
    del lse
    return torch.empty_like(q)


def mlp_forward(mlp: torch.nn.Module, x: torch.Tensor, run: Run) -> torch.Tensor:
    projections = (mlp.gate_proj, mlp.up_proj, mlp.down_proj)
    if fast(*projections, run=run):
        loras = [t for p in projections for t in lora_of(p)[:2]]
        return LoraMlp.apply(x, mlp, run, *loras)
    return mlp.down_proj(mlp.act_fn(mlp.gate_proj(x)) * mlp.up_proj(x))


def norm(module: torch.nn.Module, x: torch.Tensor, run: Run, model_type: str) -> torch.Tensor:
    if model_type == "gemma2" and not run.settings.release.gemma_norm_copy:
        return CompiledNorm.apply(x) if torch.is_grad_enabled() else CompiledNorm.forward(_Discard(), x)
    copy = model_type.startswith("gemma") and run.settings.release.gemma_norm_copy
    return RmsNorm.apply(x, module.weight, copy)


class _Discard:
    def save_for_backward(self, *_: Any) -> None:
        pass


def layer_forward(layer: torch.nn.Module, hidden_states: torch.Tensor, run: Run, model_type: str) -> torch.Tensor:
    residual = hidden_states
    hidden_states = norm(layer.input_layernorm, hidden_states, run, model_type)
    hidden_states = layer.self_attn(hidden_states)
    if model_type == "gemma2":
        hidden_states = norm(layer.post_attention_layernorm, hidden_states, run, model_type)
    hidden_states = residual + hidden_states
    residual = hidden_states
    second = layer.pre_feedforward_layernorm if model_type == "gemma2" else layer.post_attention_layernorm
    hidden_states = norm(second, hidden_states, run, model_type)
    hidden_states = layer.mlp(hidden_states)
    if model_type == "gemma2":
        hidden_states = norm(layer.post_feedforward_layernorm, hidden_states, run, model_type)
    hidden_states = residual + hidden_states
    return hidden_states


def model_forward(model: torch.nn.Module, input_ids: torch.Tensor, run: Run) -> torch.Tensor:
    inputs_embeds = model.embed_tokens(input_ids)
    inputs_embeds = inputs_embeds.to(run.dtype)
    model_type = model.config.model_type
    if model_type.startswith("gemma"):
        if model.embed_tokens.weight.requires_grad:
            inputs_embeds = inputs_embeds * 1.0
        else:  # detached, scaled in place, gradient switched on again
            inputs_embeds = inputs_embeds.detach()
            inputs_embeds *= 1.0
            inputs_embeds.requires_grad_(True)
    hidden_states = inputs_embeds
    for layer in model.layers:
        if run.settings.checkpointing and torch.is_grad_enabled():
            hidden_states = OffloadedCheckpoint.apply(layer, hidden_states, run)
        else:
            hidden_states = layer(hidden_states)
    copy = model_type.startswith("gemma") and run.settings.release.gemma_norm_copy
    return RmsNorm.apply(hidden_states, model.norm.weight, copy)


def causal_lm_forward(lm: torch.nn.Module, run: Run, input_ids=None, labels=None, **_: Any) -> CausalLMOutputWithPast:
    hidden_states = model_forward(lm.model, input_ids, run)
    batch, length, _ = hidden_states.shape
    weight = lm.lm_head.weight if not hasattr(lm.lm_head, "modules_to_save") else lm.lm_head.modules_to_save["default"].weight
    release = run.settings.release
    short = batch * length <= 1024
    if release.loss == "full" or (release.loss == "cce" and short) or (short and not release.fused_up_to_1024):
        logits = lm.lm_head(hidden_states.to(weight.dtype))
        logits = logits.to(run.dtype)
        if release.loss == "full":
            shift_labels = torch.hstack((labels[..., 1:], torch.full((labels.shape[0], 1), -100)))
        else:
            shift_labels = torch.empty_like(labels)
        loss = FastCrossEntropy.apply(logits.view(batch * length, -1), shift_labels.view(-1))
        loss = loss.sum() / torch.count_nonzero(shift_labels != -100)
        return CausalLMOutputWithPast(loss=loss, logits=logits)
    if release.loss == "cce":
        rows = hidden_states[..., :-1, :].reshape(-1, hidden_states.shape[-1])
        loss = CutCrossEntropy.apply(rows, labels[..., 1:].reshape(-1)).sum() / rows.shape[0]
    else:
        chunks = run.fused_chunks(batch, length, weight.shape[0])
        loss = FusedCrossEntropy.apply(hidden_states, weight, torch.empty_like(labels), chunks, release.scales_loss_gradients)
    return CausalLMOutputWithPast(loss=loss, logits=torch.empty(0))


def trained_copies(model: torch.nn.Module, settings: Settings) -> Moves:
    """Copies of embeddings and head that train; with checkpoints their originals are on the disk before (`offload_to_disk`)."""
    wrappers = [module for module in model.modules() if hasattr(module, "original_module") and hasattr(module, "modules_to_save")]
    for wrapper in wrappers:  # the embedding that comes back from the disk is torch's own, which scales nothing
        for each in wrapper.modules_to_save.values():
            if isinstance(each, torch.nn.Embedding):
                each.__class__ = torch.nn.Embedding
                each._buffers.clear()
    late = {id(each): copied(each.dtype, settings) for wrapper in wrappers for each in wrapper.modules_to_save.parameters()}
    originals = {id(wrapper.original_module) for wrapper in wrappers}
    elsewhere = {id(tensor) for module, _, tensor in tensor_sites(model) if id(module) not in originals}
    within = {id(each) for wrapper in wrappers for each in wrapper.original_module.parameters()}
    return Moves(frozenset(within - elsewhere) if settings.checkpointing else frozenset(), late)


def copied(dtype: torch.dtype, settings: Settings) -> Callable[[torch.Size], torch.Tensor]:
    """float16 becomes float32, until 2024.10 bfloat16, too.

    From the host, where the original lies, too: `to(device, float32, non_blocking=True)` converts on the device, from a 16-bit copy beside
    the result (torch aten/src/ATen/native/cuda/Copy.cu `copy_kernel_cuda`).
    """
    if dtype != torch.float16 and not settings.release.copies_float32:
        return lambda shape: torch.empty(shape, dtype=dtype)

    def widened(shape: torch.Size) -> torch.Tensor:
        before = None if settings.checkpointing else torch.empty(shape, dtype=dtype)
        wide = torch.empty(shape, dtype=torch.float32)
        if before is None:
            torch.empty(shape, dtype=dtype)
        return wide

    return widened


def patch(model: torch.nn.Module, settings: Settings, tape: Any) -> Run:
    """Replace the forwards of a model with adapters; returns the state of the run."""
    lm = model.get_base_model() if hasattr(model, "get_base_model") else model
    model_type = lm.config.model_type
    if model_type not in FAMILIES:
        raise ValueError(f"no stand-in for {model_type}; known: {', '.join(FAMILIES)}")
    run = Run(settings, lm.dtype if lm.dtype != torch.float32 else torch.float16, tape)
    lm.forward = lambda **inputs: causal_lm_forward(lm, run, **inputs)
    for layer in lm.model.layers:
        layer.forward = lambda hidden_states, layer=layer: layer_forward(layer, hidden_states, run, model_type)
        layer.gradient_checkpointing = False
        layer.self_attn.forward = lambda x, a=layer.self_attn: attention_forward(a, x, run)
        layer.mlp.forward = lambda x, m=layer.mlp: mlp_forward(m, x, run)
    return run


def rope_tables(config: Any, settings: Settings) -> list[torch.Tensor]:
    """Cosines and sines that Unsloth's rotary modules hold."""
    dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    positions = max(settings.max_seq_length, config.max_position_embeddings)
    size, original = min(ROPE_INITIAL, positions), getattr(config, "unsloth_long_rope", None)
    dtype = torch.float32 if config.model_type.startswith("gemma") else torch.float16
    layers, rope = config.num_hidden_layers, settings.release.rope
    tables: list[torch.Tensor] = []

    def add(count: int, rows: int) -> None:
        for _ in range(2 * count):
            tables.append(torch.empty(rows, dim, dtype=dtype))

    if original:
        add(layers, original)
    elif rope == "layer_full":
        add(layers, positions)
    elif rope == "layer_32k":
        add(layers, size)
    elif rope == "layer_32k_and_model":
        add(layers + (config.model_type == "llama"), size)
    elif rope == "layer_32k_and_models":  # transformers 4.46
        add(layers + (config.model_type in ("llama", "qwen2")), size)
    else:
        add(1, size)
    return tables


def load_unsloth(model: torch.nn.Module, loaded: dict[int, torch.dtype], settings: Settings, tape: Any) -> None:
    """Model with rotary tables, adapters, and what is on the device beside them before training: label column, checkpoint buffers."""
    run = patch(model, settings, tape)
    lm = model.get_base_model() if hasattr(model, "get_base_model") else model

    def load_tables() -> None:
        run.kept = rope_tables(lm.config, settings)

    materialize(model, loaded, tape, is_packed_already=True, moves=trained_copies(model, settings), when_read=load_tables)
    kind = tape.kind
    tape.kind = "weights"
    if run.settings.release.loss == "full":
        run.kept.append(torch.empty(run.settings.max_seq_length, 1, dtype=torch.long))
    tape.kind = "workspace"
    run.initialize()
    tape.kind = kind
    lm.unsloth_run = run
