"""Writes headers of safetensors files as save_pretrained makes them, and what real PEFT counts on the models they came from.

    python headers.py OUTPUT.jsonl.gz

Small models of types with and without a blueprint: a header alone has to give the same counts.
"""

from __future__ import annotations

import copy
import gzip
import json
import struct
import sys
import tempfile
from pathlib import Path
from typing import Any

import huggingface as hf
import peft

SIZES = {"vocab_size": 64, "hidden_size": 48, "intermediate_size": 80, "num_hidden_layers": 3, "num_attention_heads": 4, "pad_token_id": 0}

MODELS: list[tuple[dict[str, Any], str | None]] = [
    ({"model_type": "llama", **SIZES}, None),
    ({"model_type": "qwen3", **SIZES, "num_key_value_heads": 2, "tie_word_embeddings": True}, None),
    ({"model_type": "gpt2", "vocab_size": 64, "n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 16}, None),
    ({"model_type": "bloom", "vocab_size": 64, "hidden_size": 32, "n_layer": 2, "n_head": 2}, None),
    ({"model_type": "bert", **SIZES, "num_labels": 3}, "BertForSequenceClassification"),
    ({"model_type": "t5", "vocab_size": 64, "d_model": 32, "d_ff": 48, "d_kv": 8, "num_layers": 2, "num_heads": 4}, "T5ForConditionalGeneration"),
    # Without a blueprint here.
    ({"model_type": "olmo_hybrid", **SIZES, "linear_num_key_heads": 2, "linear_num_value_heads": 2}, None),
    ({"model_type": "persimmon", **SIZES}, None),
    ({"model_type": "xglm", "vocab_size": 64, "d_model": 32, "ffn_dim": 48, "num_layers": 2, "attention_heads": 2, "pad_token_id": 0}, None),
    ({"model_type": "biogpt", **SIZES}, None),
    ({"model_type": "diffllama", **SIZES}, None),
]

ADAPTERS: list[dict[str, Any]] = [
    {"r": 4, "target_modules": "all-linear"},
    {"r": 8, "target_modules": ["q_proj", "v_proj", "query_key_value", "c_attn", "query", "value", "q", "v"]},
    {"r": 2, "target_modules": r".*\.1\..*(q_proj|query|attn|\.q|query_key_value)", "bias": "all"},
    {"r": 4, "target_modules": "all-linear", "exclude_modules": ["q_proj", "query", "c_proj"], "use_dora": True},
]


def header_of(model: Any) -> dict[str, Any]:
    """Header of the file that save_pretrained writes: tied weights once."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        with (Path(folder) / "model.safetensors").open("rb") as file:
            (size,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(size))
    return {name: {"dtype": entry["dtype"], "shape": entry["shape"]} for name, entry in header.items() if name != "__metadata__"}


def case(base: Any, adapter: dict[str, Any]) -> dict[str, Any]:
    try:
        model = peft.get_peft_model(copy.deepcopy(base), hf.build_adapter_config(copy.deepcopy(adapter)))
    except Exception as error:  # the exception is the fact
        return {"adapter": adapter, "error": type(error).__name__}
    trainable, everything = hf.count_parameters(model)
    return {"adapter": adapter, "trainable": trainable, "all": everything}


def main() -> None:
    (output,) = sys.argv[1:]
    with gzip.GzipFile(output, "wb", mtime=0) as file:
        file.write((json.dumps({"versions": hf.versions()}) + "\n").encode())
        for config, architecture in MODELS:
            base = hf.build_model(hf.build_config(config), architecture).to_empty(device="cpu")
            base.tie_weights()
            record = {"id": config["model_type"], "safetensors": header_of(base), "cases": [case(base, adapter) for adapter in ADAPTERS]}
            file.write((json.dumps(record) + "\n").encode())


if __name__ == "__main__":
    main()
