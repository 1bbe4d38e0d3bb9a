"""The scenarios whose memory is traced: named ones, then a seeded draw over models and settings.

Each case is in the form of CONTRACT.md (a scenario with the content of a config.json), so that the same text is the
input of `trace.py` and of the TypeScript engine.
"""

from __future__ import annotations

import json
import random
import zlib
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

SEED = 20261124
CONFIGS = Path(__file__).resolve().parent / "memory_configs.json"
# Published models cut to a few layers, which differ from the whole ones by whole layers: fewer settings of more types.
MORE_CONFIGS = CONFIGS.with_name("memory_configs_more.json")
PER_MORE_MODEL = 5
# Models whose class has a loss of its own: encoders whole, encoder-decoders cut to a few layers.
OWN_LOSS_CONFIGS = CONFIGS.with_name("memory_configs_own_loss.json")
PER_OWN_LOSS_MODEL = 6

Case = dict[str, Any]

NF4 = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": True}
NF4_SINGLE = NF4 | {"bnb_4bit_use_double_quant": False}
INT8 = {"load_in_8bit": True}
ALL_LINEAR = {"peft_type": "LORA", "r": 16, "target_modules": "all-linear", "task_type": "CAUSAL_LM"}


def positions(config: dict[str, Any]) -> int:
    """The longest sequence that is drawn: of a model with learned positions, what they reach."""
    learned = config.get("max_position_embeddings") if config["model_type"] == "opt" else config.get("n_positions")
    return learned or 4096


def named_cases(configs: dict[str, Any]) -> Iterator[Case]:
    """Cases that the documentation quotes."""
    llama = configs["llama-3.1-8b"]
    step = {"per_device_train_batch_size": 2, "max_length": 2048}
    variants: dict[str, tuple[Any, Any, dict[str, Any]]] = {
        "qlora bf16 adapters adamw_torch": (ALL_LINEAR, NF4, {"adapter_dtype": "bfloat16", "optim": "adamw_torch"}),
        "qlora contract defaults": (ALL_LINEAR, NF4, {}),
        "qlora hf loss": (ALL_LINEAR, NF4, {"loss": "hf"}),
        "qlora nll": (ALL_LINEAR, NF4, {"loss": "nll", "adapter_dtype": "bfloat16"}),
        "qlora kbit": (ALL_LINEAR, NF4, {"prepare_kbit": True}),
        "qlora dropout": (ALL_LINEAR | {"lora_dropout": 0.05}, NF4, {}),
        "qlora no checkpointing": (ALL_LINEAR, NF4, {"gradient_checkpointing": False}),
        "int8 non-reentrant": (ALL_LINEAR, INT8, {}),
        "int8 reentrant": (ALL_LINEAR, INT8, {"use_reentrant": True}),
        "lora bf16": (ALL_LINEAR, None, {}),
        "lora fp32 base": (ALL_LINEAR, None, {"dtype": "float32"}),
        "full bf16 fused": (None, None, {"bf16": False, "loss": "hf"}),
        "full bf16 foreach": (None, None, {"bf16": False, "loss": "hf", "optim": "adamw_torch"}),
    }
    for name, (adapter, quantization, training) in variants.items():
        yield case(f"llama-3.1-8b {name}", llama, adapter, quantization, step | training)


def drawn_cases(configs: dict[str, Any], per_model: int) -> Iterator[Case]:
    """The same number of random settings for every model; equal seeds give equal cases."""
    for name, config in configs.items():
        draw = random.Random(f"{SEED} {name}")
        for index in range(per_model):
            adapter, quantization = draw_adapter(draw, config), draw.choice([None, None, NF4, NF4, NF4_SINGLE, INT8])
            training = draw_training(draw, config)
            if has_experts(config):
                adapter = fit_to_experts(draw, adapter)
            if adapter is None:
                quantization = None
            if quantization is None:
                training.pop("prepare_kbit", None)
            yield case(f"{name} {index}", config, adapter, quantization, training)


