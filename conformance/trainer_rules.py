"""Files that a trainer's own parser refuses, and the clean one beside them: what it said, with the releases that it was asked under.

Usage: trainer_rules.py axolotl|llama-factory|trl-yaml   (its launchers/*.txt installed)
The record is packages/lora-calc/test/conformance/trainer-rules.jsonl, a line per case; the lines of the other trainers stay.
"""

import json
import pathlib
import sys
import warnings

import yaml

import exports

RECORD = pathlib.Path(__file__).parent.parent / "packages/lora-calc/test/conformance/trainer-rules.jsonl"

AXOLOTL = {
    **{"base_model": "x/y", "adapter": "lora", "lora_r": 8, "lora_alpha": 16, "lora_target_modules": ["q_proj"], "sequence_len": 512},
    **{"micro_batch_size": 1, "gradient_accumulation_steps": 1, "learning_rate": 0.0002, "datasets": [{"path": "a", "type": "alpaca"}]},
}
FSDP2 = {"fsdp_version": 2, "fsdp_config": {"offload_params": False}}
LLAMA_FACTORY = {
    **{"model_name_or_path": "x/y", "stage": "sft", "do_train": True, "finetuning_type": "lora", "lora_rank": 8, "dataset": "a"},
    **{"template": "qwen3", "output_dir": "o", "bf16": True},
}
TRL = {"model_name_or_path": "x/y", "dataset_name": "a", "use_peft": True, "output_dir": "o", "dtype": "bfloat16"}

CASES = {
    "axolotl": (
        AXOLOTL,
        {
            "clean": {},
            "two ways to warm up": {"warmup_ratio": 0.1, "warmup_steps": 10},
            "qlora without 4 bits": {"adapter": "qlora"},
            "qlora with 8 bits": {"adapter": "qlora", "load_in_4bit": True, "load_in_8bit": True},
            "packing with rl": {"sample_packing": True, "attn_implementation": "flash_attention_2", "rl": "dpo"},
            "dropout with parameters": {"lora_target_parameters": ["mlp.experts.down_proj"], "lora_dropout": 0.1},
            "FSDP2 with 8-bit Adam": {**FSDP2, "optimizer": "adamw_8bit"},
            "FSDP2 with 8 bits and rl": {**FSDP2, "rl": "dpo", "load_in_8bit": True},
            "two attentions": {"flash_attention": True, "attn_implementation": "sdpa"},
            "a short name of attention": {"attn_implementation": "flash"},
            "save_safetensors off": {"save_safetensors": False},
            "s2_attention": {"s2_attention": True},
            "evaluations of nothing": {"eval_steps": 10, "val_set_size": 0},
            "merging 4 bits": {"merge_lora": True, "adapter": "qlora", "load_in_4bit": True},
        },
        exports.axolotl,
    ),
    "llama-factory": (
        LLAMA_FACTORY,
        {
            "clean": {},
            "finetuning_type qlora": {"finetuning_type": "qlora"},
            "full with bits": {"finetuning_type": "full", "quantization_bit": 4},
            "two halves": {"fp16": True},
            "PiSSA with bits": {"pissa_init": True, "quantization_bit": 4},
            "PiSSA with DPO": {"stage": "dpo", "pissa_init": True},
            "streaming without steps": {"streaming": True},
            "two evaluations": {"eval_dataset": "b", "val_size": 0.1},
            "history masked and trained": {"mask_history": True, "train_on_prompt": True},
            "an old name": {"evaluation_strategy": "steps"},
        },
        exports.llama_factory,
    ),
    "trl-yaml": (
        TRL,
        {
            "clean": {},
            "4 and 8 bits": {"load_in_4bit": True, "load_in_8bit": True},
            "two halves": {"bf16": True, "fp16": True},
            "a bare no": {"eval_strategy": False},
            "an old name": {"warmup_ratio": 0.1},
            "an unknown name": {"lora_rank": 8},
        },
        exports.trl_yaml,
    ),
}


def main(target):
    warnings.filterwarnings("ignore")
    base, cases, parser = CASES[target]
    packages = exports.TARGETS[target][0]
    releases = {package: exports.release(package) for package in packages}
    kept = [line for line in RECORD.read_text().splitlines() if json.loads(line)["target"] != target] if RECORD.exists() else []
    for name, change in cases.items():
        file = {**base, **change}
        row = {"target": target, "id": name, "releases": releases, "file": file}
        try:
            parser(yaml.safe_dump(file))
        except (Exception, SystemExit) as error:
            row["refused"] = " ".join(str(error).split())[:200]
        kept.append(json.dumps(row))
        print("refused" if "refused" in row else "taken  ", name)
    RECORD.write_text("\n".join(kept) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
