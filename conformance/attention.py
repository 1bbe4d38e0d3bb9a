"""`scaled_dot_product_attention` as torch 2.11 to 2.14 runs it on a CUDA card: which kernel, and what the kernel allocates.

The choice is that of `sdp_utils.cpp`, of the compiled `check_cudnn_tensor_shapes` and of the headers in the wheels (`ATen/native/transformers`), the buffers inside the
fused kernels are those of `attention.cu`, `attention_backward.cu`, `flash_api.cpp`, `kernel_backward.h` and
cudnn-frontend's `scaled_dot_product_flash_attention.h`. `README.md`, "Attention", lists the rules with their sources.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

HALF = (torch.bfloat16, torch.float16)
FLASH_MAX_HEAD_DIM = 256
CUDNN_MAX_HEAD_DIM = 128
# The first torch whose efficient kernel takes fewer heads of keys than of queries, and whose cuDNN (9.24) differentiates heads of 256.
GROUPS_SINCE = (2, 14)
# Cards with 99 KiB of shared memory a block, on which flash has no backward for some head sizes.
SMALL_SHARED_MEMORY = (86, 87, 89, 120, 121)
aten = torch.ops.aten


@dataclass(frozen=True)
class Device:
    """What of the card and of the wheel decides a kernel."""

    compute_capability: float = 8.0
    cuda: str = "13.0"
    torch: str = torch.__version__

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Device:
        return cls(**values)

    @property
    def sm(self) -> int:
        return round(self.compute_capability * 10)

    @property
    def prefers_cudnn(self) -> bool:
        """Wheels of CUDA 13 carry cuDNN 9.20 and put it first on Hopper and data-center Blackwell."""
        return self.sm in (90, 100, 103) and int(self.cuda.split(".")[0]) >= 13

    @property
    def is_since_groups(self) -> bool:
        return tuple(int(part) for part in self.torch.split(".")[:2]) >= GROUPS_SINCE

    def cudnn_takes(self, dim: int, dim_v: int, requires_grad: bool) -> bool:
        """`check_cudnn_tensor_shapes` and, since 2.14, `check_cudnn_d256_bprop_head_dim`; the width of 192 is that of MLA."""
        is_mla = (dim, dim_v) == (192, 128)
        if self.is_since_groups:
            differentiates = max(dim, dim_v) <= CUDNN_MAX_HEAD_DIM or is_mla or dim == dim_v == 256
            return max(dim, dim_v) <= 256 and (differentiates or not requires_grad)
        limit = 256 if self.sm == 90 else 192 if is_mla else CUDNN_MAX_HEAD_DIM
        return max(dim, dim_v) <= limit


def kernel_of(
    device: Device,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    dropout_p: float,
    enable_gqa: bool,
) -> str:
    """flash, efficient, cudnn or math; unequal heads without `enable_gqa` are left to broadcasting, which is math's alone."""
    sm, dim, dim_v = device.sm, query.shape[-1], value.shape[-1]
    half = query.dtype in HALF
    grouped = query.shape[1] != key.shape[1]
    if grouped and not enable_gqa:
        return "math"
    requires_grad = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (query, key, value))
    cudnn_dropout = (dropout_p * 16).is_integer()
    if device.prefers_cudnn and half and dim % 8 == 0 and dim_v % 8 == 0 and cudnn_dropout and key.shape[2] != 1:
        if device.cudnn_takes(dim, dim_v, requires_grad):
            return "cudnn"
    no_flash_backward = 192 < dim <= 224 or (dim > 224 and dropout_p > 0)
    if sm >= 80 and half and mask is None and dim == dim_v <= FLASH_MAX_HEAD_DIM:
        if not (requires_grad and sm in SMALL_SHARED_MEMORY and no_flash_backward):
            return "flash"
    alignment = (8 if sm >= 70 else 1) if half else (4 if sm >= 80 else 1)
    known_dtype = query.dtype in (torch.float16, torch.float32) or (query.dtype == torch.bfloat16 and sm >= 80)
    takes_heads = device.is_since_groups or not grouped
    if known_dtype and takes_heads and dim % alignment == 0 and dim_v % alignment == 0:
        return "efficient"
    return "math"


