"""Runs of trainers that bring a file of their own: the scenario, and beside it the file that says the same in the trainer's words.

What neither names is the trainer's default: the file is read by its own parser, the scenario by lora-calc.
"""

from __future__ import annotations

from typing import Any

from unsloth_cases import SIZES

File = dict[str, Any]
Case = tuple[dict[str, Any], File]

SMALL = {
    "model_type": "llama", "vocab_size": 1000, "hidden_size": 256, "intermediate_size": 640, "num_hidden_layers": 9, "num_attention_heads": 8,
    "num_key_value_heads": 2, "tie_word_embeddings": False, "dtype": "bfloat16",
}  # fmt: skip
QWEN3_4B = {
    "model_type": "qwen3", "vocab_size": 151936, "hidden_size": 2560, "intermediate_size": 9728, "num_hidden_layers": 6, "num_attention_heads": 32,
    "num_key_value_heads": 8, "head_dim": 128, "tie_word_embeddings": True, "max_position_embeddings": 262144, "dtype": "bfloat16",
}  # fmt: skip
GEMMA = SIZES["gemma-7b, 3 layers"] | {"dtype": "bfloat16"}
GEMMA2 = {
    "model_type": "gemma2", "vocab_size": 256000, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 4, "num_attention_heads": 8,
    "num_key_value_heads": 4, "head_dim": 256, "sliding_window": 4096, "tie_word_embeddings": True, "dtype": "bfloat16",
}  # fmt: skip
GPT2 = {"model_type": "gpt2", "vocab_size": 50257, "n_embd": 768, "n_layer": 6, "n_head": 12, "n_positions": 1024, "dtype": "float32"}
MIXTRAL = SMALL | {"model_type": "mixtral", "num_local_experts": 4, "num_experts_per_tok": 2}
LLAMA = SIZES["llama-3.1-8b, 4 layers"] | {"dtype": "bfloat16"}
QWEN25 = SIZES["qwen2.5-7b, 4 layers"] | {"dtype": "bfloat16"}
SMOLLM = SIZES["smollm2-135m"] | {"dtype": "bfloat16"}
HALF_B = SIZES["qwen2.5-0.5b"] | {"dtype": "bfloat16"}


def lora(**more: Any) -> dict[str, Any]:
    return {"peft_type": "LORA", "r": 8, "lora_alpha": 16, "target_modules": "all-linear", "task_type": "CAUSAL_LM"} | more


