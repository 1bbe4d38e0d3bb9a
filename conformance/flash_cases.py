"""Steps on flash-attn, event by event, under the installed releases; the goldens keep those of the others.

    python flash_cases.py    # once with requirements.txt, once with worlds/transformers-5.24.txt
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import transformers
from losses import HAS_FUSED_HEAD
from memory_cases import ALL_LINEAR, NF4, Case, case
from tape_goldens import SMALL, TAPES, family, golden

FLASH = TAPES.with_name("tapes-flash.jsonl.gz")


def cases() -> Iterator[Case]:
    gemma2 = family("gemma2", head_dim=64, sliding_window=128, num_hidden_layers=6, tie_word_embeddings=True)
    whole_heads = family("qwen3", head_dim=48, num_key_value_heads=8)
    kept, packed = {"gradient_checkpointing": False}, {"packed_sequences": 4}
    rows: list[tuple[str, dict[str, Any], Any, dict[str, Any]]] = [
        ("llama", SMALL, None, {}),
        ("llama, one row", SMALL, NF4, {"per_device_train_batch_size": 1}),
        ("llama, reentrant", SMALL, NF4, {"use_reentrant": True}),
        ("qwen3, whole heads, every layer kept", whole_heads, None, kept),
        ("mistral, a window", family("mistral", sliding_window=128), NF4, {}),
        ("llama, packed", SMALL, NF4, packed),
        ("qwen3, packed, every layer kept", family("qwen3", head_dim=48), None, packed | kept),
    ]
    if not HAS_FUSED_HEAD:  # a class that caps its scores takes no kernel of torch there, and runs this one
        rows.append(("gemma2, windows and caps", gemma2, NF4, {}))
    for name, config, quantization, step in rows:
        trl = {"loss": "fused" if HAS_FUSED_HEAD else "chunked_nll"}
        cast = {"adapter_dtype": "bfloat16"} if quantization is not None else {}
        training = {"attn_implementation": "flash_attention_2", "dtype": "bfloat16", "per_device_train_batch_size": 2, "max_length": 512} | trl | cast | step
        run = case(f"flash, {name}, {transformers.__version__}", config, ALL_LINEAR, quantization, training)
        yield run | {"stack": "trl-1.16" if HAS_FUSED_HEAD else "trl-1.13", "versions": {"transformers": transformers.__version__}}


def main() -> None:
    lines = gzip.decompress(FLASH.read_bytes()).decode().splitlines() if FLASH.exists() else []
    others = [line for line in lines if json.loads(line)["scenario"]["versions"]["transformers"] != transformers.__version__]
    own = [json.dumps(golden(each), separators=(",", ":")) for each in cases()]
    with gzip.GzipFile(FLASH, "wb", mtime=0) as file:
        file.write("".join(f"{line}\n" for line in sorted(others + own)).encode())


if __name__ == "__main__":
    main()
