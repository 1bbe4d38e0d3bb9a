"""Stand-in for Unsloth's autograd functions and Triton kernels, as tensors only; nothing is computed.

Independent code that allocates, keeps and releases what they do. Triton kernels become `torch.empty` of their outputs, or
nothing where they work in place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from unsloth_releases import Settings

if TYPE_CHECKING:
    from unsloth_model import Run

CE_CHUNKED_ABOVE = 65536


class WeightBuffer:
    """Global buffers that matmul_lora unpacks into; they grow with the largest matrix and are kept."""

    def __init__(self) -> None:
        self.weight: torch.Tensor | None = None
        self.absmax: torch.Tensor | None = None

    def take(self, elements: int, blocks: int, dtype: torch.dtype) -> torch.Tensor:
        # resize_ allocates the larger storage while the smaller one lives
        if self.weight is None or elements > self.weight.numel():
            self.weight = torch.empty(elements, dtype=dtype)
        if self.absmax is None or blocks > self.absmax.numel():
            self.absmax = torch.empty(blocks, dtype=torch.float32)
        return self.weight[:elements]


def dequantize(proj: torch.nn.Module, settings: Settings, buffer: WeightBuffer | None = None) -> torch.Tensor:
    """16-bit matrix [out, in] of a projection: new, in the buffer, or the weight itself when it is not packed."""
    base = getattr(proj, "base_layer", proj)
    state = getattr(base.weight, "quant_state", None)
    if state is None:
        return base.weight
    shape = (base.out_features, base.in_features)
    blocks = base.absmax.numel()
    if buffer is not None:
        return buffer.take(shape[0] * shape[1], blocks, state.dtype).view(shape)
    matrix = torch.empty(shape, dtype=state.dtype)
    absmax = torch.empty(blocks, dtype=torch.float32)
    del absmax
    return matrix


def lora_of(proj: torch.nn.Module) -> tuple[torch.Tensor | None, torch.Tensor | None, float]:
    if not hasattr(proj, "lora_A"):
        return None, None, 1.0
    return proj.lora_A["default"].weight, proj.lora_B["default"].weight, proj.scaling["default"]


def matmul_lora(
    x: torch.Tensor, proj: torch.nn.Module, a: Any, b: Any, scale: float, run: Run, transposed: bool = False
) -> torch.Tensor:
    """x @ W (+ LoRA), or x @ W.T in the backward with `a`, `b` already exchanged."""
    dtype = x.dtype
    shape = x.shape
    if x.dim() == 3:
        x = x.view(-1, shape[-1])
    release = run.settings.release
    matrix = dequantize(proj, run.settings, run.buffer if release.weight_buffer else None)
    out = torch.matmul(x, matrix if transposed else matrix.t())
    del matrix
    if a is not None:
        a, b = a.t(), b.t()
        if release.lora_in_place:
            low = torch.matmul(x, a.to(dtype))
            out.addmm_(low, b.to(dtype), alpha=scale)
        else:
            out += (x @ a.to(dtype)) @ (scale * b.to(dtype))
    return out.view(*shape[:-1], -1) if len(shape) == 3 else out


def lora_gradients(x, dy, a, b, scale, in_place):
    """Gradients of A.t() and B.t() for y = x @ A @ B."""
    if in_place:
        da, db = torch.empty_like(a), torch.empty_like(b)
        da.addmm_(x.t(), dy @ b.t(), alpha=scale, beta=0)
        db.addmm_(a.t() @ x.t(), dy, alpha=scale, beta=0)
    else:
        da = x.t() @ (dy @ b.t())
        db = (a.t() @ x.t()) @ dy
        da *= scale
        db *= scale
    return da, db


def in_autocast(function: Callable) -> Callable:
    """`custom_bwd`: the backward runs under the autocast state of the forward."""

    def backward(ctx, *gradients):
        with torch.autocast("cpu", dtype=ctx.autocast or torch.float16, enabled=ctx.autocast is not None):
            return function(ctx, *gradients)

    return backward


def remember_autocast(ctx: Any) -> None:
    ctx.autocast = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else None


class LoraMlp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, mlp, run, ga, gb, ua, ub, da, db):
        remember_autocast(ctx)
        scales = [lora_of(p)[2] for p in (mlp.gate_proj, mlp.up_proj, mlp.down_proj)]
        e = matmul_lora(x, mlp.gate_proj, ga, gb, scales[0], run)
        g = matmul_lora(x, mlp.up_proj, ua, ub, scales[1], run)
        h = torch.empty_like(e)
        i = matmul_lora(h, mlp.down_proj, da, db, scales[2], run)
        ctx.mlp, ctx.run, ctx.scales = mlp, run, scales
        ctx.save_for_backward(ga, gb, ua, ub, da, db, x, e, g)
        return i

    @staticmethod
    @in_autocast
    def backward(ctx, dy):
        mlp, run, (gs, us, ds) = ctx.mlp, ctx.run, ctx.scales
        ga, gb, ua, ub, da, db, x, e, g = ctx.saved_tensors
        in_place = run.settings.release.lora_in_place
        shape = x.shape
        dy, x = dy.reshape(-1, dy.shape[-1]), x.view(-1, x.shape[-1])
        e, g = e.view(-1, e.shape[-1]), g.view(-1, g.shape[-1])
        dtype = x.dtype
        if in_place:
            ga, gb, ua, ub, da, db = (t.to(dtype) for t in (ga, gb, ua, ub, da, db))
        ga, gb, ua, ub, da, db = (t.t() for t in (ga, gb, ua, ub, da, db))
        dw = matmul_lora(dy, mlp.down_proj, db, da, ds, run, transposed=True)
        h, df, de = dw, e, g  # written in place
        d_da, d_db = lora_gradients(h, dy, da, db, ds, in_place)
        d_ua, d_ub = lora_gradients(x, df, ua, ub, us, in_place)
        d_ga, d_gb = lora_gradients(x, de, ga, gb, gs, in_place)
        up = dequantize(mlp.up_proj, run.settings)
        dx = torch.matmul(df, up, out=x.detach())
        del up
        if in_place:
            dx.addmm_(df @ ub.t(), ua.t(), alpha=us)
            gate = dequantize(mlp.gate_proj, run.settings)
            dx.addmm_(de, gate)
            del gate
            dx.addmm_(de @ gb.t(), ga.t(), alpha=gs)
        else:
            dx += df @ ub.to(dtype).t() @ (us * ua.to(dtype).t())
            gate = dequantize(mlp.gate_proj, run.settings)
            dx += de @ gate
            del gate
            dx += de @ gb.to(dtype).t() @ (gs * ga.to(dtype).t())
        return dx.view(shape), None, None, d_ga.t(), d_gb.t(), d_ua.t(), d_ub.t(), d_da.t(), d_db.t()


class LoraQkv(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, attention, run, qa, qb, ka, kb, va, vb):
        remember_autocast(ctx)
        projections = (attention.q_proj, attention.k_proj, attention.v_proj)
        pairs = ((qa, qb), (ka, kb), (va, vb))
        q, k, v = (matmul_lora(x, p, a, b, lora_of(p)[2], run) for p, (a, b) in zip(projections, pairs))
        ctx.projections, ctx.run = projections, run
        ctx.save_for_backward(x, qa, qb, ka, kb, va, vb)
        return q, k, v

    @staticmethod
    @in_autocast
    def backward(ctx, dq, dk, dv):
        run = ctx.run
        x, *loras = ctx.saved_tensors
        in_place = run.settings.release.lora_in_place
        shape = x.shape
        gradients = [d.reshape(-1, d.shape[-1]) for d in (dq, dk, dv)]
        x = x.view(-1, x.shape[-1])
        dtype = x.dtype
        if in_place:
            loras = [t.to(dtype) for t in loras]
        loras = [t.t() for t in loras]
        pairs = list(zip(loras[::2], loras[1::2]))
        scales = [lora_of(p)[2] for p in ctx.projections]
        results = [lora_gradients(x, d, a, b, s, in_place) for d, (a, b), s in zip(gradients, pairs, scales)]
        dx = None
        for d, proj, (a, b), scale in zip(gradients, ctx.projections, pairs, scales):
            matrix = dequantize(proj, run.settings)
            if dx is None:
                dx = torch.matmul(d, matrix, out=x.detach())
            elif in_place:
                dx.addmm_(d, matrix)
            else:
                dx += d @ matrix
            del matrix
            if in_place:
                dx.addmm_(d @ b.t(), a.t(), alpha=scale)
            else:
                dx += d @ b.to(dtype).t() @ (scale * a.to(dtype).t())
        flat = [t.t() for pair in results for t in pair]
        return dx.view(shape), None, None, *flat


class LoraLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, proj, run, a, b):
        remember_autocast(ctx)
        out = matmul_lora(x, proj, a, b, lora_of(proj)[2], run)
        ctx.proj, ctx.run = proj, run
        ctx.save_for_backward(a, b, x)
        return out

    @staticmethod
    @in_autocast
    def backward(ctx, dy):
        run, proj = ctx.run, ctx.proj
        a, b, x = ctx.saved_tensors
        in_place = run.settings.release.lora_in_place
        scale = lora_of(proj)[2]
        shape = x.shape
        dy, x = dy.reshape(-1, dy.shape[-1]), x.reshape(-1, x.shape[-1])
        dtype = x.dtype
        if in_place:
            a, b = a.to(dtype), b.to(dtype)
        a, b = a.t(), b.t()
        da, db = lora_gradients(x, dy, a, b, scale, in_place)
        matrix = dequantize(proj, run.settings)
        dx = dy @ matrix
        del matrix
        if in_place:
            dx.addmm_(dy @ b.t(), a.t(), alpha=scale)
        else:
            dx += dy @ b.to(dtype).t() @ (scale * a.to(dtype).t())
        return dx.view(shape), None, None, da.t(), db.t()


class RmsNorm(torch.autograd.Function):
    """One kernel: new output and one float per row; the backward overwrites the incoming gradient."""

    @staticmethod
    def forward(ctx, x, weight, copy):
        shape = x.shape
        x = x.reshape(-1, shape[-1])
        y = torch.empty_like(x)
        r = torch.empty(x.shape[0], dtype=torch.float32)
        ctx.copy = copy
        ctx.save_for_backward(x, weight, r)
        return y.view(shape)

    @staticmethod
    def backward(ctx, dy):
        shape = dy.shape
        dy = dy.reshape(-1, shape[-1])
        x, weight, r = ctx.saved_tensors
        dx = torch.empty_like(dy) if ctx.copy else dy
        return dx.view(shape), None, None


class RoPE(torch.autograd.Function):
    """Rotates in place, forward and backward."""

    @staticmethod
    def forward(ctx, q):
        batch, length, heads, dim = q.shape
        q = q.reshape(batch * length, heads * dim)
        return q.view(batch, length, heads, dim)

    @staticmethod
    def backward(ctx, dy):
        batch, length, heads, dim = dy.shape
        dy = dy.reshape(batch * length, heads * dim)
        return dy.view(batch, length, heads, dim)


def cutlass_forward(q, k, v, needs_lse, settings):
    """xformers' CUTLASS kernel: output, log-sum-exp; above 128 dimensions a float32 accumulator."""
    batch, length, heads, dim = q.shape
    out = torch.empty(batch, length, heads, v.shape[-1], dtype=q.dtype)
    lse = torch.empty(batch, heads, -(-length // 32) * 32 if needs_lse else 0, dtype=torch.float32)
    if dim > 128 and settings.compute_capability < 8:
        accumulator = torch.empty(batch, length, heads, v.shape[-1], dtype=torch.float32)
        del accumulator
    return out, lse


POOL_STREAMS = 32  # CUDA streams per device that torch.cuda.Stream() deals out in turn


def grouped_forward(q, k, v, run):
    """xformers' CUTLASS kernel without gradients on grouped keys: every key head but the first on a stream of its own.

    Blocks of a stream serve that stream only, so each of the 32 streams ends up with memory of its own.
    """
    parts = []
    for head in range(k.shape[2]):
        if head:
            run.streams += 1
            run.tape.stream = 1 + run.streams % POOL_STREAMS
        parts.append(cutlass_forward(q[:, :, head], k[:, :, head], v[:, :, head], False, run.settings)[0])
    run.tape.stream = 0
    return torch.stack(parts, dim=2)


class MemoryEfficientAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx, q, k, v, settings):
        out, lse = cutlass_forward(q, k, v, True, settings)
        ctx.settings = settings
        ctx.save_for_backward(q, k, v, out, lse)
        return out

    @staticmethod
    def backward(ctx, gradient):
        q, k, v, out, lse = ctx.saved_tensors
        gradient = gradient.contiguous()
        dq, dk, dv = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
        batch, length, heads, dim = q.shape
        if ctx.settings.compute_capability >= 8:  # xformers' flash operator
            rows = -(-length // 128) * 128
            delta = torch.empty(batch, heads, rows, dtype=torch.float32)
            accumulator = torch.empty(batch, rows, heads, dim, dtype=torch.float32)
            del accumulator, delta
            return dq, dk, dv, None
        delta = torch.empty(batch, heads, length, dtype=torch.float32)
        rows = -(-length // 64) * 64
        workspace = torch.empty(batch * heads * rows * -(-dim // 64) * 64, dtype=torch.float32)  # dQ in float32
        del workspace, delta
        return dq, dk, dv, None


class HostCopy:
    """A tensor that was moved to host memory: only its shape is left on the device."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.shape, self.dtype = tensor.shape, tensor.dtype

    def back(self) -> torch.Tensor:
        return torch.empty(self.shape, dtype=self.dtype)


class OffloadedCheckpoint(torch.autograd.Function):
    """Input of the layer goes to the host; the backward brings it back and runs the layer again."""

    @staticmethod
    def forward(ctx, layer, hidden_states, run):
        remember_autocast(ctx)
        ctx.layer = layer
        run.before_layer(ctx, hidden_states)
        with torch.no_grad():
            output = layer(hidden_states)
        return output

    @staticmethod
    @in_autocast
    def backward(ctx, dy):
        hidden_states = ctx.run.layer_input(ctx).detach()
        hidden_states.requires_grad_(True)
        with torch.enable_grad():
            output = ctx.layer(hidden_states)
        torch.autograd.backward(output, dy)
        return None, hidden_states.grad, None


class FastCrossEntropy(torch.autograd.Function):
    """Logits of any dtype in, one float per row out; the backward overwrites the logits."""

    @staticmethod
    def forward(ctx, logits, labels):
        rows, vocabulary = logits.shape
        losses = torch.empty(rows, dtype=torch.float32)
        if vocabulary <= CE_CHUNKED_ABOVE:
            lse = torch.empty(rows, dtype=torch.float32)
        else:
            lse = torch.empty(rows, -(-vocabulary // CE_CHUNKED_ABOVE), dtype=torch.float32)
            lse = torch.logsumexp(lse, dim=1)
            losses += lse
            losses.masked_fill_(labels == -100, 0)
        ctx.save_for_backward(logits, lse, labels)
        return losses

    @staticmethod
    def backward(ctx, dlosses):
        logits, _, _ = ctx.saved_tensors
        return logits, None


class CutCrossEntropy(torch.autograd.Function):
    """apple/ml-cross-entropy: log-sum-exp per row; the backward makes the gradient of the hidden states."""

    @staticmethod
    def forward(ctx, hidden, labels):
        rows = hidden.shape[0]
        losses, lse = torch.empty(rows, dtype=torch.float32), torch.empty(rows, dtype=torch.float32)
        ctx.save_for_backward(hidden, lse, labels)
        return losses

    @staticmethod
    def backward(ctx, dlosses):
        hidden, _, _ = ctx.saved_tensors
        return torch.zeros_like(hidden), None


class FusedCrossEntropy(torch.autograd.Function):
    """Chunks of rows; each chunk's gradients are made in the forward (logits, their gradient, that of rows and of a trained head).

    Compiled as a whole: softmax reads 16-bit logits, and a float32 head is cast by autocast for every chunk.
    """

    @staticmethod
    def forward(ctx, hidden, weight, labels, chunks, scales):
        gradient = torch.empty_like(hidden)
        of_weight = torch.zeros_like(weight) if weight.requires_grad else None
        flat, slots = hidden.view(-1, hidden.shape[-1]), gradient.view(-1, hidden.shape[-1])
        loss = torch.zeros(1)[0]
        parts = torch.chunk(labels.view(-1), chunks)
        for rows, slot, part in zip(torch.chunk(flat, chunks), torch.chunk(slots, chunks), parts):
            head = torch.empty_like(weight, dtype=hidden.dtype) if weight.dtype != hidden.dtype else weight
            logits = torch.mm(rows, head.t())
            lse = torch.empty(rows.shape[0], dtype=torch.float32)
            d_logits = torch.empty_like(logits)
            del logits, lse
            d_rows = torch.mm(d_logits, head)
            del head
            d_weight = torch.mm(d_logits.t(), rows) if of_weight is not None else None
            del d_logits
            slot.copy_(d_rows)
            del d_rows
            if of_weight is not None:
                of_weight.add_(d_weight)
            del d_weight
        ctx.save_for_backward(gradient, of_weight)
        ctx.scales = scales
        return loss

    @staticmethod
    def backward(ctx, dloss):
        gradient, of_weight = ctx.saved_tensors
        if ctx.scales:
            mean = dloss.detach().float().mean()
            factor = mean / 1.0
            gradient = gradient * factor
            of_weight = None if of_weight is None else of_weight * factor
        return gradient, of_weight, None, None, None