def cuda_attention(
    device: Device,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> torch.Tensor:
    """`F.scaled_dot_product_attention`; under autocast the operands are cast first and the body runs without it."""
    if torch.is_autocast_enabled("cpu"):
        dtype = torch.get_autocast_dtype("cpu")
        query, key, value = (tensor.to(dtype) for tensor in (query, key, value))
        if attn_mask is not None and attn_mask.is_floating_point():
            attn_mask = attn_mask.to(dtype)
    with torch.autocast("cpu", enabled=False):
        kernel = kernel_of(device, query, key, value, attn_mask, dropout_p, enable_gqa)
        if kernel == "math":
            return math_attention(query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa)
        if kernel == "flash":
            return flash_attention(query, key, value, dropout_p, is_causal, scale)
        saves_lse = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (query, key, value))
        bias = None if attn_mask is None else additive(attn_mask, query.dtype)
        whole = (*query.shape[:-1], key.shape[-2])
        if kernel == "cudnn":
            bias = None if bias is None else bias.expand(query.shape[0], bias.shape[1], *whole[2:])
            cudnn = aten._scaled_dot_product_cudnn_attention
            return cudnn(query, key, value, bias, saves_lse, dropout_p, is_causal, False, scale=scale)[0]
        bias = None if bias is None else aligned(bias).expand(whole)
        efficient = aten._scaled_dot_product_efficient_attention
        return efficient(query, key, value, bias, saves_lse, dropout_p, is_causal, scale=scale)[0]


def additive(mask: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """`convert_boolean_attn_mask`: zero and minus infinity in the shape of the mask."""
    return torch.where(mask, 0.0, torch.scalar_tensor(-math.inf, dtype=dtype)) if mask.dtype == torch.bool else mask


def aligned(bias: torch.Tensor) -> torch.Tensor:
    """`preprocess_mask`: rows that begin at multiples of eight elements."""
    if all(stride % 8 == 0 for stride in bias.stride()[:-1]):
        return bias
    length = bias.shape[-1]
    return F.pad(bias, (0, 8 - length % 8))[..., :length]


def flash_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, dropout_p: float, is_causal: bool, scale: float | None
) -> torch.Tensor:
    dim = query.shape[-1]
    if dim % 8:
        query, key, value = (F.pad(tensor, (0, 8 - dim % 8)) for tensor in (query, key, value))
        scale = dim**-0.5 if scale is None else scale
    flash = aten._scaled_dot_product_flash_attention
    return flash(query, key, value, dropout_p, is_causal, False, scale=scale)[0][..., :dim]


def math_attention(
    query_: torch.Tensor,
    key_: torch.Tensor,
    value_: torch.Tensor,
    mask: torch.Tensor | None,
    dropout_p: float,
    is_causal: bool,
    scale: float | None,
    enable_gqa: bool = False,
) -> torch.Tensor:
    """`_scaled_dot_product_attention_math`, statement by statement: locals live as long as the function's in C++.

    Written out because of `areAnyTensorSubclassLike`: under any dispatch mode the composite adds the mask out of place.
    """
    origin = query_.dtype
    query, key, value = (tensor.float() for tensor in (query_, key_, value_))
    root = (query.shape[-1] ** -0.5 if scale is None else scale) ** 0.5
    scaled_query = query * root
    if is_causal:
        triangle = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool).tril()
        mask = additive(triangle, scaled_query.dtype)
        del triangle
    elif mask is not None:
        mask = additive(mask, scaled_query.dtype)
    groups = query.shape[1] // key.shape[1] if enable_gqa else 1
    key_expanded = key.repeat_interleave(groups, -3) if groups > 1 else key
    value_expanded = value.repeat_interleave(groups, -3) if groups > 1 else value
    scores = torch.matmul(scaled_query, key_expanded.transpose(-2, -1) * root)
    if mask is not None:
        scores.add_(mask)
    scores = torch._safe_softmax(scores, -1)
    if dropout_p > 0:
        scores = aten.native_dropout(scores, dropout_p, True)[0]
    second = scores.to(origin)  # the pair is made from right to left
    result = torch.matmul(scores, value_expanded).to(origin)
    del second
    return result


@dataclass(frozen=True)
class Temporary:
    """A tensor that lives inside one operator."""

    tag: str
    shape: tuple[int, ...]
    dtype: torch.dtype

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


FLASH_BACKWARD = aten._scaled_dot_product_flash_attention_backward.default
EFFICIENT = aten._scaled_dot_product_efficient_attention.default
EFFICIENT_BACKWARD = aten._scaled_dot_product_efficient_attention_backward.default
CUDNN = aten._scaled_dot_product_cudnn_attention.default
CUDNN_BACKWARD = aten._scaled_dot_product_cudnn_attention_backward.default
SAFE_SOFTMAX = aten._safe_softmax.default


def absent_outputs(func: Any, args: tuple) -> tuple[int, ...]:
    """Outputs that are not on the card: philox numbers of the efficient kernel are on the CPU; cuDNN's statistics on demand."""
    if func is EFFICIENT:
        return (2, 3)
    return (1,) if func is CUDNN and not args[4] else ()


