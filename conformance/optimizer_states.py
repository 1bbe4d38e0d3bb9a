"""Ask bitsandbytes and torchao themselves which state tensors they make for a parameter, in their order.

    pip install --no-deps -r requirements-optimizers.txt
    python optimizer_states.py

Runs on the CPU: their code that makes states is the same there; paged memory and the CUDA codes of 256 numbers are told, not made.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import bitsandbytes
import torch
from bitsandbytes import functional
from torch.utils._python_dispatch import TorchDispatchMode
from torchao.optim import AdamW4bit, AdamW8bit

OUT = Path(__file__).resolve().parent.parent / "packages" / "lora-calc" / "test" / "conformance" / "optimizer-states.jsonl.gz"
SHAPES = [(8,), (16, 96), (64, 63), (64, 64), (3, 1366), (100, 999), (100, 1000), (257, 390), (512, 1024), (4, 128, 256)]
# As transformers makes them: trainer_optimizer.py `_get_bitsandbytes_optimizer`, `_get_torchao_optimizer`.
BITSANDBYTES = {"adamw": bitsandbytes.optim.AdamW, "lion": bitsandbytes.optim.Lion, "ademamix": bitsandbytes.optim.AdEMAMix, "rmsprop": bitsandbytes.optim.RMSprop}
NAMES = [
    *("adamw_bnb_8bit", "adamw_8bit", "paged_adamw_32bit", "paged_adamw_8bit"),
    *("lion_32bit", "lion_8bit", "paged_lion_32bit", "paged_lion_8bit"),
    *("ademamix", "ademamix_8bit", "paged_ademamix_32bit", "paged_ademamix_8bit"),
    *("rmsprop_bnb", "rmsprop_bnb_32bit", "rmsprop_bnb_8bit"),
]
TORCHAO = {"adamw_torch_8bit": AdamW8bit, "adamw_torch_4bit": AdamW4bit}


class States(TorchDispatchMode):
    """Tensors that are made, as [place, shape, dtype]."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[tuple[str, list[int], str]] = []
        self.paged = False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if func.overloadpacket.__name__ in ("zeros", "zeros_like", "lift_fresh"):
            self.made.append(("managed" if self.paged else "cuda", list(made.shape), str(made.dtype).removeprefix("torch.")))
        return made

    def get_paged(self, *shape: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        self.paged = True
        try:
            return torch.zeros(shape, dtype=dtype)
        finally:
            self.paged = False


def states_of(name: str, shape: tuple[int, ...]) -> list[tuple[str, list[int], str]]:
    parameter = torch.nn.Parameter(torch.zeros(shape))
    states = States()
    if name in TORCHAO:
        optimizer = TORCHAO[name]([parameter], block_size=256)
        with states:
            for signed in (True, False):
                optimizer._new_buffer(parameter, signed)
        return states.made
    functional.get_paged, functional.fill = states.get_paged, lambda *_: None
    kind = next(kind for kind in BITSANDBYTES if kind in name)
    options = {"optim_bits": 8 if "8bit" in name else 32} | ({} if kind == "rmsprop" else {"is_paged": "paged" in name})
    optimizer = BITSANDBYTES[kind]([parameter], **options)
    optimizer.fill_qmap()
    with states:
        optimizer.init_state(optimizer.param_groups[0], parameter, 0, 0)
    return states.made


def main() -> None:
    rows = [{"optim": name, "shape": shape, "states": states_of(name, shape)} for name in (*NAMES, *TORCHAO) for shape in SHAPES]
    with gzip.GzipFile(OUT, "wb", mtime=0) as file:
        file.write("".join(json.dumps(row) + "\n" for row in rows).encode())


if __name__ == "__main__":
    main()
