"""Size of adapter_model.safetensors as the real PEFT saves it, for tiny models with real weights.

    python adapter_file.py > ../packages/lora-calc/test/conformance/adapter-file.json
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import huggingface as hf
import torch
import transformers

LLAMA = {
    "model_type": "llama",
    "vocab_size": 96,
    "hidden_size": 32,
    "intermediate_size": 80,
    "num_hidden_layers": 12,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
QWEN2 = {**LLAMA, "model_type": "qwen2", "num_hidden_layers": 3, "tie_word_embeddings": True}
GEMMA3 = {**LLAMA, "model_type": "gemma3_text", "num_hidden_layers": 13, "head_dim": 8}
GPT2 = {"model_type": "gpt2", "vocab_size": 64, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64}

ALL = {"target_modules": "all-linear", "r": 4}
CASES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (LLAMA, ALL, "bfloat16"),
    (LLAMA, ALL, "float32"),
    (LLAMA, {}, "bfloat16"),
    (LLAMA, {**ALL, "use_dora": True}, "bfloat16"),
    (LLAMA, {**ALL, "lora_bias": True}, "float32"),
    (LLAMA, {"target_modules": ["q_proj"], "modules_to_save": ["lm_head", "norm"]}, "bfloat16"),
    (LLAMA, {"target_modules": ["q_proj", "embed_tokens", "lm_head"], "r": 3}, "bfloat16"),
    (LLAMA, {"target_modules": ["v_proj"], "rank_pattern": {"layers.1[01].self_attn.v_proj": 2}}, "bfloat16"),
    (LLAMA, {"target_modules": ["mlp.down_proj"], "layers_to_transform": [1, 11]}, "bfloat16"),
    (LLAMA, {"target_modules": ["q_proj"], "modules_to_save": ["mlp"]}, "bfloat16"),
    (QWEN2, {"bias": "lora_only"}, "bfloat16"),
    (QWEN2, {"bias": "all"}, "float32"),
    (QWEN2, {"target_modules": ["q_proj", "embed_tokens"]}, "bfloat16"),
    (QWEN2, {"target_modules": ["v_proj"], "modules_to_save": ["embed_tokens", "lm_head"]}, "bfloat16"),
    (GEMMA3, ALL, "bfloat16"),
    (GPT2, {}, "float32"),
    (GPT2, {**ALL, "bias": "all"}, "bfloat16"),
    (GPT2, {"target_modules": ["c_attn", "wte"]}, "float32"),
]


def saved_bytes(config: dict[str, Any], adapter: dict[str, Any], dtype: str) -> int:
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(hf.build_config(config), dtype=hf.DTYPES[dtype])
    wrapped = hf.peft.get_peft_model(model, hf.build_adapter_config(adapter))
    with tempfile.TemporaryDirectory() as folder:
        wrapped.save_pretrained(folder)
        return (Path(folder) / "adapter_model.safetensors").stat().st_size


def main() -> None:
    cases = [
        {"config": config, "adapter": adapter, "dtype": dtype, "bytes": saved_bytes(config, adapter, dtype)}
        for config, adapter, dtype in CASES
    ]
    print(json.dumps({"versions": hf.versions(), "cases": cases}, indent=1))


if __name__ == "__main__":
    main()