def llama_factory() -> list[Case]:
    stack = "llama-factory-0.9"
    four, eight = {"load_in_4bit": True}, {"load_in_8bit": True}
    mixed = {"bf16": True}
    one = {"per_device_train_batch_size": 1}
    rows: list[tuple[str, dict[str, Any], Any, Any, dict[str, Any], File]] = [
        ("qwen3-4b, 6 layers", QWEN3_4B, lora(), None, mixed | one, mixed | one),
        ("qwen3-4b, 6 layers, 4 bits", QWEN3_4B, lora(), four, mixed | one, mixed | one | {"quantization_bit": 4}),
        ("llama-3.1-8b, 4 layers, 8 bits", LLAMA, lora(), eight, mixed | one, mixed | one | {"quantization_bit": 8}),
        ("qwen2.5-0.5b, every default", HALF_B, lora(), None, {}, {}),
        ("small llama, every default in 4 bits", SMALL, lora(), four, {}, {"quantization_bit": 4}),
        (
            "llama-3.1-8b, 4 layers, without checkpoints", LLAMA, lora(r=16), None,
            mixed | {"max_length": 1024, "per_device_train_batch_size": 2, "gradient_checkpointing": False},
            mixed | {"cutoff_len": 1024, "per_device_train_batch_size": 2, "disable_gradient_checkpointing": True, "lora_rank": 16},
        ),
        (
            "qwen2.5-7b, 4 layers, non-reentrant", QWEN25, lora(), four,
            mixed | one | {"use_reentrant": False, "gradient_accumulation_steps": 4}, mixed | one | {"use_reentrant_gc": False, "gradient_accumulation_steps": 4, "quantization_bit": 4},
        ),
        ("small llama, fp16, queries and values", SMALL, lora(target_modules=["q_proj", "v_proj"]), None, {"fp16": True}, {"fp16": True, "lora_target": "q_proj,v_proj"}),
        ("small llama, pure bf16", SMALL, lora(), None, {"bf16": False, "adapter_dtype": "auto"}, {"pure_bf16": True}),
        ("small llama, DoRA with dropout", SMALL, lora(use_dora=True, lora_dropout=0.1), None, mixed, mixed | {"use_dora": True, "lora_dropout": 0.1}),
        (
            "small llama, trained embeddings and head", SMALL, lora(modules_to_save=["embed_tokens", "lm_head"]), None, mixed | {"max_length": 512},
            mixed | {"additional_target": "embed_tokens,lm_head", "cutoff_len": 512},
        ),
        ("small llama, all parameters", SMALL, None, None, mixed | one, mixed | one | {"finetuning_type": "full"}),
        ("gemma-7b, 3 layers, 4 bits", GEMMA, lora(), four, mixed | one, mixed | one | {"quantization_bit": 4}),
        ("gemma2-2b, 4 layers", GEMMA2, lora(), None, mixed | one, mixed | one),
        ("gpt2", GPT2, lora(target_modules=["c_attn"]), None, {"max_length": 512}, {"lora_target": "c_attn", "cutoff_len": 512}),
        # `lora_target: all` names the linear modules there are, which experts in one parameter are not; PEFT's all-linear means these, too.
        ("small mixtral", MIXTRAL, lora(target_modules=["q_proj", "k_proj", "v_proj", "o_proj"]), None, mixed | one, mixed | one),
        ("small llama, 1,001 tokens, 8-bit optimizer", SMALL, lora(), None, mixed | {"max_length": 1001, "optim": "adamw_8bit"}, mixed | {"cutoff_len": 1001, "optim": "adamw_8bit"}),
    ]  # fmt: skip
    return [case(stack, *row) for row in rows]


