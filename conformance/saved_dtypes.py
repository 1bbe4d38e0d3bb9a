"""Writes the files that PEFT saves by the dtypes a run gives its tensors: base, k-bit preparation, trained dtype.

    python saved_dtypes.py ../packages/lora-calc/test/conformance/saved-dtypes.jsonl.gz

One line per case: the model, the adapter, the settings under their names in a scenario (`training.dtype`, `prepare_kbit`,
`adapter_dtype`), and what `save_pretrained` writes: header by name, and size. A trained dtype is set as TRL does on a
quantised base: `parameter.data.to(dtype)` for everything that requires a gradient.
"""

from __future__ import annotations

import argparse
import copy
import gzip
import itertools
import json
import tempfile
from pathlib import Path
from typing import Any

import huggingface as hf
import peft
import torch
from published import header_of

SMALL = {"vocab_size": 96, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
MODELS = {
    "llama": {"model_type": "llama", **SMALL, "num_key_value_heads": 2, "tie_word_embeddings": False},
    "qwen2": {"model_type": "qwen2", **SMALL, "num_key_value_heads": 2, "tie_word_embeddings": True},
    "gemma": {"model_type": "gemma", **SMALL, "num_key_value_heads": 1, "head_dim": 8, "tie_word_embeddings": True},
    "gpt2": {"model_type": "gpt2", "vocab_size": 96, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64},
}
INPUT = {"gpt2": "wte"}


def adapters(model_type: str) -> dict[str, dict[str, Any]]:
    embedding = INPUT.get(model_type, "embed_tokens")
    lora = {"peft_type": "LORA", "r": 4, "target_modules": "all-linear", "task_type": "CAUSAL_LM"}
    return {
        "lora": lora,
        "head": lora | {"modules_to_save": ["lm_head"]},
        "embedding and head": lora | {"modules_to_save": [embedding, "lm_head"]},
        "embedding adapted": lora | {"target_modules": [embedding]},
        "dora": lora | {"use_dora": True},
        "biases": lora | {"bias": "all"},
        "tokens": lora | {"trainable_token_indices": [1, 2, 5]},
        "vera": {"peft_type": "VERA", "r": 4, "target_modules": "all-linear", "save_projection": True},
        "ia3": {"peft_type": "IA3", "task_type": "CAUSAL_LM"},
        "prompt": {"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 4, "task_type": "CAUSAL_LM"},
    }


def saved(base: torch.nn.Module, adapter: dict[str, Any], training: dict[str, Any]) -> dict[str, Any]:
    base = copy.deepcopy(base).to(hf.DTYPES[training["dtype"]])
    if training["prepare_kbit"]:
        base = peft.prepare_model_for_kbit_training(base, use_gradient_checkpointing=False)
    try:
        model = peft.get_peft_model(base, hf.build_adapter_config(copy.deepcopy(adapter)))
    except Exception as error:  # the exception is the fact
        return {"error": type(error).__name__}
    if training["adapter_dtype"] != "auto":
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.to(hf.DTYPES[training["adapter_dtype"]])
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        path = Path(folder) / "adapter_model.safetensors"
        return {"bytes": path.stat().st_size, "tensors": header_of(path)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output")
    dtypes = [("float32", False), ("bfloat16", False), ("bfloat16", True), ("float16", True)]
    with gzip.GzipFile(parser.parse_args().output, "wb", mtime=0) as file:
        file.write((json.dumps({"versions": hf.versions()}) + "\n").encode())
        for model_type, config in MODELS.items():
            torch.manual_seed(0)
            base = hf.build_model(hf.build_config(config), None)
            base = base.to_empty(device="cpu") if next(base.parameters()).is_meta else base
            rows = itertools.product(adapters(model_type).items(), dtypes, ["auto", "bfloat16", "float32"])
            for (name, adapter), (dtype, prepare), trained in rows:
                training = {"dtype": dtype, "prepare_kbit": prepare, "adapter_dtype": trained}
                case = {"id": f"{model_type} {name} {dtype}{' kbit' if prepare else ''} {trained}", "config": config, "adapter": adapter}
                file.write((json.dumps({**case, "training": training, **saved(base, adapter, training)}) + "\n").encode())


if __name__ == "__main__":
    main()