# Class endings: the task of PEFT, and the layer that must be left unpacked.
HEADS: dict[str, tuple[str, str | None]] = {
    "ForSequenceClassification": ("SEQ_CLS", None),
    "ForTokenClassification": ("TOKEN_CLS", "score"),
    "ForQuestionAnswering": ("QUESTION_ANS", "qa_outputs"),
}


def own_loss_cases(per_model: int) -> Iterator[Case]:
    """transformers' Trainer over masked tokens, a label per sequence, or the labels of a decoder."""
    for name, (config, targets) in json.loads(OWN_LOSS_CONFIGS.read_text()).items():
        draw = random.Random(f"{SEED} {name}")
        task, layer = next((each for ending, each in HEADS.items() if config["architectures"][0].endswith(ending)), (None, None))
        classifies = task == "SEQ_CLS" and "num_key_value_heads" not in config
        for index in range(per_model):
            adapter: dict[str, Any] | None = {"peft_type": "LORA", "r": draw.choice([4, 8, 16, 32]), "target_modules": draw.choice(["all-linear", targets, targets])}
            if draw.random() < 0.5:
                adapter["lora_dropout"] = 0.1
            if task is not None:
                adapter |= {"target_modules": targets, "task_type": task}
            if draw.random() < 0.2:
                adapter = None
            quantization = None if classifies or adapter is None else draw.choice([None, None, NF4, INT8])
            training = {
                "per_device_train_batch_size": draw.choice([1, 2, 4, 8]),
                "max_length": draw.choice([64, 128, 200, 384, 512]),
                "max_target_length": draw.choice([16, 64, 100, 128]),
                "optim": draw.choice(["adamw_torch_fused", "adamw_torch", "adamw_bnb_8bit", "adafactor"]),
                "gradient_checkpointing": draw.random() < 0.3,
                "padding": draw.random() < 0.5,
                "gradient_accumulation_steps": draw.choice([1, 1, 2]),
                "dtype": draw.choice(["float32", "bfloat16"]) if adapter else "float32",
                "bf16": draw.random() < 0.8,
                "loss": "hf",
            }
            if config["architectures"][0].endswith("Model") and "decoder_start_token_id" not in config:  # pairs of texts
                training |= {"loss": "multiple_negatives_ranking", "pooling_mode": draw.choice(["mean", "cls", "lasttoken"])}
                if adapter is not None:
                    adapter["task_type"] = "FEATURE_EXTRACTION"
            if "decoder_start_token_id" not in config:
                del training["max_target_length"]
            if quantization is not None:
                training["dtype"] = "bfloat16"
                if layer == "score" and "num_key_value_heads" not in config:
                    layer = "classifier"
                if layer is not None:  # its bias comes last, so that transformers would pack it, and PEFT could not copy it
                    quantization = quantization | {"llm_int8_skip_modules": [layer]}
            yield case(f"{name} {index}", config, adapter, quantization, training)


def option_cases(configs: dict[str, Any], per_model: int) -> Iterator[Case]:
    """What else can be trained, on every model: copies, embeddings, biases, tokens, rsLoRA, fp16, many micro-batches."""
    for name, config in configs.items():
        draw = random.Random(f"{SEED} options {name}")
        embedding, head = EMBEDDINGS[config["model_type"]]
        options: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
            "copies": ({"modules_to_save": draw.choice([[embedding], [head], [embedding, head]])}, {}),
            "embedding": ({"target_modules": [embedding, *ATTENTION[config["model_type"]]]}, {}),
            "tokens": ({"trainable_token_indices": list(range(draw.choice([3, 40])))}, {}),
            "biases": ({"bias": draw.choice(["all", "lora_only"])}, {}),
            "lora bias": ({"lora_bias": True, "use_rslora": True}, {}),
            "fp16": ({"use_rslora": True}, {"bf16": False, "fp16": True, "dtype": "float16"}),
        }
        if size_of(config) < 1e9:
            options["16 micro-batches"] = ({}, {"gradient_accumulation_steps": 16})
        if has_experts(config):
            options = expert_options(config)
        for option in draw.sample(sorted(options), per_model):
            adapter_change, training_change = options[option]
            quantization = draw.choice([None, NF4, INT8] if option != "fp16" else [None, NF4 | {"bnb_4bit_compute_dtype": "float16"}])
            training = {
                "per_device_train_batch_size": draw.choice([1, 2]),
                "max_length": min(positions(config), draw.choice([512, 1024])),
                "loss": draw.choice(["chunked_nll", "hf", "nll"]),
            }
            adapter = ALL_LINEAR | {"r": draw.choice([8, 16, 32])} | all_of(config) | adapter_change
            yield case(f"{name} {option}", config, adapter, quantization, training | training_change)


