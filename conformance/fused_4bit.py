"""When bitsandbytes multiplies by a packed 4-bit weight without unpacking it: its own rule on many shapes and cards.

    python fused_4bit.py OUT.jsonl.gz path/to/bitsandbytes/backends/cuda/ops.py

The rule is a function of that file (`_gemm_4bit_use_custom_cuda`), taken out by name, for the rest of it needs a card. Each row
is a card, a dtype and a weight, with the numbers of tokens for which the kernel runs.
"""

from __future__ import annotations

import ast
import functools
import gzip
import itertools
import json
import sys
from pathlib import Path
from typing import Any

import torch

CARDS = [(7, 0, 80), (7, 5, 40), (8, 0, 108), (8, 6, 82), (8, 7, 16), (8, 9, 58), (8, 9, 128), (9, 0, 132), (10, 0, 148), (12, 0, 170), (12, 0, 84), (12, 1, 48)]
WIDTHS = [128, 512, 896, 1024, 1536, 2048, 2560, 3072, 4096, 4864, 5120, 8192, 11008, 14336, 18944, 28672]
TOKENS = [1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 23, 24, 32, 33, 48, 49, 64, 65, 96, 97, 128, 129, 192, 193, 256, 257, 320, 321, 384, 385, 512, 513, 1024, 1536, 1537]
LARGEST = 1536  # `_gemm_4bit_custom_max_m`


def rule_of(path: Path, card: tuple[int, int, int]) -> Any:
    tree = ast.parse(path.read_text())
    wanted = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "_gemm_4bit_use_custom_cuda"]
    major, minor, multiprocessors = card
    scope = {
        "functools": functools,
        "torch": torch,
        "_GEMM_4BIT_CUSTOM_FLOOR_M": 4,
        "_gpu_dispatch_props": lambda _: (multiprocessors, major, minor),
    }
    exec(compile(ast.Module(wanted, []), str(path), "exec"), scope)
    return scope["_gemm_4bit_use_custom_cuda"]


def main() -> None:
    out, source = sys.argv[1], Path(sys.argv[2])
    with gzip.GzipFile(out, "wb", mtime=0) as file:
        for card in CARDS:
            rule = rule_of(source, card)
            for name, (n, k) in itertools.product(("bfloat16", "float16", "float32"), itertools.product(WIDTHS, WIDTHS)):
                if name == "float32" and n != k:
                    continue
                fused = [m for m in TOKENS if m <= LARGEST and rule(0, getattr(torch, name), m, n, k)]
                row = {"sm": 10 * card[0] + card[1], "multiprocessors": card[2], "dtype": name, "outFeatures": n, "inFeatures": k}
                file.write((json.dumps(row | {"asked": TOKENS, "fused": fused}) + "\n").encode())


if __name__ == "__main__":
    main()
