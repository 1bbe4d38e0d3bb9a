"""Steps of models whose classes lie in their repository: small ones event by event, and published sizes. Under transformers 4.57 alone.

Qwen casts itself by the flags of its configuration; without a card it would choose float32, so that they are written out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from memory_cases import ALL_LINEAR, NF4, Case, case, drawn_cases

RELEASE = "4.57"

INTERNLM2 = {
    "model_type": "internlm2", "architectures": ["InternLM2ForCausalLM"], "vocab_size": 1000, "hidden_size": 256, "intermediate_size": 640,
    "num_hidden_layers": 5, "num_attention_heads": 8, "num_key_value_heads": 2, "bias": False, "max_position_embeddings": 700,
    "tie_word_embeddings": False, "attn_implementation": "eager", "pad_token_id": 0,
    "auto_map": {"AutoConfig": "configuration_internlm2.InternLM2Config", "AutoModelForCausalLM": "modeling_internlm2.InternLM2ForCausalLM"},
}  # fmt: skip
QWEN = {
    "model_type": "qwen", "architectures": ["QWenLMHeadModel"], "vocab_size": 1000, "hidden_size": 256, "intermediate_size": 1280,
    "num_hidden_layers": 5, "num_attention_heads": 8, "kv_channels": 32, "no_bias": True, "tie_word_embeddings": False, "seq_length": 8192,
    "use_flash_attn": "auto", "use_dynamic_ntk": True, "use_logn_attn": True, "emb_dropout_prob": 0.0, "attn_dropout_prob": 0.0,
    "rotary_pct": 1.0, "bf16": True,
    "auto_map": {"AutoConfig": "configuration_qwen.QWenConfig", "AutoModelForCausalLM": "modeling_qwen.QWenLMHeadModel"},
}  # fmt: skip

WHOLE = {"gradient_checkpointing": False}
PLAIN = {"loop": "plain", "bf16": False, "max_grad_norm": 0, "loss": "hf", "prepare_kbit": True}


def own_code_tapes() -> Iterator[Case]:
    step = {"per_device_train_batch_size": 2, "max_length": 512, "attn_implementation": "eager"}
    rows: list[tuple[str, Any, Any, dict[str, Any], dict[str, Any]]] = [
        ("qlora", ALL_LINEAR, NF4, {}, {}),
        ("whole", ALL_LINEAR, None, WHOLE, {}),
        ("whole, its own loss", ALL_LINEAR, None, WHOLE | {"loss": "hf"}, {}),
        ("padded", ALL_LINEAR, None, {"padding": True, "loss": "hf", "per_device_train_batch_size": 3, "max_length": 200}, {}),
        ("fp16, nll", ALL_LINEAR, None, {"bf16": False, "fp16": True, "dtype": "float16", "loss": "nll"}, {"bf16": False, "fp16": True}),
        ("full fine-tuning", None, None, WHOLE | {"bf16": False, "loss": "hf"}, {}),
        ("fp32 base", ALL_LINEAR, None, {"dtype": "float32", "loss": "hf"}, {"bf16": False, "fp32": True}),
        ("kbit plain loop, two micro-batches", ALL_LINEAR, NF4, PLAIN | {"max_length": 600, "gradient_accumulation_steps": 2}, {"bf16": False, "fp32": True}),
    ]
    for name, config in (("internlm2", INTERNLM2), ("qwen", QWEN)):
        for what, adapter, quantization, training, flags in rows:
            asked = config | flags if name == "qwen" else config
            yield case(f"{name} {what}", asked, adapter, quantization, step | training)


# Published sizes, of the larger ones a few layers.
SIZES: dict[str, dict[str, Any]] = {
    "internlm2-1.8b": INTERNLM2 | {"vocab_size": 92544, "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 24, "num_attention_heads": 16, "num_key_value_heads": 8, "max_position_embeddings": 32768},
    "internlm2-7b, 4 layers": INTERNLM2 | {"vocab_size": 92544, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 4, "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 32768},
    "qwen-1.8b": QWEN | {"vocab_size": 151936, "hidden_size": 2048, "intermediate_size": 11008, "num_hidden_layers": 24, "num_attention_heads": 16, "kv_channels": 128},
    "qwen-72b, 2 layers": QWEN | {"vocab_size": 152064, "hidden_size": 8192, "intermediate_size": 49152, "num_hidden_layers": 2, "num_attention_heads": 64, "kv_channels": 128, "seq_length": 32768},
}  # fmt: skip
PER_MODEL = 5


def own_code_memory() -> Iterator[Case]:
    return drawn_cases(SIZES, PER_MODEL)
