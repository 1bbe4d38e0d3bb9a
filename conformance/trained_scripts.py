"""Run the scripts that lora-calc writes: two steps on the CPU with a tiny model, and count what trained.

    python trained_scripts.py      # requirements.txt installed; npm run build before

Each row of the goldens is a run, and how many parameters its script for TRL trained and changed. Of supervised runs `measure.py` is run, too: its
checkpoint of zeros is loaded, and what measures a card left out for want of one.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

HERE = Path(__file__).resolve().parent
GOLDENS = HERE.parent / "packages" / "lora-calc" / "test" / "conformance" / "trained-scripts.jsonl.gz"
CONFIG = {
    "model_type": "llama", "vocab_size": 64, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2,
    "max_position_embeddings": 128,
}  # fmt: skip
LORA = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear", "task_type": "CAUSAL_LM"}
STEP = {"per_device_train_batch_size": 2, "max_length": 32, "dtype": "float32", "learning_rate": 0.01}
RUNS: list[tuple[str, Any, dict[str, Any]]] = [
    ("lora", LORA, {}),
    ("two targets, dropout", LORA | {"target_modules": ["q_proj", "v_proj"], "lora_dropout": 0.1}, {"gradient_accumulation_steps": 2}),
    ("a pattern", LORA | {"target_modules": r".*\.(gate|up)_proj"}, {"gradient_checkpointing": False}),
    ("dora and a trained head", LORA | {"use_dora": True, "modules_to_save": ["lm_head"]}, {"optim": "adamw_torch"}),
    ("ranks of their own, biases", LORA | {"rank_pattern": {"q_proj": 2}, "bias": "lora_only", "use_rslora": True}, {"weight_decay": 0.1, "lr_scheduler_type": "constant"}),
    ("some layers, reentrant", LORA | {"layers_to_transform": [0, 2], "target_modules": ["k_proj", "down_proj"]}, {"use_reentrant": True}),
    ("whole", None, {"max_grad_norm": 0.3}),
    ("preferences", LORA, {"method": "dpo", "beta": 0.2}),
]


def tiny(folder: str) -> None:
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(AutoConfig.for_model(**CONFIG)).save_pretrained(folder)
    words = {f"w{number}": number for number in range(60)} | {"<pad>": 60, "<eos>": 61, "<unk>": 62}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>").save_pretrained(folder)


def examples(is_preference: bool) -> Dataset:
    texts = [" ".join(f"w{(start + step) % 60}" for step in range(20)) for start in range(16)]
    if is_preference:
        return Dataset.from_list([{"prompt": text, "chosen": " w1 w2 w3", "rejected": " w4 w5"} for text in texts])
    return Dataset.from_list([{"text": text} for text in texts])


def trained(text: str, is_preference: bool) -> dict[str, Any]:
    """Parameters that the script trains, and those of them that two steps changed."""
    space: dict[str, Any] = {"__name__": "train"}
    exec(compile(text, "train.py", "exec"), space)  # noqa: S102
    changes = {"use_cpu": True, "bf16": False, "max_steps": 2, "report_to": "none", "save_strategy": "no"}
    with tempfile.TemporaryDirectory() as out, contextlib.redirect_stdout(io.StringIO()):
        run = space["trainer"](dataset=examples(is_preference), output_dir=out, **changes)
        before = {name: each.detach().clone() for name, each in run.model.named_parameters() if each.requires_grad}
        run.train()
    after = dict(run.model.named_parameters())
    changed = sum(each.numel() for name, each in before.items() if not torch.equal(each, after[name]))
    return {"trainable": sum(each.numel() for each in before.values()), "in_changed_tensors": changed}


def written(case: dict[str, Any], form: str) -> dict[str, Any]:
    line = subprocess.run(["node", str(HERE / "write_exports.mjs"), form], input=json.dumps(case) + "\n", capture_output=True, text=True, check=True).stdout
    found = json.loads(line)
    if "error" in found:
        raise ValueError(found["error"]["message"])
    return found


def measured(case: dict[str, Any]) -> dict[str, Any]:
    """What measure.py writes without a card."""
    with tempfile.TemporaryDirectory() as folder:
        script, result = Path(folder) / "measure.py", Path(folder) / "result.json"
        script.write_text(written(case, "measure")["text"])
        subprocess.run([sys.executable, str(script), str(result)], capture_output=True, text=True, check=True)
        found = json.loads(result.read_text())
    return {name: found[name] for name in ("schema", "scenario", "trainable", "versions")}


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        tiny(folder)
        for name, adapter, more in RUNS:
            model = {"config": CONFIG | {"_name_or_path": folder, "architectures": ["LlamaForCausalLM"]}}
            case = {"id": name, "model": model, "adapter": adapter, "training": STEP | more, "stack": "trl-1.13"}
            text = written(case, "trl-python")["files"][0]["text"]
            row = {"scenario": case | {"model": {"config": CONFIG}}, **trained(text, more.get("method") == "dpo")}
            if more.get("method") != "dpo":
                plain = case | {"model": {"config": CONFIG}}
                row["measured"] = measured(plain)
            print(name, row["trainable"], row["in_changed_tensors"], flush=True)
            rows.append(row)
    with gzip.GzipFile(GOLDENS, "wb", mtime=0) as file:
        file.write("".join(json.dumps(row) + "\n" for row in rows).encode())


if __name__ == "__main__":
    main()