OPTIONS_PER_MODEL = 4
EAGER_ONLY = ("gpt_oss", "bloom", "deberta-v2", "gptj", "internlm2", "qwen")

# Names of the input and the output embedding, and of attention's projections, by model_type.
EMBEDDINGS: dict[str, tuple[str, str]] = defaultdict(lambda: ("embed_tokens", "lm_head"), gpt2=("wte", "lm_head"), gpt_neox=("embed_in", "embed_out"), bloom=("word_embeddings", "lm_head"), nemotron_h=("embeddings", "lm_head"), gptj=("wte", "lm_head"))
ATTENTION: dict[str, list[str]] = defaultdict(lambda: ["q_proj", "v_proj"], gpt2=["c_attn"], gpt_neox=["query_key_value"], phi3=["qkv_proj"], bloom=["query_key_value"], deepseek_v32=["q_b_proj", "kv_b_proj"], glm_moe_dsa=["q_b_proj", "kv_b_proj"])


# PEFT refuses "all-linear" where Mamba uses the weight of out_proj directly.
STATE_AND_ATTENTION = ["in_proj", "q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "down_proj"]
NOT_ALL_LINEAR: dict[str, list[str]] = {"nemotron_h": STATE_AND_ATTENTION, "falcon_h1": [*STATE_AND_ATTENTION, "gate_proj"], "llama4_text": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]}
# TRL finds no backbone in these classes: its losses without logits stop.
LOGITS_ONLY = ("llama4_text",)


def all_of(config: dict[str, Any]) -> dict[str, Any]:
    names = NOT_ALL_LINEAR.get(config["model_type"])
    return {} if names is None else {"target_modules": names}


def draw_adapter(draw: random.Random, config: dict[str, Any]) -> dict[str, Any] | None:
    if draw.random() < 0.12 and size_of(config) < 2e9:
        return None
    adapter: dict[str, Any] = ALL_LINEAR | {"r": draw.choice([4, 8, 16, 32, 64])} | all_of(config)
    if draw.random() < 0.25:
        adapter["lora_dropout"] = 0.05
    if draw.random() < 0.12:
        adapter["use_dora"] = True
    return adapter


def draw_training(draw: random.Random, config: dict[str, Any]) -> dict[str, Any]:
    limit = positions(config)
    training: dict[str, Any] = {
        "per_device_train_batch_size": draw.choice([1, 1, 2, 4]),
        "max_length": min(limit, draw.choice([256, 512, 777, 1024, 2048, 4096])),
        "loss": draw.choice(["chunked_nll", "chunked_nll", "hf", "nll"]),
        "optim": draw.choice(
            ["adamw_torch_fused", "adamw_torch_fused", "adamw_torch", "adamw_bnb_8bit", "paged_adamw_32bit", "adafactor", "sgd"]
        ),
    }
    odds: list[tuple[float, dict[str, Any]]] = [
        (0.2, {"gradient_checkpointing": False}),
        (0.2, {"use_reentrant": True}),
        (0.25, {"adapter_dtype": "bfloat16"}),
        (0.2, {"bf16": False}),
        (0.12, {"attn_implementation": "eager"}),
        (0.12, {"padding": True}),
        (0.15, {"prepare_kbit": True}),
        (0.15, {"loop": "plain", "loss": "hf"}),
        (0.15, {"gradient_accumulation_steps": 2}),
        (0.1, {"max_grad_norm": 0}),
        (0.08, {"dtype": "float32"}),
    ]
    for chance, change in odds:
        if draw.random() < chance:
            training |= change
    if training.get("attn_implementation") == "eager":
        training["max_length"] = min(training["max_length"], 1024)
    return training