def axolotl() -> list[Case]:
    stack = "axolotl-0.19"
    four, eight = {"load_in_4bit": True}, {"load_in_8bit": True}
    plain, packed4, packed8 = {"adapter": "lora"}, {"adapter": "qlora", "load_in_4bit": True}, {"adapter": "lora", "load_in_8bit": True}
    saved = {"gradient_checkpointing": True}
    flash = {"attn_implementation": "flash_attention_2"}
    drops = {"lora_dropout": 0.05}
    rows: list[tuple[str, dict[str, Any], Any, Any, dict[str, Any], File]] = [
        ("small llama, every default", SMALL, lora(), None, {}, plain),
        ("small llama, every default in 4 bits", SMALL, lora(), four, {}, packed4),
        (
            "llama-3.1-8b, 4 layers, as its example in 4 bits", LLAMA, lora(r=32, **drops), four,
            saved | flash | {"packing": True, "max_length": 2048, "per_device_train_batch_size": 2, "gradient_accumulation_steps": 4, "optim": "paged_adamw_32bit"},
            packed4 | saved | flash | {"sample_packing": True, "sequence_len": 2048, "micro_batch_size": 2, "gradient_accumulation_steps": 4, "optimizer": "paged_adamw_32bit", "lora_dropout": 0.05, "lora_r": 32},
        ),
        (
            "llama-3.1-8b, 4 layers, as its example in 8 bits", LLAMA, lora(r=32, modules_to_save=["embed_tokens", "lm_head"], **drops), eight,
            saved | flash | {"packing": True, "max_length": 1024, "per_device_train_batch_size": 2, "optim": "adamw_bnb_8bit"},
            packed8 | saved | flash | {"sample_packing": True, "sequence_len": 1024, "micro_batch_size": 2, "optimizer": "adamw_bnb_8bit", "lora_dropout": 0.05, "lora_r": 32, "lora_modules_to_save": ["embed_tokens", "lm_head"]},
        ),
        ("qwen3-4b, 6 layers", QWEN3_4B, lora(r=16), None, saved | {"max_length": 1024}, plain | saved | {"sequence_len": 1024, "lora_r": 16}),
        ("qwen2.5-7b, 4 layers, 4 bits", QWEN25, lora(), four, saved | flash | {"max_length": 1024}, packed4 | saved | flash | {"sequence_len": 1024}),
        (
            "qwen2.5-0.5b, packed, non-reentrant", HALF_B, lora(), None,
            saved | flash | {"packing": True, "max_length": 2048, "use_reentrant": False}, plain | saved | flash | {"sample_packing": True, "sequence_len": 2048, "gradient_checkpointing_kwargs": {"use_reentrant": False}},
        ),
        ("gemma-7b, 3 layers, 4 bits", GEMMA, lora(), four, saved | {"max_length": 1024}, packed4 | saved | {"sequence_len": 1024}),
        (
            "small llama, queries and values", SMALL, lora(target_modules=["q_proj", "v_proj"]), None,
            {"per_device_train_batch_size": 2}, plain | {"lora_target_modules": ["q_proj", "v_proj"], "lora_target_linear": False, "micro_batch_size": 2},
        ),
        ("small mistral, dropout, every layer kept", SMALL | {"model_type": "mistral"}, lora(lora_dropout=0.1), None, {"max_length": 1024}, plain | {"lora_dropout": 0.1, "sequence_len": 1024}),
        ("small llama, 8 bits", SMALL, lora(), eight, saved, packed8 | saved),
        ("smollm2-135m, two micro-batches", SMOLLM, lora(), None, saved | {"gradient_accumulation_steps": 2, "max_length": 2048}, plain | saved | {"gradient_accumulation_steps": 2, "sequence_len": 2048}),
    ]  # fmt: skip
    cut = {"plugins": ["axolotl.integrations.cut_cross_entropy.CutCrossEntropyPlugin"], "cut_cross_entropy": True, "bf16": True}
    rows += [
        ("qwen3-4b, 6 layers, cut cross entropy, 4 bits", QWEN3_4B, lora(), four, saved | {"max_length": 1024, "loss": "cce"}, packed4 | saved | cut | {"sequence_len": 1024}),
        ("llama-3.1-8b, 4 layers, cut cross entropy", LLAMA, lora(r=16), None, saved | {"max_length": 700, "loss": "cce", "per_device_train_batch_size": 2}, plain | saved | cut | {"sequence_len": 700, "lora_r": 16, "micro_batch_size": 2}),
    ]
    own = {"lora_target_linear": True, "lora_r": 8, "lora_alpha": 16}
    return [case(stack, *row[:-1], own | row[-1]) for row in rows]


def case(stack: str, name: str, config: dict[str, Any], adapter: Any, quantization: Any, training: dict[str, Any], file: File) -> Case:
    scenario = {"id": f"{stack} {name}", "stack": stack, "model": {"config": config}, "adapter": adapter, "quantization": quantization, "training": training}
    return scenario, file