def temporaries_before(func: Any, args: tuple) -> Iterator[Temporary]:
    """Made before the outputs: copies in the layout (batch, length, heads, dim)."""
    if func is FLASH_BACKWARD:
        for name, tensor in (("grad_out", args[0]), ("out", args[4])):
            if not tensor.transpose(1, 2).is_contiguous():
                yield Temporary(f"flash_{name}_contiguous", tuple(tensor.shape), tensor.dtype)
    elif func is EFFICIENT_BACKWARD and not args[0].transpose(1, 2).is_contiguous():
        yield Temporary("efficient_grad_out_contiguous", tuple(args[0].shape), args[0].dtype)


def temporaries_after(func: Any, args: tuple, device: Device) -> Iterator[Temporary]:
    """Made after the outputs, freed with those before when the operator returns."""
    if func is FLASH_BACKWARD:
        yield from flash_backward(args)
    elif func is EFFICIENT:
        query, value = args[0], args[2]
        if query.dtype in HALF and max(query.shape[-1], value.shape[-1]) > 128:
            batch, heads, length, _ = query.shape
            yield Temporary("efficient_output_accum", (batch, length, heads, value.shape[-1]), torch.float32)
    elif func is EFFICIENT_BACKWARD:
        yield from efficient_backward(args, device)
    elif func is CUDNN_BACKWARD:
        batch, heads, length, dim = args[1].shape
        yield Temporary("cudnn_workspace", (4 * batch * heads * length * (dim + 1),), torch.uint8)
    elif func is SAFE_SOFTMAX:
        shape = tuple(args[0].shape)
        yield Temporary("isneginf", shape, torch.bool)
        yield Temporary("all", (*shape[:-1], 1), torch.bool)
        yield Temporary("scalar_tensor", (), args[0].dtype)


def ceil_to(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple


def flash_backward(args: tuple) -> Iterator[Temporary]:
    query, key = args[1], args[2]
    batch, heads, length, dim = query.shape
    rows, width = ceil_to(length, 128), ceil_to(dim, 32 if dim <= 128 else 64)
    yield Temporary("flash_softmax_d", (batch, heads, rows), torch.float32)
    yield Temporary("flash_dq_accum", (batch, rows, heads, width), torch.float32)
    if heads != key.shape[1]:
        for name in ("dk", "dv"):
            yield Temporary(f"flash_{name}_expanded", (batch, key.shape[2], heads, dim), key.dtype)


def efficient_backward(args: tuple, device: Device) -> Iterator[Temporary]:
    grad_out, query, key, value = args[:4]
    batch, heads, length, dim = query.shape
    dim_v = value.shape[-1]
    half = query.dtype in HALF
    if heads != key.shape[1]:  # one gradient for every head of the queries, summed over groups before the operator returns
        for name, tensor in (("k", key), ("v", value)):
            yield Temporary(f"efficient_grad_{name}_expanded", (batch, key.shape[2], heads, tensor.shape[-1]), tensor.dtype)
    rows, columns, widest = backward_block(device.sm, half, max(dim, dim_v), args[9] > 0)
    in_registers = half and widest <= rows
    if half and (in_registers or not 70 <= device.sm < 75):
        yield Temporary("efficient_delta", (batch, heads, length), torch.float32)
    else:
        if half:
            yield Temporary("efficient_grad_out_float", tuple(grad_out.shape), torch.float32)
            yield Temporary("efficient_out_float", tuple(grad_out.shape), torch.float32)
        yield Temporary("efficient_delta_product", (batch, length, heads, dim_v), torch.float32)
        yield Temporary("efficient_delta_sum", (batch, length, heads), torch.float32)
        yield Temporary("efficient_delta", (batch, heads, length), torch.float32)
    splits = max(min(-(-key.shape[2] // columns), 200 // (batch * heads)), 1)
    floats = 0
    if device.sm >= 70 or half:
        floats += -(-length // rows) * -(-dim // columns) * (4 + rows * columns)
    if half and not in_registers:
        floats += splits * columns * (ceil_to(dim, rows) + ceil_to(dim_v, rows))
    yield Temporary("efficient_workspace", (batch * heads * ceil_to(floats, 4) * 4,), torch.uint8)


def backward_block(sm: int, half: bool, dim: int, dropout: bool) -> tuple[int, int, int]:
    """Rows, columns and widest head of the first backward kernel that fits (cutlassB.h).

    Which kernels fit is shared memory, known to the compiler alone. Assumed: the larger blocks need more than 99 KiB, which
    `generate_kernels.py` implies by its remark on the 128x64 kernel of width 96 for 8.6 and 8.9.
    """
    spacious = sm in (80, 90, 100, 103)
    if dim <= 64:
        return 64, 64, 32 if dim <= 32 else 64
    widest = 128 if dim <= 128 else 65536
    if half and dim <= 96 and sm in (86, 89) and not dropout:
        return 128, 64, 96
    if not spacious:
        return 64, 64, widest
    return (128, 128, widest) if half and dim <= 128 else (128, 64, widest)
