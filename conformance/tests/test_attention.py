"""The kernels behind `scaled_dot_product_attention`: which one runs (sdp_utils.cpp), and what the math kernel allocates."""

import gc
import json

import pytest
import torch
from attention import Device, kernel_of, math_attention
from recorder import StorageRecorder, Tape
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.profiler import ProfilerActivity, profile

T4, A100, RTX_3090, H100, B200 = (Device(capability, torch="2.13.0") for capability in (7.5, 8.0, 8.6, 9.0, 10.0))
H100_CUDA_12 = Device(9.0, "12.6", "2.13.0")
T4_214, A100_214, H100_214, B200_214 = (Device(capability, torch="2.14.1") for capability in (7.5, 8.0, 9.0, 10.0))
MASK = torch.ones(1, 1, 64, 64, dtype=torch.bool)


def states(heads, key_heads, dim, dtype):
    return [torch.empty(1, number, 64, dim, dtype=dtype, requires_grad=True) for number in (heads, key_heads, key_heads)]


@pytest.mark.parametrize(
    ("device", "heads", "dim", "dtype", "mask", "kernel"),
    [
        (T4, (8, 8), 64, torch.float16, None, "efficient"),
        (T4, (8, 2), 64, torch.float16, None, "math"),  # transformers#48633
        (T4, (8, 8), 64, torch.float16, MASK, "efficient"),
        (T4, (8, 8), 64, torch.bfloat16, None, "math"),
        (T4, (8, 8), 64, torch.bfloat16, MASK, "math"),
        (T4, (8, 2), 64, torch.float32, None, "math"),
        (A100, (8, 2), 64, torch.bfloat16, None, "flash"),
        (A100, (8, 8), 64, torch.bfloat16, MASK, "efficient"),
        (A100, (8, 2), 64, torch.float32, None, "math"),
        (A100, (8, 8), 512, torch.bfloat16, None, "efficient"),
        (RTX_3090, (8, 8), 224, torch.bfloat16, None, "efficient"),
        (RTX_3090, (8, 8), 256, torch.bfloat16, None, "flash"),
        (H100, (8, 2), 128, torch.bfloat16, None, "cudnn"),
        (H100, (8, 8), 128, torch.bfloat16, MASK, "cudnn"),
        (H100_CUDA_12, (8, 2), 128, torch.bfloat16, None, "flash"),
        (H100, (8, 2), 256, torch.bfloat16, None, "cudnn"),
        (B200, (8, 2), 256, torch.bfloat16, None, "flash"),
        (H100_214, (8, 2), 160, torch.bfloat16, None, "flash"),
        (B200_214, (8, 2), 256, torch.bfloat16, None, "cudnn"),
        (T4_214, (8, 2), 64, torch.float16, None, "efficient"),
        (T4_214, (8, 2), 64, torch.bfloat16, None, "math"),
        (A100_214, (8, 2), 64, torch.float32, None, "efficient"),
    ],
)
def test_kernel(device, heads, dim, dtype, mask, kernel):
    assert kernel_of(device, *states(*heads, dim, dtype), mask, 0.0, enable_gqa=heads[0] != heads[1]) == kernel


@pytest.mark.parametrize("device", [T4, A100, H100, A100_214, H100_214])
def test_no_fused_kernel_broadcasts_keys(device):
    """check_batch_size_and_num_heads_dense: unequal heads need `enable_gqa`, which Falcon's attention does not give."""
    assert kernel_of(device, *states(8, 1, 64, torch.float16), MASK, 0.0, enable_gqa=False) == "math"


def recorded(run, make):
    """Peaks above the inputs, forward and backward, by the recorder on fake tensors."""
    tape = Tape()
    with FakeTensorMode(), StorageRecorder(tape, A100):
        inputs = make()
        start = len(tape.events)
        tape.phase = "forward"
        output = run(*inputs)
        tape.phase = "backward"
        output.backward(torch.empty_like(output))
    peaks, live = {"forward": 0, "backward": 0}, 0
    for event in tape.events[start:]:
        if event.allocation.tag == "softmax_backward_product":
            continue  # CUDA's alone
        live += event.allocation.bytes if event.op == "alloc" else -event.allocation.bytes
        peaks[event.phase] = max(peaks[event.phase], live)
    return peaks


def profiled(run, make, tmp_path):
    """The same by torch's memory profiler on real tensors."""
    inputs = make()
    peaks = {}
    for phase in ("forward", "backward"):
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
            output = run(*inputs)
            if phase == "backward":
                output.backward(torch.empty_like(output))
        file = tmp_path / f"{phase}.json"
        profiler.export_chrome_trace(str(file))
        events = [event for event in json.loads(file.read_text())["traceEvents"] if event.get("name") == "[memory]"]
        events.sort(key=lambda event: event["ts"])
        totals = [event["args"]["Total Allocated"] for event in events]
        first = totals[0] - events[0]["args"]["Bytes"]
        peaks[phase] = max(totals) - first
        del output
        gc.collect()
    return peaks


@pytest.mark.parametrize(("heads", "enable_gqa"), [((8, 2), True), ((8, 8), True), ((8, 1), False)])
@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_math_kernel_allocates_as_torch_does(heads, enable_gqa, batch, dtype, tmp_path):
    """The statements of `math_attention` against the composite in the wheel, peak for peak."""

    def make():
        shapes = [(batch, 256, number, 32) for number in (heads[0], heads[1], heads[1])]
        return [torch.zeros(shape, dtype=dtype, requires_grad=True).transpose(1, 2) for shape in shapes]

    def ours(query, key, value):
        return math_attention(query, key, value, None, 0.0, True, None, enable_gqa)

    def torchs(query, key, value):
        with sdpa_kernel(SDPBackend.MATH):
            sdpa = torch.nn.functional.scaled_dot_product_attention
            return sdpa(query, key, value, is_causal=True, enable_gqa=enable_gqa)

    assert recorded(ours, make) == profiled(torchs, make, tmp_path)