def ms_swift() -> list[Case]:
    stack = "ms-swift-4.6"
    four, eight = {"load_in_4bit": True}, {"load_in_8bit": True}
    bits4, bits8 = {"quant_method": "bnb", "quant_bits": 4}, {"quant_method": "bnb", "quant_bits": 8}
    usual = lora(lora_alpha=32, lora_dropout=0.05)
    one = {"gradient_accumulation_steps": 1}
    rows: list[tuple[str, dict[str, Any], Any, Any, dict[str, Any], File]] = [
        ("qwen2.5-7b, 4 layers", QWEN25, usual, None, one, {}),
        ("qwen2.5-7b, 4 layers, 4 bits", QWEN25, usual, four, one, bits4),
        ("llama-3.1-8b, 4 layers, 8 bits", LLAMA, usual, eight, one | {"max_length": 1024}, bits8 | {"max_length": 1024}),
        ("qwen2.5-0.5b, two rows", HALF_B, usual, None, one | {"per_device_train_batch_size": 2}, {"per_device_train_batch_size": 2}),
        ("qwen3-4b, 6 layers, two micro-batches", QWEN3_4B, usual, None, {"gradient_accumulation_steps": 2, "max_length": 1024}, {"gradient_accumulation_steps": 2, "max_length": 1024}),
        ("small llama, without checkpoints", SMALL, usual, None, one | {"gradient_checkpointing": False}, {"gradient_checkpointing": False}),
        (
            "small llama, non-reentrant, 4 bits", SMALL, usual, four, one | {"use_reentrant": False},
            bits4 | {"gradient_checkpointing_kwargs": {"use_reentrant": False}},
        ),
        ("small llama in float32", SMALL | {"dtype": "float32"}, usual, None, one | {"max_length": 1024}, {"max_length": 1024}),
        ("small llama in float16, 4 bits", SMALL | {"dtype": "float16"}, usual, four, one | {"max_length": 1024}, bits4 | {"max_length": 1024}),
        (
            "small llama, trained embeddings and head", SMALL, usual | {"modules_to_save": ["embed_tokens", "lm_head"]}, None, one | {"max_length": 512},
            {"modules_to_save": ["embed_tokens", "lm_head"], "max_length": 512},
        ),
        ("small llama, all parameters", SMALL, None, None, one, {"tuner_type": "full"}),
        ("gemma-7b, 3 layers", GEMMA, usual, None, one | {"max_length": 1024}, {"max_length": 1024}),
        ("smollm2-135m, flash-attn", SMOLLM, usual, None, one | {"attn_implementation": "flash_attention_2"}, {"attn_impl": "flash_attention_2"}),
    ]  # fmt: skip
    return [case(stack, *row) for row in rows]