# Compute capability of the cards in the cases, and bytes of a cuBLAS workspace there.
CARDS: dict[str, tuple[float, int]] = {
    "T4": (7.5, 8_519_680),
    "V100 16GB": (7.0, 8_519_680),
    "RTX 3090": (8.6, 8_519_680),
    "RTX 4090": (8.9, 8_519_680),
    "A100 80GB SXM": (8.0, 8_519_680),
    "H100 SXM 80GB": (9.0, 33_554_432),
    "B200 SXM": (10.0, 33_554_432),
    "RTX 5090": (12.0, 33_554_432),
}

ATTENTION_MODELS = (
    "llama-3.2-1b", "qwen2.5-0.5b", "smollm2-135m", "gemma-2-2b", "gemma-3-1b", "phi-3.5-mini", "olmo-2-1b", "pythia-410m", "gpt2",
    "qwen3-0.6b",
)  # fmt: skip


def attention_cases(configs: dict[str, Any]) -> Iterator[Case]:
    """Every kernel of `scaled_dot_product_attention` on published models: the card and the precision decide."""
    half = {"bf16": False, "fp16": True, "dtype": "float16"}
    single = {"bf16": False, "dtype": "float32"}
    runs: list[tuple[str, dict[str, Any]]] = [
        ("T4", {}),
        ("T4", half),
        ("T4", half | {"padding": True}),
        ("T4", single | {"padding": True}),
        ("V100 16GB", half | {"gradient_checkpointing": False}),
        ("RTX 3090", {"padding": True}),
        ("RTX 4090", {"bf16": False, "loop": "function", "loss": "hf"}),
        ("A100 80GB SXM", single),
        ("H100 SXM 80GB", {}),
        ("H100 SXM 80GB", {"padding": True}),
        ("B200 SXM", {"gradient_checkpointing": False}),
        ("RTX 5090", {"padding": True}),
    ]
    for name in ATTENTION_MODELS:
        draw = random.Random(f"{SEED} attention {name}")
        for index in sorted(draw.sample(range(len(runs)), 6)):
            card, change = runs[index]
            config = configs[name]
            longest = positions(config)
            training = {
                "per_device_train_batch_size": draw.choice([1, 2]),
                "max_length": min(longest, draw.choice([512, 1000, 1531, 2048])),
                "loss": draw.choice(["chunked_nll", "nll"]),
            }
            adapter = ALL_LINEAR | {"r": draw.choice([8, 16])}
            found = case(f"{name} on {card} {index}", config, adapter, None, training | change)
            yield found | {"hardware": {"gpu": card}}


