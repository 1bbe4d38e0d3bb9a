"""Counts of every PEFT method on models with a task head: which methods train the head by themselves.

    python task_heads.py ../packages/lora-calc/test/conformance/task-heads.jsonl.gz

One model a line, as counts.py writes them; one plain configuration of every method for the task of its class. The models are in
float32 and, for AdaLoRA, in bfloat16 too: there its `ranknum` requires a gradient (peft 0.21 tuners/adalora/layer.py).
"""

from __future__ import annotations

import argparse
import gzip
import json
import random

import huggingface as hf
import torch
from draw_methods import METHODS, NEEDED
from families import Model
from method_counts import case, with_weights

SMALL = {"vocab_size": 96, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
CONFIGS = {
    "llama": {"model_type": "llama", **SMALL, "num_key_value_heads": 4, "pad_token_id": 0},
    "bert": {"model_type": "bert", **SMALL, "pad_token_id": 0},
    "gpt2": {"model_type": "gpt2", "vocab_size": 96, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "pad_token_id": 0},
}
PREFIX = {"llama": "Llama", "bert": "Bert", "gpt2": "GPT2"}
CLASSES = {"SEQ_CLS": "ForSequenceClassification", "TOKEN_CLS": "ForTokenClassification", "QUESTION_ANS": "ForQuestionAnswering"}
TARGETS = {"llama": ["q_proj", "v_proj"], "bert": ["query", "value"], "gpt2": ["c_attn"]}
FIXED = {"SHIRA": {"r": 2}, "MISS": {"r": 2}, "PSOFT": {"r": 2}}


def adapter_of(method: str, model_type: str, task: str) -> dict:
    """The options a method cannot do without, at a value that works, and usual targets."""
    chance = random.Random(method)
    needed = {name: draw(chance) for name, draw in NEEDED.get(method, {}).items() if name not in ("task_type",)}
    adapter = {"peft_type": method, "task_type": task, **needed, **FIXED.get(method, {})}
    if method == "ADALORA":
        adapter["total_step"] = 100
    if method not in ("PROMPT_TUNING", "PREFIX_TUNING", "P_TUNING", "TRAINABLE_TOKENS", "CPT", "CARTRIDGE", "ADAPTION_PROMPT", "MULTITASK_PROMPT_TUNING"):
        adapter["target_modules"] = TARGETS[model_type]
    return adapter


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output")
    with gzip.GzipFile(parser.parse_args().output, "wb", mtime=0) as file:
        file.write((json.dumps({"versions": hf.versions()}) + "\n").encode())
        for (name, config), (task, suffix) in [(c, t) for c in CONFIGS.items() for t in CLASSES.items()]:
            model = Model(f"{name} {task}", config, PREFIX[name] + suffix)
            for dtype, methods in (("float32", METHODS), ("bfloat16", ["ADALORA"])):
                base = with_weights(model).to(hf.DTYPES[dtype])
                cases = [case(base, adapter_of(method, name, task)) for method in methods]
                facts = {"id": f"{model.id} {dtype}", "config": config, "architecture": model.architecture, "dtype": dtype}
                file.write((json.dumps({**facts, "cases": cases}) + "\n").encode())


if __name__ == "__main__":
    torch.manual_seed(0)
    main()