def litgpt() -> list[Case]:
    stack = "litgpt-0.5"
    two = ["q_proj", "v_proj"]
    usual = lora(target_modules=two, lora_dropout=0.05)
    every = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "lm_head"]
    all_on = {"lora_key": True, "lora_projection": True, "lora_mlp": True, "lora_head": True}
    true16 = {"dtype": "bfloat16"}
    rows: list[tuple[str, dict[str, Any], Any, dict[str, Any], File]] = [
        ("small llama", SMALL, usual, true16 | {"max_length": 300, "gradient_accumulation_steps": 1}, {"precision": "bf16-true", "train": {"max_seq_length": 300, "global_batch_size": 1}}),
        ("small llama, every default", SMALL, usual, {"max_length": 512}, {"train": {"max_seq_length": 512}}),
        (
            "small llama, everything adapted", SMALL, lora(target_modules=every), true16 | {"max_length": 512, "gradient_accumulation_steps": 2, "per_device_train_batch_size": 2},
            all_on | {"precision": "bf16-true", "lora_dropout": 0.0, "train": {"max_seq_length": 512, "global_batch_size": 4, "micro_batch_size": 2}},
        ),
        ("small llama, 32-true", SMALL, usual, {"dtype": "float32", "bf16": False, "max_length": 256, "gradient_accumulation_steps": 3}, {"precision": "32-true", "train": {"max_seq_length": 256, "global_batch_size": 3}}),
        ("qwen3-4b, 6 layers", QWEN3_4B, usual, true16 | {"max_length": 1024, "gradient_accumulation_steps": 2}, {"precision": "bf16-true", "train": {"max_seq_length": 1024, "global_batch_size": 2}}),
        (
            "qwen2.5-7b, 4 layers, mixed", QWEN25, lora(target_modules=every, r=16, lora_dropout=0.05), {"max_length": 600, "gradient_accumulation_steps": 1},
            all_on | {"lora_r": 16, "train": {"max_seq_length": 600, "global_batch_size": 1}},
        ),
        (
            "gemma-7b, 3 layers", GEMMA, lora(target_modules=["q_proj", "k_proj", "v_proj"], lora_dropout=0.05), true16 | {"max_length": 512, "gradient_accumulation_steps": 1, "per_device_train_batch_size": 2},
            {"precision": "bf16-true", "lora_key": True, "train": {"max_seq_length": 512, "micro_batch_size": 2, "global_batch_size": 2}},
        ),
        ("llama-3.1-8b, 4 layers", LLAMA, usual, true16 | {"max_length": 2048, "gradient_accumulation_steps": 4}, {"precision": "bf16-true", "train": {"max_seq_length": 2048, "global_batch_size": 4}}),
        ("small mistral, whole heads", SMALL | {"model_type": "mistral", "num_key_value_heads": 8}, usual, true16 | {"max_length": 700}, {"precision": "bf16-true", "train": {"max_seq_length": 700}}),
        ("qwen2.5-0.5b, mlp alone", HALF_B, lora(target_modules=["gate_proj", "up_proj", "down_proj"]), {"max_length": 400, "gradient_accumulation_steps": 2}, {"lora_query": False, "lora_value": False, "lora_mlp": True, "lora_dropout": 0.0, "train": {"max_seq_length": 400, "global_batch_size": 2}}),
        ("smollm2-135m, 16-true", SMOLLM, usual, {"dtype": "float16", "max_length": 1024, "per_device_train_batch_size": 4, "gradient_accumulation_steps": 2}, {"precision": "16-true", "train": {"max_seq_length": 1024, "micro_batch_size": 4, "global_batch_size": 8}}),
    ]  # fmt: skip
    nf4 = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": False}
    packed: list[tuple[str, dict[str, Any], Any, Any, dict[str, Any], File]] = [
        ("small llama, nf4", SMALL, usual, nf4, {"max_length": 300, "gradient_accumulation_steps": 1}, {"quantize": "bnb.nf4", "precision": "bf16-true", "train": {"max_seq_length": 300, "global_batch_size": 1}}),
        (
            "qwen2.5-7b, 4 layers, nf4-dq, everything adapted", QWEN25, lora(target_modules=every, r=32, lora_dropout=0.05), nf4 | {"bnb_4bit_use_double_quant": True},
            {"max_length": 512, "gradient_accumulation_steps": 2, "per_device_train_batch_size": 2},
            all_on | {"lora_r": 32, "quantize": "bnb.nf4-dq", "precision": "bf16-true", "train": {"max_seq_length": 512, "global_batch_size": 4, "micro_batch_size": 2}},
        ),
        ("llama-3.1-8b, 4 layers, nf4", LLAMA, usual, nf4, {"max_length": 1024, "gradient_accumulation_steps": 3}, {"quantize": "bnb.nf4", "precision": "bf16-true", "train": {"max_seq_length": 1024, "global_batch_size": 3}}),
        ("gemma-7b, 3 layers, nf4", GEMMA, usual, nf4, {"max_length": 512, "gradient_accumulation_steps": 1}, {"quantize": "bnb.nf4", "precision": "bf16-true", "train": {"max_seq_length": 512, "global_batch_size": 1}}),
    ]  # fmt: skip
    wide = {"max_position_embeddings": 4096}
    return [case(stack, name, wide | config, adapter, None, training, file) for name, config, adapter, training, file in rows] + [case(stack, name, wide | config, *rest) for name, config, *rest in packed]


OF_LAUNCHER = {"litgpt": litgpt, "ms-swift": ms_swift, "llama-factory": llama_factory, "axolotl": axolotl}