def preference_cases(configs: dict[str, Any]) -> Iterator[Case]:
    """DPO: the reference is the policy without its adapters, a second model, or log-probabilities made before."""
    narrow = ALL_LINEAR | {"r": 8, "target_modules": ["q_proj", "v_proj"], "lora_dropout": 0.05}
    rows: list[tuple[str, str, Any, Any, dict[str, Any]]] = [
        ("smollm2-135m", "lora", ALL_LINEAR, None, {"per_device_train_batch_size": 2, "max_length": 512}),
        ("smollm2-135m", "accumulation", narrow, None, {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 8, "max_length": 384}),
        ("qwen2.5-0.5b", "second model fp32", None, None, {"per_device_train_batch_size": 4, "max_length": 512, "dtype": "float32", "padding": True}),
        ("llama-3.2-1b", "pure bf16", ALL_LINEAR, None, {"per_device_train_batch_size": 2, "max_length": 768, "bf16": False, "optim": "adamw_torch", "adapter_dtype": "bfloat16"}),
        ("llama-3.2-1b", "precomputed", ALL_LINEAR, None, {"per_device_train_batch_size": 2, "max_length": 1024, "precompute_ref_log_probs": True, "padding": True}),
        ("qwen3-0.6b", "reentrant, short completions", ALL_LINEAR, NF4, {"per_device_train_batch_size": 2, "max_length": 1024, "prompt_length": 900, "use_reentrant": True}),
        ("gemma-2-2b", "qlora padded", ALL_LINEAR, NF4, {"per_device_train_batch_size": 1, "max_length": 512, "padding": True, "adapter_dtype": "bfloat16"}),
        ("llama-3.1-8b", "qlora padded", ALL_LINEAR, NF4, {"per_device_train_batch_size": 1, "max_length": 1024, "padding": True, "adapter_dtype": "bfloat16"}),
    ]  # fmt: skip
    for name, what, adapter, quantization, training in rows:
        yield case(f"dpo {name} {what}", configs[name], adapter, quantization, training | {"method": "dpo"})


# Optimizers beside those that drawn cases take. AdEMAMix and Lion of 32 bits stand under two names of one program.
MORE_OPTIMIZERS = (
    *("lion_32bit", "lion_8bit", "paged_lion_32bit", "paged_lion_8bit", "rmsprop_bnb", "rmsprop_bnb_8bit"),
    *("ademamix", "ademamix_8bit", "paged_ademamix_32bit", "paged_ademamix_8bit", "adamw_torch_8bit", "adamw_torch_4bit"),
)


def optimizer_cases(configs: dict[str, Any]) -> Iterator[Case]:
    """Every further optimizer on adapters, some of them too small for 8 bits or pages, and on whole models, whose embeddings stay in 32 bits."""
    saved = ALL_LINEAR | {"r": 3, "modules_to_save": ["lm_head"]}
    for index, optimizer in enumerate(MORE_OPTIMIZERS):
        step = {"optim": optimizer, "max_length": 256, "gradient_accumulation_steps": 1 + index % 2}
        yield case(f"smollm2-135m {optimizer}", configs["smollm2-135m"], saved, NF4 if index % 3 else None, step)
        yield case(f"qwen2.5-0.5b full {optimizer}", configs["qwen2.5-0.5b"], None, None, step | {"loss": "hf", "bf16": bool(index % 4)})


def emptied_cases(configs: dict[str, Any]) -> Iterator[Case]:
    """The cache is emptied between forward and backward, in every step or in the first of several."""
    rows: list[tuple[str, Any, Any, dict[str, Any]]] = [
        ("smollm2-135m", ALL_LINEAR, None, {"torch_empty_cache_steps": 1, "loss": "hf", "max_length": 777, "gradient_accumulation_steps": 3}),
        ("smollm2-135m", ALL_LINEAR, NF4, {"torch_empty_cache_steps": 4, "loss": "hf", "max_length": 1024, "per_device_train_batch_size": 2, "padding": True}),
        ("qwen2.5-0.5b", None, None, {"torch_empty_cache_steps": 1, "loss": "nll", "max_length": 512, "optim": "adamw_torch", "dtype": "float32"}),
        ("qwen2.5-0.5b", ALL_LINEAR | {"lora_dropout": 0.1}, INT8, {"torch_empty_cache_steps": 2, "max_length": 640, "gradient_accumulation_steps": 2, "use_reentrant": True}),
        ("llama-3.2-1b", ALL_LINEAR, NF4, {"torch_empty_cache_steps": 1, "max_length": 2048, "gradient_checkpointing": False, "gradient_accumulation_steps": 5}),
        ("gemma-2-2b", ALL_LINEAR, None, {"torch_empty_cache_steps": 1, "max_length": 512, "bf16": False}),
    ]  # fmt: skip
    for index, (name, adapter, quantization, training) in enumerate(rows):
        yield case(f"{name} emptied {index}", configs[name], adapter, quantization, training)


