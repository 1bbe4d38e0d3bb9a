"""Steps under Unsloth: small models event by event over every row of its releases, and published sizes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from memory_cases import Case, case

PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
LORA = {"peft_type": "LORA", "r": 16, "lora_alpha": 16, "target_modules": PROJECTIONS, "task_type": "CAUSAL_LM"}
CPT = {"modules_to_save": ["embed_tokens", "lm_head"]}
NF4 = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": True}
SMALL = {
    "model_type": "llama", "vocab_size": 1000, "hidden_size": 256, "intermediate_size": 640, "num_hidden_layers": 9, "num_attention_heads": 8,
    "num_key_value_heads": 2, "tie_word_embeddings": False, "max_position_embeddings": 4096,
}  # fmt: skip
# Hidden states of two sequences of 1,024 tokens are more than the 2 MiB from which smart checkpoints go to the host.
WIDE = SMALL | {"hidden_size": 1024, "intermediate_size": 1536, "head_dim": 64, "num_attention_heads": 16, "num_key_value_heads": 4}
T4, A100 = {"hardware": {"gpu": "T4"}}, {"hardware": {"gpu": "A100 80GB SXM"}}


def precision(card: dict[str, Any]) -> dict[str, Any]:
    is_half = card is T4
    return {"dtype": "float16" if is_half else "bfloat16", "bf16": not is_half, "fp16": is_half}


def run(name: str, release: str, card: dict[str, Any], config: dict[str, Any], adapter: Any, quantization: Any, training: dict[str, Any]) -> Case:
    half = precision(card)
    packed = None if quantization is None else quantization | {"bnb_4bit_compute_dtype": half["dtype"]}
    step = {
        "per_device_train_batch_size": 2, "max_length": 512, "loss": "unsloth", "attn_implementation": "xformers", "optim": "adamw_8bit",
        "gradient_accumulation_steps": 1,
    }  # fmt: skip
    found = case(f"unsloth-{release} {name}", config, adapter, packed, step | half | training)
    return found | card | {"stack": f"unsloth-{release}"}


def unsloth_tapes() -> Iterator[Case]:
    long = {"max_length": 1024}
    kept = {"gradient_checkpointing": False}
    large = SMALL | {"vocab_size": 70000}
    qwen3 = SMALL | {"model_type": "qwen3", "head_dim": 48}
    qwen2 = SMALL | {"model_type": "qwen2"}
    gemma = SMALL | {"model_type": "gemma", "head_dim": 256, "num_key_value_heads": 1, "tie_word_embeddings": True}
    whole_heads = SMALL | {"num_key_value_heads": 8}
    some = LORA | {"target_modules": ["q_proj", "v_proj"]}
    rows: list[tuple[str, str, dict[str, Any], dict[str, Any], Any, Any, dict[str, Any]]] = [
        ("llama, every layer kept", "2024.1", T4, SMALL, LORA, NF4, kept | {"max_seq_length": 2048}),
        ("mistral", "2024.4", T4, SMALL | {"model_type": "mistral"}, LORA, NF4, {}),
        ("llama, two micro-batches", "2024.5", T4, large, LORA, NF4, {"gradient_accumulation_steps": 2}),
        ("llama in 16 bits", "2024.7", T4, SMALL, LORA, None, {}),
        ("llama, whole heads", "2024.8", T4, whole_heads, LORA, NF4, {}),
        ("gemma, every layer kept", "2024.10", A100, gemma, LORA, NF4, kept),
        ("qwen2, tied", "2024.11", T4, qwen2 | {"tie_word_embeddings": True}, LORA, NF4, {}),
        ("llama, cut cross entropy", "2024.12", T4, SMALL, LORA, NF4, long),
        ("llama, few tokens", "2025.1", T4, large, LORA, NF4, {"max_length": 300}),
        ("llama, two micro-batches, smart", "2025.3", T4, WIDE, LORA, NF4, long | {"gradient_accumulation_steps": 2}),
        ("gemma", "2025.5", T4, gemma, LORA, NF4, long),
        ("qwen3", "2025.8", A100, qwen3, LORA, NF4, long),
        ("qwen3, fused", "2025.9", A100, qwen3, LORA, NF4, long),
        ("llama, few tokens, dropout", "2025.10", T4, SMALL, LORA | {"lora_dropout": 0.1}, NF4, {"max_length": 200}),
        ("llama, fused", "2025.11", T4, WIDE, LORA, NF4, {"max_length": 900}),
        ("llama, queries and values", "2026.1", A100, SMALL, some, NF4, {}),
        ("llama, smart from the first pass", "2026.2", A100, WIDE, LORA, NF4, long),
        ("llama, flash-attn", "2026.5", A100, WIDE, LORA, NF4, long | {"attn_implementation": "flash_attention_2"}),
        ("llama in 16 bits, two buffers", "2026.8", A100, WIDE, LORA, None, long | {"gradient_accumulation_steps": 3}),
        ("qwen2, three micro-batches", "2026.8", T4, qwen2, LORA, NF4, {"gradient_accumulation_steps": 3}),
        ("llama, trained embeddings and head", "2026.8", A100, SMALL, LORA | CPT, NF4, long | {"gradient_accumulation_steps": 2, "embedding_learning_rate": 5e-6}),
        ("mistral, trained embeddings and head", "2026.8", T4, SMALL | {"model_type": "mistral"}, LORA | CPT, NF4, {}),
        ("llama, trained head, full logits", "2024.7", A100, SMALL, LORA | {"modules_to_save": ["lm_head"]}, NF4, {}),
        ("llama, trained embeddings and head, every layer kept", "2024.11", T4, SMALL, LORA | CPT, NF4, kept | {"max_length": 300}),
        ("llama, trained embeddings, cut cross entropy", "2025.4", A100, SMALL, LORA | {"modules_to_save": ["embed_tokens"]}, NF4, long),
        ("gemma, trained embeddings, tied", "2025.10", A100, gemma, LORA | {"modules_to_save": ["embed_tokens"]}, NF4, long),
        ("gemma, trained embeddings and head", "2026.4", A100, gemma, LORA | CPT, NF4, long),
    ]  # fmt: skip
    for row in rows:
        yield run(*row)


def published(model_type: str, hidden: int, intermediate: int, layers: int, heads: int, key_values: int, vocabulary: int, **more: Any) -> dict[str, Any]:
    sizes = {
        "vocab_size": vocabulary, "hidden_size": hidden, "intermediate_size": intermediate, "num_hidden_layers": layers, "num_attention_heads": heads,
        "num_key_value_heads": key_values, "tie_word_embeddings": False,
    }  # fmt: skip
    return {"model_type": model_type} | sizes | more


# Published sizes, of the larger ones a few layers; two whole ones, whose layers deal out all streams.
SIZES = {
    "llama-3.1-8b, 4 layers": published("llama", 4096, 14336, 4, 32, 8, 128256, max_position_embeddings=131072),
    "llama-3.2-3b, 5 layers": published("llama", 3072, 8192, 5, 24, 8, 128256, max_position_embeddings=131072, head_dim=128, tie_word_embeddings=True),
    "mistral-7b, 4 layers": published("mistral", 4096, 14336, 4, 32, 8, 32768, max_position_embeddings=32768),
    "qwen2.5-7b, 4 layers": published("qwen2", 3584, 18944, 4, 28, 4, 152064, max_position_embeddings=32768),
    "qwen3-8b, 4 layers": published("qwen3", 4096, 12288, 4, 32, 8, 151936, max_position_embeddings=40960, head_dim=128),
    "gemma-7b, 3 layers": published("gemma", 3072, 24576, 3, 16, 16, 256000, max_position_embeddings=8192, head_dim=256, tie_word_embeddings=True),
    "phi-3.5-mini, 5 layers": published("llama", 3072, 8192, 5, 32, 32, 32064, max_position_embeddings=131072),
    "phi-4, 3 layers": published("llama", 5120, 17920, 3, 40, 10, 100352, max_position_embeddings=16384),
    "tinyllama-1.1b": published("llama", 2048, 5632, 22, 32, 4, 32000, max_position_embeddings=2048),
    "smollm2-135m": published("llama", 576, 1536, 30, 9, 3, 49152, max_position_embeddings=8192, tie_word_embeddings=True),
    "qwen2.5-0.5b": published("qwen2", 896, 4864, 24, 14, 2, 151936, max_position_embeddings=32768, tie_word_embeddings=True),
}


# As Unsloth's notebooks train on text.
CONTINUED = LORA | CPT | {"r": 128, "lora_alpha": 32, "use_rslora": True}


def unsloth_memory() -> Iterator[Case]:
    """Two of every row of the releases, a T4 and an A100 where a row has both."""
    rows: list[tuple[str, str, str, dict[str, Any], Any, dict[str, Any]]] = [
        ("2024.1", "tinyllama-1.1b", "T4", LORA, NF4, {"max_length": 512, "gradient_checkpointing": False}),
        ("2024.1", "mistral-7b, 4 layers", "A100", LORA, NF4, {"max_length": 1024}),
        ("2024.4", "gemma-7b, 3 layers", "T4", LORA, NF4, {"max_length": 400}),
        ("2024.6", "llama-3.1-8b, 4 layers", "T4", LORA, NF4, {"max_length": 700, "gradient_accumulation_steps": 3}),
        ("2024.7", "mistral-7b, 4 layers", "T4", LORA | {"r": 64}, NF4, {"max_length": 2048, "max_seq_length": 4096}),
        ("2024.7", "smollm2-135m", "T4", LORA, None, {"max_length": 1000}),
        ("2024.9", "phi-3.5-mini, 5 layers", "T4", LORA, NF4, {"max_length": 1500}),
        ("2024.10", "smollm2-135m", "T4", LORA, NF4, {"max_length": 777}),
        ("2024.11", "qwen2.5-7b, 4 layers", "T4", LORA, NF4, {"max_length": 512}),
        ("2024.11", "qwen2.5-0.5b", "A100", LORA, None, {"max_length": 1024}),
        ("2024.12", "llama-3.2-3b, 5 layers", "T4", LORA, NF4, {"max_length": 1024}),
        ("2025.1", "phi-4, 3 layers", "T4", LORA, NF4, {"max_length": 500}),
        ("2025.3", "tinyllama-1.1b", "T4", LORA, NF4, {"max_length": 1024, "gradient_accumulation_steps": 2}),
        ("2025.4", "qwen3-8b, 4 layers", "A100", LORA | {"r": 32}, NF4, {"max_length": 2048}),
        ("2025.6", "gemma-7b, 3 layers", "A100", LORA, NF4, {"max_length": 600}),
        ("2025.8", "qwen2.5-7b, 4 layers", "T4", LORA, NF4, {"max_length": 900}),
        ("2025.9", "llama-3.1-8b, 4 layers", "T4", LORA, NF4, {"max_length": 2048, "optim": "adamw_torch_fused"}),
        ("2025.10", "qwen3-8b, 4 layers", "A100", LORA, NF4, {"max_length": 500, "per_device_train_batch_size": 1}),
        ("2025.11", "llama-3.2-3b, 5 layers", "T4", LORA, NF4, {"max_length": 1024}),
        ("2025.12", "smollm2-135m", "T4", LORA, NF4, {"max_length": 2048, "per_device_train_batch_size": 4}),
        ("2026.2", "mistral-7b, 4 layers", "A100", LORA | {"lora_dropout": 0.05}, NF4, {"max_length": 1024}),
        ("2026.4", "qwen2.5-0.5b", "T4", LORA, NF4, {"max_length": 1024, "gradient_accumulation_steps": 3}),
        ("2026.5", "llama-3.1-8b, 4 layers", "A100", LORA, NF4, {"max_length": 4096, "attn_implementation": "flash_attention_2"}),
        ("2026.6", "tinyllama-1.1b", "A100", LORA, None, {"max_length": 2048}),
        ("2026.7", "qwen3-8b, 4 layers", "T4", LORA, NF4, {"max_length": 1024}),
        ("2026.8", "llama-3.1-8b, 4 layers", "A100", LORA, None, {"max_length": 8192, "per_device_train_batch_size": 1}),
        ("2026.8", "mistral-7b, 4 layers", "A100", CONTINUED, NF4, {"max_length": 2048, "gradient_accumulation_steps": 8, "embedding_learning_rate": 5e-6}),
        ("2026.8", "mistral-7b, 4 layers", "T4", CONTINUED, NF4, {"max_length": 2048, "gradient_accumulation_steps": 8, "embedding_learning_rate": 5e-6}),
        ("2024.9", "mistral-7b, 4 layers", "T4", CONTINUED, NF4, {"max_length": 1024, "gradient_accumulation_steps": 2}),
        ("2025.11", "qwen3-8b, 4 layers", "A100", LORA | CPT, None, {"max_length": 1024, "optim": "adamw_torch"}),
        ("2024.5", "smollm2-135m", "T4", LORA, NF4, {"max_length": 2048, "lengths": [512, 2048, 300]}),
        ("2025.7", "qwen2.5-0.5b", "T4", LORA, NF4, {"max_length": 2048, "lengths": [2000, 64, 900, 1100, 128], "gradient_accumulation_steps": 2}),
        ("2025.12", "tinyllama-1.1b", "A100", LORA, NF4, {"max_length": 2048, "lengths": [100, 400, 900, 1600]}),
        ("2026.8", "llama-3.1-8b, 4 layers", "A100", LORA, None, {"max_length": 4096, "lengths": [4096, 1000, 2000], "per_device_train_batch_size": 1}),
    ]  # fmt: skip
    cards = {"T4": T4, "A100": A100}
    for release, name, card, adapter, quantization, training in rows:
        more = ", trained embeddings and head" if "modules_to_save" in adapter else ""
        yield run(f"{name} on {card}{more}", release, cards[card], SIZES[name], adapter, quantization, training)
