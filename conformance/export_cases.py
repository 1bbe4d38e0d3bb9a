"""Draws runs that people write files of: adapters, packed weights and steps of many kinds, and texts that try to break out of a file."""

from __future__ import annotations

import random
from typing import Any

Case = dict[str, Any]

MODELS = ["meta-llama/Llama-3.1-8B", "Qwen/Qwen3-4B", "Qwen/Qwen2.5-0.5B", "mistralai/Mistral-7B-v0.3", "google/gemma-2b", "HuggingFaceTB/SmolLM2-135M"]
PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
STACKS = ["trl-1.16", "trl-1.16", "trl-1.13", "hf-trainer-5.24", "axolotl-0.19", "llama-factory-0.9", None]
RUNS = 64


def adapter(chance: random.Random) -> dict[str, Any] | None:
    if chance.random() < 0.08:
        return None
    rank = chance.choice([1, 4, 8, 16, 32, 64, 256])
    targets = chance.choice(["all-linear", "all-linear", ["q_proj", "v_proj"], PROJECTIONS, chance.sample(PROJECTIONS, 3), r".*\.(q|v)_proj", None])
    fields = {"r": rank, "lora_alpha": chance.choice([rank, 2 * rank, 16]), "lora_dropout": chance.choice([0, 0, 0.05, 0.1]), "task_type": "CAUSAL_LM"}
    if targets is not None:
        fields["target_modules"] = targets
    rare: list[tuple[str, Any]] = [
        ("use_dora", True), ("use_rslora", True), ("modules_to_save", ["lm_head"]), ("bias", "lora_only"), ("init_lora_weights", "pissa_niter_4"),
        ("rank_pattern", {"q_proj": 2}), ("layers_to_transform", [0, 1, 2]), ("init_lora_weights", "gaussian"),
    ]  # fmt: skip
    return fields | {name: value for name, value in rare if chance.random() < 0.12}


def quantization(chance: random.Random) -> dict[str, Any] | None:
    nf4 = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": "bfloat16"}
    return chance.choice([None, None, nf4 | {"bnb_4bit_use_double_quant": True}, nf4 | {"bnb_4bit_use_double_quant": True}, nf4, {"load_in_8bit": True}])


def training(chance: random.Random) -> dict[str, Any]:
    rates: list[tuple[str, Any]] = [
        ("learning_rate", chance.choice([2e-4, 5e-7, 1e-5, 0.0001])), ("num_train_epochs", chance.choice([1, 3, 0.5])), ("max_steps", 60), ("warmup_ratio", 0.03),
        ("warmup_steps", 10), ("lr_scheduler_type", "cosine"), ("weight_decay", 0.01), ("seed", 3407), ("logging_steps", 5), ("save_strategy", "no"), ("eval_strategy", "no"),
    ]  # fmt: skip
    step: list[tuple[str, Any]] = [
        ("gradient_checkpointing", chance.random() < 0.7), ("max_grad_norm", chance.choice([0.3, 1.0])), ("attn_implementation", chance.choice(["sdpa", "eager", "flash_attention_2"])),
        ("optim", chance.choice(["adamw_torch", "adamw_torch_fused", "adamw_bnb_8bit", "paged_adamw_8bit", "paged_adamw_32bit", "adafactor", "sgd"])), ("use_reentrant", chance.random() < 0.5),
        ("torch_empty_cache_steps", 4),
    ]  # fmt: skip
    found = {
        "per_device_train_batch_size": chance.choice([1, 2, 4]), "gradient_accumulation_steps": chance.choice([1, 4, 16]), "max_length": chance.choice([512, 1024, 2048, 4096]),
        "dtype": "bfloat16",
    }  # fmt: skip
    found |= {name: value for name, value in step if chance.random() < (0.1 if name == "torch_empty_cache_steps" else 0.5)}
    found |= {name: value for name, value in rates if chance.random() < 0.4}
    if "warmup_ratio" in found:
        found.pop("warmup_steps", None)
    if found.get("attn_implementation") == "flash_attention_2" and chance.random() < 0.5:
        found["packing"] = True
    return found


def run(number: int) -> Case:
    chance = random.Random(f"export {number}")
    packed, stack = quantization(chance), chance.choice(STACKS)
    drawn = {"id": f"run {number}", "model": chance.choice(MODELS), "adapter": adapter(chance), "training": training(chance), "hardware": {"gpu": "A100 80GB SXM"}}
    return drawn | ({} if packed is None or drawn["adapter"] is None else {"quantization": packed}) | ({} if stack is None else {"stack": stack})


# Each in every place that takes a text: what a reader of YAML 1.1, Python, a shell or a log could take for something else.
HOSTILE = [
    "no", "yes", "on", "null", "~", "1e5", "2e-4", "1:30", "012", "0x1f", "1_000", ".inf", "2001-01-01", "=", "<<", "!!python/object/apply:os.system [ls]", "a: b", "a #b",
    "- a", "? a", "*a", "&a", "{a: b}", "[a", "'", '"', '"""', "\\", "\\n", "a\nb: c", "a\r\nb", "\ttab", " lead", "trail ", "%TAG", "@a", "`a`", "$(touch x)", "${HOME}", "'; rm -rf x; '",
    "a\u2028b", "a\u0085b", "\u202eevil", "\ufeffbom", "\u0000nul", "\u001b[31m", "\ud83d\ude00", "{{ jinja }}", "{percent}", "%s", "#", "", "...", "---", "é", "字",
]  # fmt: skip


def hostile(number: int) -> Case:
    text = HOSTILE[number]
    return {
        "id": f"hostile {number}", "model": {"config": {"model_type": "qwen2", "_name_or_path": f"owner/{text}", "vocab_size": 1000, "hidden_size": 64,
        "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}},
        "adapter": {"r": 8, "target_modules": ["q_proj", "v_proj"], "task_type": "CAUSAL_LM"},
        "training": {"per_device_train_batch_size": 1, "max_length": 64, "dtype": "bfloat16", "output_dir": text, "run_name": text, "lr_scheduler_type": text},
    }  # fmt: skip


def all_cases() -> list[Case]:
    return [*(run(number) for number in range(RUNS)), *(hostile(number) for number in range(len(HOSTILE)))]