def varied_cases(configs: dict[str, Any]) -> Iterator[Case]:
    """Micro-batches of several lengths, in turn."""
    rows: list[tuple[str, Any, Any, dict[str, Any]]] = [
        ("smollm2-135m", ALL_LINEAR, None, {"lengths": [300, 1024, 77], "loss": "hf"}),
        ("smollm2-135m", ALL_LINEAR, NF4, {"lengths": [1000, 64, 333, 777, 1024], "gradient_accumulation_steps": 2, "per_device_train_batch_size": 2, "padding": True}),
        ("smollm2-135m", ALL_LINEAR, None, {"lengths": [900, 100], "gradient_accumulation_steps": 5, "gradient_checkpointing": False}),
        ("qwen2.5-0.5b", None, None, {"lengths": [128, 512, 256], "loss": "nll", "optim": "adamw_torch", "dtype": "float32"}),
        ("qwen2.5-0.5b", ALL_LINEAR | {"lora_dropout": 0.1}, INT8, {"lengths": [640, 200, 640, 31], "use_reentrant": True}),
        ("llama-3.2-1b", ALL_LINEAR, NF4, {"lengths": [2048, 500, 1200, 90], "gradient_checkpointing": False}),
        ("gemma-2-2b", ALL_LINEAR, None, {"lengths": [100, 700], "loop": "plain"}),
        ("gemma-3-1b", ALL_LINEAR, NF4, {"lengths": [1500, 400, 600], "gradient_accumulation_steps": 3, "attn_implementation": "eager"}),
        ("pythia-410m", ALL_LINEAR, None, {"lengths": [100, 600, 200], "loss": "hf", "max_grad_norm": 0.0}),
        ("gpt2", {"r": 8, "task_type": "CAUSAL_LM"}, None, {"lengths": [512, 1024, 128], "loop": "function", "gradient_accumulation_steps": 2, "set_to_none": False}),
    ]  # fmt: skip
    for index, (name, adapter, quantization, training) in enumerate(rows):
        yield case(f"{name} varied {index}", configs[name], adapter, quantization, {"max_length": max(training["lengths"])} | training)


def parallel_cases(configs: dict[str, Any]) -> Iterator[Case]:
    """A rank of DistributedDataParallel."""
    step = {"per_device_train_batch_size": 2, "max_length": 512}
    rows: list[tuple[str, str, Any, Any, dict[str, Any]]] = [
        ("smollm2-135m", "lora", ALL_LINEAR, None, {}),
        ("smollm2-135m", "full fine-tuning, accumulation", None, None, {"loss": "hf", "gradient_accumulation_steps": 4}),
        ("qwen2.5-0.5b", "full fp32", None, None, {"dtype": "float32", "loss": "hf", "per_device_train_batch_size": 1}),
        ("llama-3.2-1b", "qlora padded", ALL_LINEAR, NF4, {"padding": True, "adapter_dtype": "bfloat16", "loss": "nll"}),
        ("gemma-2-2b", "without checkpointing", ALL_LINEAR, None, {"gradient_checkpointing": False}),
        ("llama-3.1-8b", "qlora", ALL_LINEAR, NF4, {"max_length": 2048, "adapter_dtype": "bfloat16"}),
    ]  # fmt: skip
    for index, (name, what, adapter, quantization, training) in enumerate(rows):
        found = case(f"ddp {name} {what}", configs[name], adapter, quantization, step | training)
        yield found | {"hardware": {"strategy": "ddp", "count": 2 + 2 * (index % 2)}}


def has_experts(config: dict[str, Any]) -> bool:
    return "num_experts_per_tok" in config.get("text_config", config)


def expert_options(config: dict[str, Any]) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """What can be trained where experts are: "all-linear" stands for the experts' parameters, too."""
    router = "router.weight" if config["model_type"] == "gpt_oss" else "gate.weight"
    up = "experts.up_proj" if config["model_type"] == "nemotron_h" else "experts.gate_up_proj"
    return {
        "gate and up": ({"target_modules": ATTENTION["llama"], "target_parameters": [up]}, {}),
        "down, foreach": ({"target_modules": [], "target_parameters": ["experts.down_proj"]}, {"optim": "adamw_torch"}),
        "router": ({"target_modules": [], "target_parameters": [router]}, {"gradient_checkpointing": False}),
        "attention": ({"target_modules": ATTENTION["llama"], "use_dora": True}, {}),
        "head": ({"target_modules": ATTENTION["llama"], "modules_to_save": ["lm_head"]}, {}),
        "fp16": ({"use_rslora": True}, {"bf16": False, "fp16": True, "dtype": "float16"}),
    }


def fit_to_experts(draw: random.Random, adapter: dict[str, Any] | None) -> dict[str, Any] | None:
    """PEFT takes no dropout and no DoRA on parameters."""
    if adapter is not None and (draw.random() < 0.5 or {"lora_dropout", "use_dora"} & adapter.keys()):
        return adapter | {"target_modules": ["q_proj", "k_proj", "v_proj", "o_proj"]}
    return adapter


def size_of(config: dict[str, Any]) -> float:
    """Rough number of parameters, only to keep full fine-tuning to small models."""
    text = config.get("text_config", config)
    hidden = text.get("hidden_size") or text.get("d_model") or text.get("dim") or text["n_embd"]
    layers = text.get("num_hidden_layers") or text.get("num_layers") or text.get("n_layers") or text.get("encoder_layers") or text["n_layer"]
    return 12 * layers * hidden**2 + text.get("vocab_size", 0) * hidden


def case(identifier: str, config: dict[str, Any], adapter: Any, quantization: Any, training: dict[str, Any]) -> Case:
    if config["model_type"] in EAGER_ONLY:
        length = min(training.get("max_length", 1024), 1024)
        training = training | {"attn_implementation": "eager", "max_length": length}
    if config["model_type"] in LOGITS_ONLY:
        training = training | {"loss": "hf"}
    model = {"config": config}
    return {"id": identifier, "model": model, "adapter": adapter, "quantization": quantization, "training": training}


def all_cases(per_model: int) -> list[Case]:
    more = json.loads(MORE_CONFIGS.read_text())
    return [*whole_cases(per_model), *drawn_cases(more, PER_MORE_MODEL), *option_cases(more, 1), *own_loss_cases(PER_OWN_LOSS_MODEL), *token_scan_cases()]


def token_scan_cases() -> Iterator[Case]:
    """Mamba of published sizes: thousands of operators a layer, so that sequences are short; what packs weights must leave its step."""
    sizes = {"vocab_size": 50280, "state_size": 16, "conv_kernel": 4, "expand": 2, "use_bias": False, "use_conv_bias": True, "tie_word_embeddings": True}
    small = {"model_type": "mamba", "hidden_size": 768, "intermediate_size": 1536, "time_step_rank": 48, "num_hidden_layers": 24} | sizes
    large = {"model_type": "mamba", "hidden_size": 2560, "intermediate_size": 5120, "time_step_rank": 160, "num_hidden_layers": 5} | sizes
    lora = {"peft_type": "LORA", "r": 16, "target_modules": ["in_proj", "x_proj"], "task_type": "CAUSAL_LM"}
    unpacked = {"llm_int8_skip_modules": ["lm_head", "dt_proj"]}
    rows: list[tuple[str, dict[str, Any], Any, Any, dict[str, Any]]] = [
        ("mamba-130m lora", small, lora, None, {"per_device_train_batch_size": 2, "max_length": 300}),
        ("mamba-130m every layer kept", small, lora | {"r": 64, "lora_dropout": 0.05}, None, {"gradient_checkpointing": False, "max_length": 200, "loss": "hf"}),
        ("mamba-130m qlora padded", small, lora, NF4 | unpacked, {"padding": True, "per_device_train_batch_size": 4, "max_length": 128}),
        ("mamba-130m full fp32", small, None, None, {"dtype": "float32", "per_device_train_batch_size": 2, "max_length": 256, "loss": "nll"}),
        ("mamba-2.8b, 5 layers, lora", large, lora, None, {"max_length": 512, "optim": "adamw_bnb_8bit"}),
        ("mamba-2.8b, 5 layers, int8", large, lora, INT8 | unpacked, {"max_length": 200, "gradient_accumulation_steps": 2, "use_reentrant": True}),
    ]  # fmt: skip
    for name, config, adapter, quantization, training in rows:
        yield case(name, config, adapter, quantization, {"attn_implementation": "eager"} | training)


def whole_cases(per_model: int) -> list[Case]:
    configs = json.loads(CONFIGS.read_text())
    return [*named_cases(configs), *drawn_cases(configs, per_model), *option_cases(configs, OPTIONS_PER_MODEL), *attention_cases(configs), *preference_cases(configs), *parallel_cases(configs), *optimizer_cases(configs), *emptied_cases(configs), *varied_cases(configs)]


# What a run that names a loss of an earlier TRL computes under a later one (loss_type "nll", and its alias "chunked_nll").
LOSS_SINCE_FUSED_HEAD = {"nll": "fused", "chunked_nll": "fused"}


# Types that transformers 4 builds from other modules, and models that see, whose step there is not compared.
OTHER_MODULES_IN_4 = ("gpt_neox", "vit", "gemma3", "mistral3")
# Of models up to this size every case is traced under another release, of larger ones a share.
SMALL = 1.2e9
# Traces of experts take minutes, and transformers 4 runs them one by one, which has no program.
EXPERTS_PER_DENSE = 0.6


def world_cases(release: str, has_fused_head: bool, small: float, large: float) -> list[Case]:
    """The chosen shares of all cases, as they are said under another release of transformers; equal shares give equal cases."""

    is_4 = release.startswith("4.")

    def is_chosen(each: Case) -> bool:
        config = each["model"]["config"]
        if other_torch() and "gpu" in each.get("hardware", {}):
            return True  # kernels of attention are what another torch decides
        if is_4 and config["model_type"] in OTHER_MODULES_IN_4:
            return False
        odds = small if size_of(config) < SMALL else large
        if has_experts(config):
            odds = 0 if is_4 else large * EXPERTS_PER_DENSE
        return zlib.crc32(each["id"].encode()) % 1000 < 1000 * odds

    return [in_world(each, release, has_fused_head) for each in whole_cases(12) if is_chosen(each)]


# Types whose class lost scaled_dot_product_attention: it does not know the cap of their scores.
EAGER_SINCE_5_24 = ("gemma2",)


def in_world(each: Case, release: str, has_fused_head: bool) -> Case:
    training = dict(each["training"])
    if has_fused_head and each["model"]["config"]["model_type"] in EAGER_SINCE_5_24:
        training |= {"attn_implementation": "eager", "max_length": min(training["max_length"], 1024)}
    if has_fused_head and training.get("method", "sft") == "sft":
        loss = training.get("loss", "chunked_nll")
        training["loss"] = LOSS_SINCE_FUSED_HEAD.get(loss, loss)
    return each | {"training": training, "versions": {"transformers": release} | other_torch()}


# What the goldens of the usual world, and of other releases of transformers, are traced with.
USUAL_TORCH = "2.13"


def other_torch() -> dict[str, str]:
    """The installed torch, where it is not the usual one."""
    installed = ".".join(version("torch").split(".")[:2])
    return {} if installed == USUAL_TORCH else {"torch": installed}
