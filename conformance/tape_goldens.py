"""Write the complete event lists of a few scenarios, for the event-by-event tests of the TypeScript engine.

    python tape_goldens.py
    python tape_goldens.py --world 5.24 --out OUT.jsonl.gz   # with another release of transformers installed

A tape is a list of integers in order: the bytes of an allocation, or minus one minus the number of the allocation that
is released. `names` holds tags and modules, `named` the index of the name of each allocation.
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

from losses import HAS_FUSED_HEAD
from own_code_cases import RELEASE as OWN_CODE_RELEASE
from own_code_cases import own_code_tapes
from memory_cases import ALL_LINEAR, CARDS, INT8, NF4, OTHER_MODULES_IN_4, Case, case, in_world
from trace import record_tape

ROOT = Path(__file__).resolve().parent.parent
TAPES = ROOT / "packages" / "lora-calc" / "test" / "conformance" / "tapes.jsonl.gz"

SMALL = {
    "model_type": "llama", "vocab_size": 1000, "hidden_size": 256, "intermediate_size": 640, "num_hidden_layers": 9,
    "num_attention_heads": 8, "num_key_value_heads": 2, "tie_word_embeddings": False,
}  # fmt: skip
STEP = {"per_device_train_batch_size": 2, "max_length": 512}
PLAIN = {"loop": "plain", "bf16": False, "max_grad_norm": 0, "loss": "hf", "prepare_kbit": True}


SINKS_LORA = ALL_LINEAR | {"target_parameters": ["1.mlp.experts.gate_up_proj", "1.mlp.experts.down_proj"]}


def family(model_type: str, **changes: Any) -> dict[str, Any]:
    return SMALL | {"model_type": model_type} | changes


def cases() -> list[Case]:
    gpt2 = {"model_type": "gpt2", "vocab_size": 1000, "n_embd": 256, "n_layer": 6, "n_head": 8, "n_positions": 512}
    gemma2 = family("gemma2", head_dim=64, sliding_window=128, num_hidden_layers=12, tie_word_embeddings=True)
    dropout, dora = ALL_LINEAR | {"lora_dropout": 0.05}, ALL_LINEAR | {"use_dora": True}
    tied, tokens = SMALL | {"tie_word_embeddings": True}, ALL_LINEAR | {"trainable_token_indices": [1, 2, 3]}
    experts = {"num_experts": 8, "num_local_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 192, "norm_topk_prob": True}
    shared = family("qwen2_moe", shared_expert_intermediate_size=320, **experts)
    rows: list[tuple[str, dict[str, Any], Any, Any, dict[str, Any]]] = [
        ("llama qlora chunked", SMALL, ALL_LINEAR, NF4, {}),
        ("llama qlora kbit plain loop reentrant", SMALL, ALL_LINEAR, NF4, PLAIN | {"use_reentrant": True}),
        ("llama lora without checkpointing, nll", SMALL, ALL_LINEAR, None, {"gradient_checkpointing": False, "loss": "nll"}),
        ("llama int8 dropout", SMALL, dropout, INT8, {}),
        ("llama dora eager", SMALL, dora, None, {"attn_implementation": "eager"}),
        ("llama full fine-tuning foreach, two micro-batches", SMALL, None, None, {"optim": "adamw_torch", "gradient_accumulation_steps": 2}),
        ("llama padded adafactor", SMALL, ALL_LINEAR, None, {"padding": True, "optim": "adafactor"}),
        ("qwen3 fp32 base", family("qwen3", head_dim=48), ALL_LINEAR, None, {"dtype": "float32"}),
        ("gemma2 sliding windows", gemma2, ALL_LINEAR, NF4, {"loss": "hf"}),
        ("olmo2 qlora 8-bit adamw", family("olmo2"), ALL_LINEAR, NF4, {"optim": "adamw_bnb_8bit"}),
        ("gpt2 dropout everywhere", gpt2, ALL_LINEAR, None, {}),
        ("llama trained tokens, tied head", tied, tokens, NF4, {"loss": "nll"}),
        ("gemma2 trained tokens, scaled table", gemma2, tokens, None, {"loss": "hf", "adapter_dtype": "bfloat16"}),
        ("llama trained tokens, chunked", SMALL, tokens, None, {}),
        ("gpt_neox parallel", family("gpt_neox"), ALL_LINEAR, NF4, {"loss": "nll"}),
        ("qwen3_moe adapted experts", family("qwen3_moe", head_dim=32, **experts), ALL_LINEAR, NF4, {}),
        ("mixtral attention only", family("mixtral", **experts), ALL_LINEAR | {"target_modules": ["q_proj", "v_proj"]}, None, {"gradient_checkpointing": False}),
        ("gpt_oss adapted experts", family("gpt_oss", head_dim=32, sliding_window=128, **experts), SINKS_LORA, None, {"attn_implementation": "eager"}),
        ("qwen2_moe full fine-tuning", shared, None, None, {"loss": "hf"}),
    ]  # fmt: skip
    cases = [case(name, config, adapter, quantization, STEP | training) for name, config, adapter, quantization, training in rows]
    return cases + attention_cases(gpt2) + liger_cases() + dpo_cases() + ddp_cases() + image_cases()


def dpo_cases() -> list[Case]:
    """Policy and reference: the policy without its adapters, a second model, or log-probabilities made before."""
    step = {"method": "dpo", "per_device_train_batch_size": 2, "max_length": 384}
    dropout = ALL_LINEAR | {"lora_dropout": 0.05}
    rows: list[tuple[str, Any, Any, dict[str, Any]]] = [
        ("dpo: lora, adapters switched off", ALL_LINEAR, None, {}),
        ("dpo: qlora, padded, dropout disabled, two micro-batches", dropout, NF4, {"padding": True, "gradient_accumulation_steps": 2}),
        ("dpo: a second model", None, None, {"dtype": "float32"}),
        ("dpo: log-probabilities made before", ALL_LINEAR, None, {"precompute_ref_log_probs": True, "gradient_checkpointing": False}),
        ("dpo: 16-bit logits", ALL_LINEAR, None, {"bf16": False, "use_reentrant": True}),
        ("dpo: short completions", ALL_LINEAR, None, {"prompt_length": 300}),
    ]  # fmt: skip
    return [case(name, SMALL, adapter, quantization, step | training) for name, adapter, quantization, training in rows]


def image_cases() -> list[Case]:
    """A tower over the patches of an image, with a label each."""
    vit = {
        "model_type": "vit", "hidden_size": 192, "num_hidden_layers": 8, "num_attention_heads": 3, "intermediate_size": 768,
        "image_size": 160, "patch_size": 16, "architectures": ["ViTForImageClassification"],
    }  # fmt: skip
    lora = {"peft_type": "LORA", "r": 8, "target_modules": ["q_proj", "v_proj"], "modules_to_save": ["classifier"]}
    wide = {"peft_type": "LORA", "r": 8, "lora_dropout": 0.1, "target_modules": ["q_proj", "k_proj", "v_proj", "o_proj", "fc1", "fc2"]}
    kept, single = {"gradient_checkpointing": False}, {"bf16": False, "dtype": "float32"}
    dropout = {"hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1}
    rows: list[tuple[str, dict[str, Any], Any, dict[str, Any]]] = [
        ("vit: lora, trained classifier", vit, lora, kept | single),
        ("vit: lora everywhere, checkpointing, autocast", vit, wide, {"dtype": "float32"}),
        ("vit: lora on a bf16 base, eager", vit, lora, kept | {"attn_implementation": "eager"}),
        ("vit: full fine-tuning", vit, None, kept | {"dtype": "float32"}),
        ("vit: dropout everywhere, two micro-batches", vit | dropout, lora, kept | {"gradient_accumulation_steps": 2}),
    ]  # fmt: skip
    step = {"per_device_train_batch_size": 4, "loss": "hf"}
    return [case(name, config, adapter, None, step | training) for name, config, adapter, training in rows]


def ddp_cases() -> list[Case]:
    """A rank of DistributedDataParallel: the model moved from the host, a bucket for all gradients."""
    rows: list[tuple[str, Any, Any, dict[str, Any]]] = [
        ("ddp: lora", ALL_LINEAR, None, {}),
        ("ddp: qlora, three micro-batches", ALL_LINEAR, NF4, {"gradient_accumulation_steps": 3, "loss": "nll"}),
        ("ddp: full fine-tuning", None, None, {"loss": "hf"}),
        ("ddp: trained copies", ALL_LINEAR | {"modules_to_save": ["embed_tokens"]}, None, {"loss": "hf", "adapter_dtype": "bfloat16"}),
    ]  # fmt: skip
    hardware = {"hardware": {"strategy": "ddp", "count": 2}}
    return [case(name, SMALL, adapter, quantization, STEP | training) | hardware for name, adapter, quantization, training in rows]


def liger_cases() -> list[Case]:
    """Liger's own code in every kind of module that it patches, on a card with one multiprocessor (`liger.py`)."""
    liger = {"use_liger_kernel": True, "loss": "liger"}
    kept = {"gradient_checkpointing": False}
    gemma2 = family("gemma2", head_dim=64, sliding_window=128, tie_word_embeddings=True)
    gemma3 = family("gemma3_text", head_dim=64, sliding_window=128, tie_word_embeddings=True)
    rows: list[tuple[str, dict[str, Any], Any, Any, dict[str, Any]]] = [
        ("liger: llama qlora", SMALL, ALL_LINEAR, NF4, {}),
        ("liger: llama without checkpointing, two micro-batches", SMALL, ALL_LINEAR, None, kept | {"gradient_accumulation_steps": 2}),
        ("liger: llama full fine-tuning", SMALL, None, None, {}),
        ("liger: llama trained norms", SMALL, ALL_LINEAR | {"modules_to_save": ["input_layernorm", "norm"]}, None, {"adapter_dtype": "bfloat16"}),
        ("liger: qwen3, norms of heads left alone", family("qwen3", head_dim=32), ALL_LINEAR, None, kept),
        ("liger: phi3, projections cut from one", family("phi3", pad_token_id=0), ALL_LINEAR, None, kept),
        ("liger: gemma", family("gemma", head_dim=32), ALL_LINEAR, None, {"use_reentrant": True}),
        ("liger: gemma2, gradients of norms out of place", gemma2, ALL_LINEAR, None, kept),
        ("liger: gemma3, norms of heads", gemma3, ALL_LINEAR, NF4, {}),
        ("liger: olmo2, without autocast", family("olmo2"), ALL_LINEAR, None, {"bf16": False}),
        ("liger: glm4, rotary left alone", family("glm4", head_dim=32, pad_token_id=0), ALL_LINEAR, None, kept),
    ]  # fmt: skip
    return [case(name, config, adapter, quantization, STEP | liger | training) for name, config, adapter, quantization, training in rows]


def attention_cases(gpt2: dict[str, Any]) -> list[Case]:
    """Every kernel of `scaled_dot_product_attention`, with the card that decides it."""
    many = SMALL | {"num_key_value_heads": 8}
    wide = family("gemma2", head_dim=256, num_attention_heads=4, sliding_window=128, num_hidden_layers=12)
    half, fp16 = {"bf16": False}, {"bf16": False, "fp16": True, "dtype": "float16"}
    single = {"bf16": False, "dtype": "float32"}
    short = {"max_length": 340}  # no multiple of 8
    t4, v100, p100, a100, rtx_3090, h100 = 7.5, 7.0, 6.0, 8.0, 8.6, 9.0
    rows: list[tuple[str, dict[str, Any], float, dict[str, Any]]] = [
        ("math: bf16 on a T4", SMALL, t4, {}),
        ("math: bf16 on a T4, equal heads, padded", many, t4, {"padding": True}),
        ("math: bf16 on a T4 without autocast, hand-written loop", SMALL, t4, half | {"loop": "plain", "loss": "hf"}),
        ("math: grouped fp16 on a T4", SMALL, t4, fp16),
        ("math: grouped fp32 without checkpointing", SMALL, a100, single | {"gradient_checkpointing": False}),
        ("math: dropout on a T4", gpt2, t4, {}),
        ("efficient: fp16 on a T4, padded", SMALL, t4, fp16 | {"padding": True}),
        ("efficient: fp16 on a T4, equal heads", many, t4, fp16),
        ("efficient: fp16 on a V100, wide heads", wide, v100, fp16),
        ("efficient: fp16 on a P100, equal heads", many, p100, fp16),
        ("efficient: fp32 on a T4, padded, rows not aligned", SMALL, t4, single | {"padding": True} | short),
        ("efficient: padded, rows not aligned", SMALL, a100, {"padding": True} | short),
        ("efficient: windows and heads of 256 on an RTX 3090", wide, rtx_3090, {}),
        ("efficient: heads of 96 on an RTX 3090, padded", family("qwen3", head_dim=96), rtx_3090, {"padding": True}),
        ("efficient: heads of 224 on an RTX 3090", family("qwen3", head_dim=224), rtx_3090, {}),
        ("efficient: dropout, heads of 80, padded", gpt2 | {"n_embd": 640}, rtx_3090, {"padding": True}),
        ("cudnn", SMALL, h100, {}),
        ("cudnn: padded, rows not aligned", SMALL, h100, {"padding": True} | short),
        ("cudnn: without checkpointing, equal heads", many, h100, {"gradient_checkpointing": False}),
        ("cudnn: heads of 256", family("qwen3", head_dim=256), h100, {}),
        ("heads of 160 on an H100, which cuDNN takes, since torch 2.14 without gradients alone", family("qwen3", head_dim=160), h100, {}),
        ("flash: partial rotary on an RTX 3090", family("gpt_neox"), rtx_3090, {}),
    ]  # fmt: skip
    return [
        case(name, config, ALL_LINEAR, None, STEP | training) | {"device": {"compute_capability": capability}}
        for name, config, capability, training in rows
    ]


def golden(scenario: Case) -> dict[str, Any]:
    request = {"config": scenario["model"]["config"], **{key: scenario[key] for key in ("adapter", "quantization", "training")}}
    if "architectures" in scenario["model"]["config"]:
        request["architecture"] = scenario["model"]["config"]["architectures"][0]
    request |= {key: scenario[key] for key in ("device", "hardware", "stack") if key in scenario}
    if "gpu" in scenario.get("hardware", {}):
        request["device"] = {"compute_capability": CARDS[scenario["hardware"]["gpu"]][0]}
    tape, _ = record_tape(request)
    numbers: dict[int, int] = {}
    events, named = [], []
    names: dict[str, int] = {}
    for event in tape.events:
        allocation = event.allocation
        if event.op == "alloc":
            numbers[allocation.id] = len(named)
            name = f"{allocation.tag} {(allocation.module or '').removeprefix('base_model.model.')}".strip()
            named.append(names.setdefault(name, len(names)))
            events.append(allocation.bytes)
        else:
            events.append(-1 - numbers[allocation.id])
    return {"scenario": scenario, "events": events, "names": list(names), "named": named}


def later_cases() -> list[Case]:
    """More families, each kept whole and checkpointed on packed weights: what their layers, norms, tables and routers do."""
    deep = {"num_hidden_layers": 5, "pad_token_id": 0}
    tower = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 56, "patch_size": 14}
    grid = {"depth": 2, "hidden_size": 64, "num_heads": 2, "intermediate_size": 128, "out_hidden_size": 256}
    special = {"image_token_id": 999, "video_token_id": 998, "vision_start_token_id": 997}
    sections = {"rope_parameters": {"rope_type": "default", "mrope_section": [4, 6, 6], "rope_theta": 1e6}}
    experts = {"num_experts_per_tok": 2, "moe_intermediate_size": 192}
    groups = experts | {"n_routed_experts": 8, "n_shared_experts": 1, "first_k_dense_replace": 1, "n_group": 2, "topk_group": 1}

    def seeing(model_type: str, name: str, text: dict[str, Any], vision: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"model_type": model_type, "architectures": [f"{name}ForConditionalGeneration"], "text_config": text, "vision_config": vision} | more

    def text(model_type: str, **changes: Any) -> dict[str, Any]:
        return family(model_type, num_hidden_layers=5, **changes)

    pali = {"projection_dim": 256, "hidden_size": 256, "tie_word_embeddings": True, "image_token_index": 999}
    siglip = tower | {"model_type": "siglip_vision_model"}
    configs = {
        "paligemma": seeing("paligemma", "PaliGemma", text("gemma"), siglip, **pali),
        "paligemma over gemma2": seeing("paligemma", "PaliGemma", text("gemma2"), siglip, **pali),
        "smolvlm": seeing("smolvlm", "SmolVLM", text("llama"), tower | {"model_type": "smolvlm_vision"}, image_token_id=999),
        "qwen2_vl": seeing("qwen2_vl", "Qwen2VL", text("qwen2_vl_text", **sections), grid | {"embed_dim": 64, "hidden_size": 256}, **special),
        "qwen2_5_vl": seeing("qwen2_5_vl", "Qwen2_5_VL", text("qwen2_5_vl_text", **sections), grid | {"fullatt_block_indexes": [1]}, **special),
        "qwen3_vl": seeing("qwen3_vl", "Qwen3VL", text("qwen3_vl_text"), grid | {"deepstack_visual_indexes": [1]}, **special),
        "qwen3_vl_moe": seeing("qwen3_vl_moe", "Qwen3VLMoe", text("qwen3_vl_moe_text", num_experts=8, **experts), grid | {"deepstack_visual_indexes": [1]}, **special),
        "cohere": family("cohere", tie_word_embeddings=True, **deep),
        "cohere with norms of heads": family("cohere", tie_word_embeddings=True, use_qk_norm=True, **deep),
        "cohere2": family("cohere2", tie_word_embeddings=True, sliding_window=128, num_hidden_layers=8, pad_token_id=0),
        "olmo": family("olmo", **deep),
        "stablelm": family("stablelm", **deep),
        "phi": family("phi", **deep),
        "nemotron": family("nemotron", **deep),
        "helium": family("helium", head_dim=32, **deep),
        "granitemoe": family("granitemoe", num_local_experts=8, num_experts_per_tok=2, **deep),
        "granitemoehybrid of attention alone": family(
            "granitemoehybrid", layer_types=["attention"] * 5, num_local_experts=0, num_experts_per_tok=0,
            shared_intermediate_size=640, position_embedding_type="rope", mamba_n_heads=8, mamba_d_head=64, **deep,
        ),
        "glm4_moe": family("glm4_moe", head_dim=32, use_qk_norm=True, **groups, **deep),
        "dots1": family("dots1", **groups, **deep),
    }  # fmt: skip
    kept = {"gradient_checkpointing": False}
    return [
        case(f"{name}: {what}", config, ALL_LINEAR, quantization, STEP | training)
        for name, config in configs.items()
        for what, quantization, training in (("kept", None, kept), ("qlora", NF4, {}))
    ]


def states_and_latents() -> list[Case]:
    """Layers that keep a state, attention from short vectors, routers with corrected scores, and OPT with its parts held by the layer."""
    deep = {"num_hidden_layers": 5, "pad_token_id": 0}
    delta = {"linear_num_value_heads": 8, "linear_num_key_heads": 4, "linear_key_head_dim": 32, "linear_value_head_dim": 32, "head_dim": 64}
    turned = {"rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "partial_rotary_factor": 0.25, "mrope_section": [1, 1, 2]}}
    grid = {"depth": 2, "hidden_size": 64, "num_heads": 2, "intermediate_size": 128, "out_hidden_size": 256}
    special = {"image_token_id": 999, "video_token_id": 998, "vision_start_token_id": 997}
    chosen = {"num_experts_per_tok": 2, "moe_intermediate_size": 192}
    shared = chosen | {"num_experts": 8, "shared_expert_intermediate_size": 320}
    groups = chosen | {"n_routed_experts": 8, "n_shared_experts": 1, "first_k_dense_replace": 1, "n_group": 2, "topk_group": 1}
    latent = groups | {"q_lora_rank": 96, "kv_lora_rank": 64, "qk_nope_head_dim": 32, "qk_rope_head_dim": 16, "v_head_dim": 32, "num_key_value_heads": 8}
    convolutions = ["conv", "conv", "full_attention", "conv", "full_attention"]
    opt = {
        "model_type": "opt", "vocab_size": 1000, "hidden_size": 256, "ffn_dim": 640, "num_hidden_layers": 5, "num_attention_heads": 8,
        "max_position_embeddings": 600, "word_embed_proj_dim": 256, "pad_token_id": 1,
    }  # fmt: skip

    def seeing(model_type: str, name: str, **text: Any) -> dict[str, Any]:
        language = family(f"{model_type}_text", num_hidden_layers=5, **delta, **turned, **text)
        return {"model_type": model_type, "architectures": [f"{name}ForConditionalGeneration"], "text_config": language, "vision_config": grid} | special

    configs = {
        "qwen3_5": seeing("qwen3_5", "Qwen3_5"),
        "qwen3_5_moe": seeing("qwen3_5_moe", "Qwen3_5Moe", **shared),
        "qwen3_next": family("qwen3_next", partial_rotary_factor=0.25, **delta, **shared, **deep),
        "olmo_hybrid": family(
            "olmo_hybrid", layer_types=["linear_attention"] * 3 + ["full_attention", "linear_attention"], linear_num_key_heads=8,
            linear_num_value_heads=8, linear_key_head_dim=32, linear_value_head_dim=32, **deep,
        ),
        "deepseek_v3": family("deepseek_v3", **latent, **deep),
        "deepseek_v3 with halves turned": family("deepseek_v3", rope_interleave=False, **latent, **deep),
        "deepseek_v2": family("deepseek_v2", topk_method="group_limited_greedy", **latent, **deep),
        "deepseek_v2 lite": family("deepseek_v2", topk_method="greedy", **latent | {"q_lora_rank": None}, **deep),
        "glm4_moe_lite": family("glm4_moe_lite", **latent, **deep),
        "lfm2": family("lfm2", layer_types=convolutions, block_ff_dim=640, conv_L_cache=3, block_auto_adjust_ff_dim=False, **deep),
        "lfm2_moe": family("lfm2_moe", layer_types=convolutions, num_experts=8, num_dense_layers=1, conv_L_cache=3, **chosen, **deep),
        "minimax_m2": family("minimax_m2", num_local_experts=8, num_experts_per_tok=2, head_dim=32, rotary_dim=16, **deep),
        "ernie4_5_moe": family(
            "ernie4_5_moe", moe_num_experts=8, moe_k=2, moe_intermediate_size=192, moe_num_shared_experts=1, moe_layer_start_index=1,
            moe_layer_end_index=4, moe_layer_interval=1, **deep,
        ),
        "opt": opt,
        "opt with a narrow embedding and norms of sums": opt | {"word_embed_proj_dim": 128, "do_layer_norm_before": False},
        "gpt_bigcode": {"model_type": "gpt_bigcode", "vocab_size": 1000, "n_embd": 256, "n_layer": 5, "n_head": 8, "n_positions": 512},
        "gpt_neo": {
            "model_type": "gpt_neo", "vocab_size": 1000, "hidden_size": 256, "num_layers": 4, "num_heads": 8, "window_size": 64,
            "attention_types": [[["global", "local"], 2]], "max_position_embeddings": 512,
        },
    }  # fmt: skip
    kept, short = {"gradient_checkpointing": False}, {"max_length": 200}
    written_out = {"gpt_neo": {"attn_implementation": "eager"}}  # classes without sdpa
    rows = [
        case(f"{name}: {what}", config, ALL_LINEAR, quantization, STEP | short | training | written_out.get(name, {}))
        for name, config in configs.items()
        for what, quantization, training in (("kept", None, kept), ("qlora", NF4, {}))
    ]
    padded = [
        case(f"{name}: padded", configs[name], ALL_LINEAR, None, STEP | short | {"padding": True})
        for name in ("qwen3_5", "deepseek_v3", "lfm2", "opt")
    ]
    h100 = {"device": {"compute_capability": 9.0}}
    return rows + padded + [case("deepseek_v3 on an H100", configs["deepseek_v3"], ALL_LINEAR, None, STEP | short) | h100]


def gemma4_cases() -> list[Case]:
    """Heads of two widths, keys that later layers share, vectors per layer, experts beside the MLP; alone and with eyes."""
    base = {
        "num_hidden_layers": 8, "layer_types": (["sliding_attention"] * 3 + ["full_attention"]) * 2, "head_dim": 32, "global_head_dim": 64,
        "sliding_window": 128, "hidden_size_per_layer_input": 0, "tie_word_embeddings": True, "final_logit_softcapping": 30.0, "pad_token_id": 0,
    }  # fmt: skip
    per_layer = {"hidden_size_per_layer_input": 32, "vocab_size_per_layer_input": 1000}
    sharing = per_layer | {"num_kv_shared_layers": 4, "use_double_wide_mlp": True}
    no_values = {"attention_k_eq_v": True, "num_global_key_value_heads": 1}
    experts = no_values | {"enable_moe_block": True, "num_experts": 8, "top_k_experts": 2, "moe_intermediate_size": 64}
    tower = {
        "model_type": "gemma4_vision", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2,
        "num_key_value_heads": 2, "head_dim": 32, "global_head_dim": 32, "position_embedding_size": 64,
    }  # fmt: skip
    special = {"image_token_id": 999, "video_token_id": 998, "audio_token_id": 997}

    def text(**more: Any) -> dict[str, Any]:
        return family("gemma4_text", **base | more)

    def seeing(**more: Any) -> dict[str, Any]:
        return {"model_type": "gemma4", "architectures": ["Gemma4ForConditionalGeneration"], "text_config": text(**more), "vision_config": tower, "audio_config": None} | special

    layers = ALL_LINEAR | {"target_modules": r".*language_model\.layers\..*_proj"}
    configs = {
        "gemma4 with values that are keys": (text(**no_values), ALL_LINEAR),
        "gemma4 with vectors per layer": (text(**per_layer), ALL_LINEAR),
        "gemma4 with shared keys": (text(**sharing), ALL_LINEAR),
        "gemma4 with experts": (text(**experts), ALL_LINEAR),
        "gemma4 with eyes and shared keys": (seeing(**sharing), layers),
        "gemma4 with eyes and experts": (seeing(use_bidirectional_attention="vision", **experts), layers),
    }
    kept = {"gradient_checkpointing": False}
    rows = [
        case(f"{name}: {what}", config, adapter, quantization, STEP | training)
        for name, (config, adapter) in configs.items()
        for what, quantization, training in (("kept", None, kept), ("qlora", NF4, {}))
    ]
    shared, adapter = configs["gemma4 with shared keys"]
    more: list[tuple[str, Any, dict[str, Any]]] = [
        ("padded", adapter, {"padding": True}),
        ("reentrant checkpoints", adapter, {"use_reentrant": True}),
        ("full fine-tuning", None, {"optim": "adamw_torch"}),
    ]
    return rows + [case(f"gemma4 with shared keys: {name}", shared, adapter, None, STEP | training) for name, adapter, training in more]


def encoder_cases() -> list[Case]:
    """Encoders of text with their own losses: over masked tokens, and over a label per sequence."""
    sizes = {
        "vocab_size": 1000, "hidden_size": 256, "num_hidden_layers": 5, "num_attention_heads": 8, "intermediate_size": 640,
        "max_position_embeddings": 600, "pad_token_id": 0,
    }  # fmt: skip
    wide = {"peft_type": "LORA", "r": 8, "target_modules": "all-linear"}
    label = {"peft_type": "LORA", "r": 8, "lora_dropout": 0.1, "task_type": "SEQ_CLS"}
    others = {"vocab_size": 1000, "dim": 256, "n_layers": 5, "n_heads": 8, "hidden_dim": 640, "max_position_embeddings": 600}
    families: dict[str, tuple[str, dict[str, Any], list[str]]] = {
        "bert": ("Bert", sizes, ["query", "value"]),
        "roberta": ("Roberta", sizes, ["query", "value"]),
        "distilbert": ("DistilBert", others, ["q_lin", "v_lin"]),
        "modernbert": ("ModernBert", sizes | {"num_hidden_layers": 7, "local_attention": 128, "classifier_pooling": "mean"}, ["Wqkv", "Wo"]),
        "modernbert by its first token": ("ModernBert", sizes | {"num_hidden_layers": 7, "classifier_pooling": "cls"}, ["Wqkv"]),
    }
    kept, padded = {"gradient_checkpointing": False}, {"padding": True}
    rows: list[tuple[str, str, Any, Any, dict[str, Any]]] = [
        ("masked tokens", "ForMaskedLM", wide, None, kept),
        ("masked tokens, qlora", "ForMaskedLM", wide, NF4, {}),
        ("masked tokens, padded", "ForMaskedLM", wide, None, padded),
        ("a label per sequence", "ForSequenceClassification", label, None, kept),
        ("a label per sequence, fp32 under autocast, padded", "ForSequenceClassification", label, None, padded | {"dtype": "float32"}),
        ("a label per sequence, full fine-tuning", "ForSequenceClassification", None, None, kept | {"dtype": "float32", "bf16": False}),
    ]
    return [
        case(
            f"{family_name}: {name}", config | {"model_type": family_name.split()[0], "architectures": [prefix + head]},
            adapter | {"target_modules": targets} if adapter is label else adapter, quantization, STEP | {"loss": "hf"} | training,
        )
        for family_name, (prefix, config, targets) in families.items()
        for name, head, adapter, quantization, training in rows
    ]  # fmt: skip


def distance_cases() -> list[Case]:
    """Scores of distances beside those of contents, with projections of their own or shared ones."""
    sizes = {
        "model_type": "deberta-v2", "architectures": ["DebertaV2ForSequenceClassification"], "vocab_size": 1000, "hidden_size": 256,
        "num_hidden_layers": 5, "num_attention_heads": 8, "intermediate_size": 640, "max_position_embeddings": 300, "pad_token_id": 0,
        "relative_attention": True, "position_biased_input": False, "type_vocab_size": 0, "pos_att_type": ["p2c", "c2p"],
    }  # fmt: skip
    configs = {
        "deberta-v2": sizes | {"position_buckets": 64, "norm_rel_ebd": "layer_norm", "share_att_key": True},
        "deberta-v2, projections apart": sizes | {"share_att_key": False, "cls_dropout": 0},
        "deberta-v2, a convolution": sizes | {"position_buckets": 64, "norm_rel_ebd": "layer_norm", "share_att_key": True, "conv_kernel_size": 3, "conv_act": "gelu"},
    }
    label = {"peft_type": "LORA", "r": 8, "lora_dropout": 0.1, "task_type": "SEQ_CLS"}
    written_out = {"attn_implementation": "eager", "loss": "hf", "max_length": 200}
    kept, padded = {"gradient_checkpointing": False}, {"padding": True}
    rows: list[tuple[str, Any, dict[str, Any]]] = [
        ("kept", label | {"target_modules": ["query_proj", "value_proj"]}, kept),
        ("checkpoints", label | {"target_modules": "all-linear"}, {}),
        ("fp32 under autocast, padded", label | {"target_modules": ["key_proj", "dense"]}, kept | padded | {"dtype": "float32"}),
        ("one row, without autocast", label | {"target_modules": "all-linear"}, {"per_device_train_batch_size": 1, "bf16": False}),
        ("full fine-tuning", None, kept | {"dtype": "float32", "bf16": False}),
    ]
    return [
        case(f"{model}: {name}", config, adapter, None, STEP | written_out | training)
        for model, config in configs.items()
        for name, adapter, training in rows
    ]


def alibi_cases() -> list[Case]:
    """A bias per head and distance in place of positions, with heads that are a power of two and with others."""
    sizes = {"model_type": "bloom", "vocab_size": 1000, "n_layer": 5, "pad_token_id": 0}
    written_out = {"attn_implementation": "eager", "max_length": 200}
    rows: list[tuple[str, Any, Any, dict[str, Any]]] = [
        ("kept", ALL_LINEAR, None, {"gradient_checkpointing": False}),
        ("qlora", ALL_LINEAR, NF4, {}),
        ("padded", ALL_LINEAR | {"lora_dropout": 0.1}, None, {"padding": True, "loss": "hf"}),
        ("full fine-tuning", None, None, {"optim": "adamw_torch", "loss": "hf", "dtype": "float32", "bf16": False}),
    ]
    configs = {
        "bloom": sizes | {"hidden_size": 256, "n_head": 8},
        "bloom with 12 heads": sizes | {"hidden_size": 192, "n_head": 12, "hidden_dropout": 0.1, "attention_dropout": 0.1, "apply_residual_connection_post_layernorm": True},
    }
    return [
        case(f"{model}: {name}", config, adapter, quantization, STEP | written_out | training)
        for model, config in configs.items()
        for name, adapter, quantization, training in rows
    ]


def falcon_cases() -> list[Case]:
    """Keys that queries of other heads meet without being repeated, and keys of groups; a mask that is always made."""
    sizes = {"model_type": "falcon", "vocab_size": 1000, "hidden_size": 256, "num_hidden_layers": 5, "num_attention_heads": 8, "bias": False, "parallel_attn": True}
    configs = {
        "falcon": sizes | {"multi_query": True},
        "falcon in groups": sizes | {"new_decoder_architecture": True, "num_kv_heads": 2, "hidden_dropout": 0.1},
        "falcon in groups, one norm": sizes | {"new_decoder_architecture": True, "num_kv_heads": 2, "num_ln_in_parallel_attn": 1},
    }
    rows: list[tuple[str, Any, Any, dict[str, Any]]] = [
        ("kept", ALL_LINEAR, None, {"gradient_checkpointing": False}),
        ("qlora", ALL_LINEAR, NF4, {}),
        ("padded, fp32 under autocast", {"peft_type": "LORA", "r": 8, "target_modules": ["query_key_value"], "lora_dropout": 0.1}, None, {"padding": True, "loss": "hf", "dtype": "float32"}),
        ("full fine-tuning", None, None, {"optim": "adamw_torch", "loss": "hf", "dtype": "float32"}),
        ("eager", ALL_LINEAR, None, {"attn_implementation": "eager", "gradient_checkpointing": False}),
        ("eager without autocast", ALL_LINEAR, None, {"attn_implementation": "eager", "bf16": False}),
    ]  # fmt: skip
    return [
        case(f"{model}: {name}", config, adapter, quantization, STEP | training)
        for model, config in configs.items()
        for name, adapter, quantization, training in (rows if model != "falcon in groups, one norm" else rows[:2])
    ]


def mamba_cases() -> list[Case]:
    """Mamba 2 in most layers and attention in one, with and without positions."""
    sizes = {
        "model_type": "granitemoehybrid", "vocab_size": 1000, "hidden_size": 256, "intermediate_size": 512, "shared_intermediate_size": 512,
        "num_hidden_layers": 6, "num_attention_heads": 8, "num_key_value_heads": 4, "num_local_experts": 0, "num_experts_per_tok": 0, "mamba_n_heads": 16,
        "mamba_d_state": 32, "mamba_d_head": 32, "mamba_chunk_size": 64, "mamba_expand": 2, "pad_token_id": 0,
        "layers_block_type": ["mamba", "mamba", "mamba", "attention", "mamba", "mamba"],
    }  # fmt: skip
    configs = {
        "granitemoehybrid with mamba": sizes | {"mamba_n_groups": 1, "position_embedding_type": "nope"},
        "granitemoehybrid with mamba in groups": sizes | {"mamba_n_groups": 2, "position_embedding_type": "rope"},
        "granitemoehybrid with experts": sizes | {"num_local_experts": 8, "num_experts_per_tok": 2, "intermediate_size": 64},
    }
    most = {"peft_type": "LORA", "r": 8, "target_modules": ["q_proj", "v_proj", "in_proj", "input_linear"]}
    rows: list[tuple[str, Any, Any, dict[str, Any]]] = [
        ("kept", most, None, {"gradient_checkpointing": False}),
        ("qlora", most, NF4, {}),
        ("fp32 under autocast, padded", most | {"lora_dropout": 0.1}, None, {"padding": True, "dtype": "float32", "gradient_checkpointing": False}),
        ("without autocast, whole chunks", most, None, {"bf16": False, "max_length": 256}),
        ("one chunk, one row", most, None, {"max_length": 48, "per_device_train_batch_size": 1, "gradient_checkpointing": False}),
        ("full fine-tuning", None, None, {"optim": "adamw_torch", "loss": "hf"}),
    ]
    return [
        case(f"{model}: {name}", config, adapter, quantization, STEP | {"max_length": 200} | training)
        for model, config in configs.items()
        for name, adapter, quantization, training in (rows if model != "granitemoehybrid with experts" else rows[:3])
    ]


def token_scan_cases() -> list[Case]:
    """Mamba: a loop over the tokens in every layer, whose step no quantizer may pack."""
    config = {
        "model_type": "mamba", "vocab_size": 1000, "hidden_size": 256, "state_size": 16, "num_hidden_layers": 6, "expand": 2, "intermediate_size": 512,
        "conv_kernel": 4, "use_bias": False, "use_conv_bias": True, "time_step_rank": 16, "tie_word_embeddings": True, "pad_token_id": 0,
    }  # fmt: skip
    most = {"peft_type": "LORA", "r": 8, "target_modules": ["in_proj", "x_proj"]}
    step = {"attn_implementation": "eager", "per_device_train_batch_size": 2, "max_length": 12}
    kept = {"gradient_checkpointing": False}
    unpacked = {"llm_int8_skip_modules": ["lm_head", "dt_proj"]}
    rows: list[tuple[str, dict[str, Any], Any, Any, dict[str, Any]]] = [
        ("kept", {}, most, None, kept),
        ("qlora", {}, most, NF4 | unpacked, {}),
        ("int8", {"use_conv_bias": False}, most, INT8 | unpacked, {"loss": "nll"}),
        ("adapters that the step passes by", {}, most | {"target_modules": ["in_proj", "dt_proj", "embeddings"]}, None, {}),
        ("fp32 under autocast, padded", {}, most | {"lora_dropout": 0.1}, None, kept | {"padding": True, "dtype": "float32"}),
        ("without autocast", {}, most, None, {"bf16": False, "max_length": 20}),
        ("one row, narrow residuals", {"residual_in_fp32": False}, most, None, kept | {"per_device_train_batch_size": 1, "max_length": 7, "loss": "hf"}),
        ("two micro-batches", {}, most, None, {"gradient_accumulation_steps": 2, "loss": "hf"}),
        ("full fine-tuning", {}, None, None, {"optim": "adamw_torch", "loss": "hf"}),
    ]  # fmt: skip
    return [case(f"mamba: {name}", config | changes, adapter, quantization, step | training) for name, changes, adapter, quantization, training in rows]


def encoder_decoder_cases() -> list[Case]:
    """Labels of another length than the source: biases of scores, of zeros that need a gradient under checkpoints, and trained ones."""
    sizes = {
        "vocab_size": 1000, "d_model": 256, "d_kv": 32, "d_ff": 640, "num_layers": 4, "num_decoder_layers": 4, "num_heads": 8,
        "decoder_start_token_id": 0, "pad_token_id": 0, "tie_word_embeddings": True,
    }  # fmt: skip
    gated = sizes | {"feed_forward_proj": "gated-gelu"}
    configs = {
        "t5": sizes | {"model_type": "t5", "architectures": ["T5ForConditionalGeneration"], "feed_forward_proj": "relu"},
        "t5 with a gate": gated | {"model_type": "t5", "architectures": ["T5ForConditionalGeneration"]},
        "mt5": gated | {"model_type": "mt5", "architectures": ["MT5ForConditionalGeneration"]},
    }
    wide = {"peft_type": "LORA", "r": 8, "target_modules": "all-linear"}
    usual = {"peft_type": "LORA", "r": 16, "lora_dropout": 0.1, "target_modules": ["q", "v"], "task_type": "SEQ_2_SEQ_LM"}
    kept, whole = {"gradient_checkpointing": False}, {"optim": "adamw_torch", "dtype": "float32"}
    rows: list[tuple[str, Any, Any, dict[str, Any]]] = [
        ("kept", wide, None, kept),
        ("qlora", wide, NF4, {}),
        ("queries and values, padded", usual, None, kept | {"padding": True}),
        ("int8, checkpoints, padded", usual, INT8, {"padding": True}),
        ("full fine-tuning", None, None, kept | whole | {"bf16": False}),
        ("full fine-tuning, bf16, checkpoints", None, None, whole),
    ]
    length = {"loss": "hf", "max_length": 200, "max_target_length": 96}
    return [
        case(f"{model}: {name}", config, adapter, quantization, STEP | length | training)
        for model, config in configs.items()
        for name, adapter, quantization, training in (rows if model == "t5 with a gate" else rows[:2])
    ]


def paired_cases() -> list[Case]:
    """Encoder-decoders whose tokens have positions: norms behind sums and before, positions that are learned, fixed and counted."""
    sizes = {
        "vocab_size": 1000, "d_model": 256, "encoder_layers": 4, "decoder_layers": 4, "encoder_attention_heads": 8, "decoder_attention_heads": 8,
        "encoder_ffn_dim": 640, "decoder_ffn_dim": 512, "max_position_embeddings": 300, "decoder_start_token_id": 2, "pad_token_id": 1, "eos_token_id": 2,
        "forced_eos_token_id": 2, "encoder_layerdrop": 0.0, "decoder_layerdrop": 0.0, "attention_dropout": 0.1, "activation_dropout": 0.1,
    }  # fmt: skip
    configs = {
        "bart": sizes | {"model_type": "bart", "architectures": ["BartForConditionalGeneration"]},
        "m2m_100": sizes | {"model_type": "m2m_100", "architectures": ["M2M100ForConditionalGeneration"]},
        "mbart": sizes | {"model_type": "mbart", "architectures": ["MBartForConditionalGeneration"], "scale_embedding": True},
        "pegasus": sizes | {"model_type": "pegasus", "architectures": ["PegasusForConditionalGeneration"], "scale_embedding": True},
        "marian": sizes | {"model_type": "marian", "architectures": ["MarianMTModel"]},
    }
    wide = {"peft_type": "LORA", "r": 8, "target_modules": "all-linear"}
    usual = {"peft_type": "LORA", "r": 16, "lora_dropout": 0.1, "target_modules": ["q_proj", "v_proj"]}
    kept, whole = {"gradient_checkpointing": False}, {"optim": "adamw_torch", "dtype": "float32"}
    rows: list[tuple[str, Any, Any, dict[str, Any]]] = [
        ("kept", wide, None, kept),
        ("qlora", wide, NF4, {}),
        ("queries and values, padded, fp32 under autocast", usual, None, kept | {"padding": True, "dtype": "float32"}),
        ("checkpoints, padded, without autocast", usual, None, {"padding": True, "bf16": False}),
        ("full fine-tuning", None, None, kept | whole | {"bf16": False}),
        ("full fine-tuning, bf16, checkpoints", None, None, whole),
    ]
    length = {"loss": "hf", "max_length": 200, "max_target_length": 96}
    return [
        case(f"{model}: {name}", config, adapter, quantization, STEP | length | training)
        for model, config in configs.items()
        for name, adapter, quantization, training in (rows if model in ("bart", "m2m_100") else rows[:2] + rows[4:5])
    ]


def head_cases() -> list[Case]:
    """A label per sequence or per token, a number, or the places of an answer: heads on decoders and encoders."""
    encoder = {
        "vocab_size": 1000, "hidden_size": 256, "num_hidden_layers": 4, "num_attention_heads": 8, "intermediate_size": 640,
        "max_position_embeddings": 600, "pad_token_id": 0,
    }  # fmt: skip
    window = {"head_dim": 64, "sliding_window": 128, "tie_word_embeddings": True}
    fused = {"vocab_size": 1000, "hidden_size": 256, "pad_token_id": 3}
    bases: dict[str, tuple[str, dict[str, Any], list[str], str]] = {
        "llama": ("Llama", family("llama", pad_token_id=0), ["q_proj", "v_proj"], "labels answers tokens number"),
        "llama without padding": ("Llama", family("llama"), ["q_proj", "v_proj"], "labels"),
        "gemma2": ("Gemma2", family("gemma2", pad_token_id=0, **window), ["q_proj", "v_proj"], "labels"),
        "gemma3": ("Gemma3Text", family("gemma3_text", pad_token_id=0, **window), ["q_proj", "v_proj"], "number"),
        "mixtral": ("Mixtral", family("mixtral", pad_token_id=0, num_local_experts=8, num_experts_per_tok=2), ["q_proj"], "tokens"),
        "gpt2": ("GPT2", fused | {"model_type": "gpt2", "n_layer": 5, "n_head": 8, "n_positions": 512}, ["c_attn"], "labels tokens answers"),
        "gpt_neox": ("GPTNeoX", family("gpt_neox", pad_token_id=0), ["query_key_value"], "tokens"),
        "bloom": ("Bloom", fused | {"model_type": "bloom", "n_layer": 5, "n_head": 8}, ["query_key_value"], "tokens"),
        "falcon": ("Falcon", fused | {"model_type": "falcon", "num_hidden_layers": 5, "num_attention_heads": 8}, ["query_key_value"], "answers"),
        "gptj": ("GPTJ", fused | {"model_type": "gptj", "n_layer": 5, "n_head": 8, "n_positions": 512, "rotary_dim": 16}, ["q_proj", "v_proj"], "labels answers number"),
        "apertus": ("Apertus", family("apertus", pad_token_id=0), ["q_proj", "v_proj"], "tokens"),
        "bert": ("Bert", encoder | {"model_type": "bert"}, ["query", "value"], "labels tokens answers number"),
        "roberta": ("Roberta", encoder | {"model_type": "roberta"}, ["query", "value"], "labels answers number"),
        "distilbert": ("DistilBert", {"model_type": "distilbert", "vocab_size": 1000, "dim": 256, "n_layers": 4, "n_heads": 8, "hidden_dim": 640}, ["q_lin"], "labels tokens answers"),
        "modernbert": ("ModernBert", encoder | {"model_type": "modernbert"}, ["Wqkv"], "labels tokens answers number"),
        "deberta": ("DebertaV2", encoder | {
            "model_type": "deberta-v2", "relative_attention": True, "position_buckets": 64, "norm_rel_ebd": "layer_norm", "share_att_key": True,
            "pos_att_type": ["p2c", "c2p"], "position_biased_input": False, "type_vocab_size": 0,
        }, ["query_proj"], "labels tokens answers number"),
    }  # fmt: skip
    heads = {"labels": "ForSequenceClassification", "tokens": "ForTokenClassification", "answers": "ForQuestionAnswering", "number": "ForSequenceClassification"}
    tasks = {"labels": "SEQ_CLS", "tokens": "TOKEN_CLS", "answers": "QUESTION_ANS", "number": "SEQ_CLS"}
    rows = []
    for name, (prefix, config, targets, asked) in bases.items():
        for head in asked.split():
            full = config | {"architectures": [prefix + heads[head]], "num_labels": {"number": 1, "answers": 2}.get(head, 3)}
            adapter = {"peft_type": "LORA", "r": 8, "lora_dropout": 0.1, "task_type": tasks[head], "target_modules": targets}
            training = STEP | {"loss": "hf", "gradient_checkpointing": False, "attn_implementation": "eager" if name in ("bloom", "deberta") or (name == "gptj" and not HAS_FUSED_HEAD) else "sdpa"}
            if name.endswith("padding"):
                training["per_device_train_batch_size"] = 1
            packed = NF4 | {"llm_int8_skip_modules": ["score", "qa_outputs", "classifier"]}
            rows.append(case(f"{name}: {head}", full, adapter, None, training))
            if head != "number":
                rows.append(case(f"{name}: {head}, qlora, padded", full, adapter, packed, training | {"padding": True, "gradient_checkpointing": True}))
            else:
                rows.append(case(f"{name}: {head}, full fine-tuning in fp32", full, None, None, training | {"dtype": "float32"}))
    return rows


def pair_cases() -> list[Case]:
    """sentence-transformers: pairs of texts, embedded in two runs, and the loss over all of a batch."""
    encoder = {
        "vocab_size": 1000, "hidden_size": 256, "num_hidden_layers": 4, "num_attention_heads": 8, "intermediate_size": 640,
        "max_position_embeddings": 600, "pad_token_id": 0,
    }  # fmt: skip
    small = {"model_type": "distilbert", "vocab_size": 1000, "dim": 256, "n_layers": 4, "n_heads": 8, "hidden_dim": 640, "max_position_embeddings": 600}
    gemma3 = family("gemma3_text", head_dim=64, sliding_window=128, num_hidden_layers=6)
    bases: dict[str, tuple[str, dict[str, Any], list[str], str]] = {
        "qwen3": ("Qwen3Model", family("qwen3", head_dim=32, num_hidden_layers=4), ["q_proj", "v_proj"], "lasttoken"),
        "gemma3": ("Gemma3TextModel", gemma3, ["q_proj", "v_proj"], "mean"),
        "gemma3 both ways": ("Gemma3TextModel", gemma3 | {"use_bidirectional_attention": True}, ["q_proj", "v_proj"], "mean"),
        "bert": ("BertModel", encoder | {"model_type": "bert"}, ["query", "value"], "cls"),
        "roberta": ("RobertaModel", encoder | {"model_type": "roberta"}, ["query", "value"], "mean"),
        "distilbert": ("DistilBertModel", small, ["q_lin", "v_lin"], "lasttoken"),
        "modernbert": ("ModernBertModel", encoder | {"model_type": "modernbert"}, ["Wqkv", "Wo"], "mean"),
    }
    lora = {"peft_type": "LORA", "r": 8, "lora_dropout": 0.1, "task_type": "FEATURE_EXTRACTION"}
    step = STEP | {"loss": "multiple_negatives_ranking"}
    kept, padded = {"gradient_checkpointing": False}, {"padding": True}
    rows: list[tuple[str, bool, Any, dict[str, Any]]] = [
        ("pairs", True, None, kept),
        ("pairs, qlora, padded", True, NF4, padded),
        ("pairs in fp32", True, None, kept | {"dtype": "float32", "bf16": False}),
        ("pairs, full fine-tuning, padded", False, None, kept | padded | {"dtype": "float32"}),
    ]
    return [
        case(
            f"{name}: {row}", config | {"architectures": [model]}, lora | {"target_modules": targets} if adapts else None, quantization,
            step | {"pooling_mode": pooling} | training,
        )
        for name, (model, config, targets, pooling) in bases.items()
        for row, adapts, quantization, training in rows
    ]  # fmt: skip


def single_mixer_cases() -> list[Case]:
    """One mixer a layer: Mamba 2, attention, an MLP or experts without gates (nemotron_h)."""
    sizes = {
        "model_type": "nemotron_h", "vocab_size": 1000, "hidden_size": 256, "intermediate_size": 640, "num_attention_heads": 8,
        "num_key_value_heads": 2, "head_dim": 32, "mamba_num_heads": 8, "mamba_head_dim": 64, "n_groups": 2, "ssm_state_size": 32,
        "chunk_size": 64, "moe_intermediate_size": 192, "moe_shared_expert_intermediate_size": 320, "n_routed_experts": 8, "pad_token_id": 0,
    }  # fmt: skip
    configs = {
        "nemotron_h": sizes | {"layers_block_type": ["mamba", "mlp", "attention", "mlp", "mamba", "mlp"]},
        "nemotron_h with experts": sizes | {"layers_block_type": ["mamba", "moe", "attention", "moe", "mamba"]},
    }
    most = {"peft_type": "LORA", "r": 8, "target_modules": ["in_proj", "q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "down_proj"]}
    rows: list[tuple[str, Any, Any, dict[str, Any]]] = [
        ("kept", most, None, {"gradient_checkpointing": False}),
        ("qlora", most, NF4, {}),
        ("fp32 under autocast, padded", most | {"target_modules": ["q_proj", "in_proj"], "lora_dropout": 0.1}, None, {"padding": True, "dtype": "float32", "gradient_checkpointing": False}),
        ("without autocast, prepared", most, NF4, {"bf16": False, "max_length": 256, "prepare_kbit": True, "loss": "hf"}),
        ("full fine-tuning", None, None, {"optim": "adamw_torch", "loss": "hf"}),
    ]
    return [
        case(f"{model}: {name}", config, adapter, quantization, STEP | {"max_length": 200} | training)
        for model, config in configs.items()
        for name, adapter, quantization, training in rows
    ]


def kin_cases() -> list[Case]:
    """Types whose program is that of another one, each run once beside its own class."""
    encoder = {
        "vocab_size": 1000, "hidden_size": 256, "num_hidden_layers": 4, "num_attention_heads": 8, "intermediate_size": 640,
        "max_position_embeddings": 600, "pad_token_id": 0,
    }  # fmt: skip
    linear = {"linear_num_value_heads": 8, "linear_num_key_heads": 4, "linear_key_head_dim": 32, "linear_value_head_dim": 32}
    turned = {"rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "partial_rotary_factor": 0.25, "mrope_section": [1, 1, 2]}}
    delta = {"head_dim": 64, "num_hidden_layers": 5, "pad_token_id": 0} | linear | turned
    experts = {"num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 192, "shared_expert_intermediate_size": 320}
    sight = {"model_type": "clip_vision_model", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 56, "patch_size": 14}
    configs = {
        "camembert": encoder | {"model_type": "camembert", "architectures": ["CamembertForMaskedLM"]},
        "xlm-roberta": encoder | {"model_type": "xlm-roberta", "architectures": ["XLMRobertaForMaskedLM"]},
        "llava": {"model_type": "llava", "architectures": ["LlavaForConditionalGeneration"], "text_config": family("llama", num_hidden_layers=4), "vision_config": sight, "image_token_index": 999},
        "ministral3": family("ministral3", num_hidden_layers=4, head_dim=32),
        "qwen3_5_text": family("qwen3_5_text", architectures=["Qwen3_5ForCausalLM"], **delta),
        "qwen3_5_moe_text": family("qwen3_5_moe_text", architectures=["Qwen3_5MoeForCausalLM"], **delta, **experts),
    }  # fmt: skip
    ways: list[tuple[str, Any, dict[str, Any]]] = [("kept", None, {"gradient_checkpointing": False}), ("qlora, padded", NF4, {"padding": True})]
    step = STEP | {"max_length": 200, "loss": "hf"}
    adapter = {"peft_type": "LORA", "r": 8, "target_modules": ["query", "value", "q_proj", "v_proj", "in_proj_qkv", "o_proj"]}
    return [case(f"{name}: {way}", config, adapter, quantization, step | more) for name, config in configs.items() for way, quantization, more in ways]


def classic_cases() -> list[Case]:
    """Sines looked up in every layer, an activation that is trained, and heads that flash attention pads."""
    deep = {"vocab_size": 1000, "n_embd": 256, "n_layer": 5, "n_head": 8, "n_positions": 512}
    odd = {"num_hidden_layers": 4, "pad_token_id": 0, "num_attention_heads": 4}
    configs = {
        "gptj": deep | {"model_type": "gptj", "rotary_dim": 16},
        "gptj, whole heads turned": deep | {"model_type": "gptj", "rotary_dim": 32, "attn_pdrop": 0.1, "resid_pdrop": 0.1, "embd_pdrop": 0.1},
        "codegen": deep | {"model_type": "codegen", "rotary_dim": 16},
        "apertus": family("apertus", num_hidden_layers=5, pad_token_id=0),
        "heads of 50": family("llama", hidden_size=200, num_key_value_heads=2, head_dim=50, **odd),
        "heads of 36": family("llama", hidden_size=192, num_key_value_heads=4, head_dim=36, **odd),
    }  # fmt: skip
    rows: list[tuple[str, Any, Any, dict[str, Any]]] = [
        ("kept", ALL_LINEAR, None, {"gradient_checkpointing": False}),
        ("qlora", ALL_LINEAR, NF4, {}),
        ("padded, fp32 under autocast", {"peft_type": "LORA", "r": 8, "target_modules": "all-linear", "lora_dropout": 0.1}, None, {"padding": True, "loss": "hf", "dtype": "float32"}),
        ("full fine-tuning", None, None, {"optim": "adamw_torch", "loss": "hf", "dtype": "float32"}),
        ("eager without autocast", ALL_LINEAR, None, {"attn_implementation": "eager", "bf16": False}),
    ]  # fmt: skip
    written_out = set() if HAS_FUSED_HEAD else {"gptj", "codegen"}
    return [
        case(f"{model}: {name}", config, adapter, quantization, STEP | ({"attn_implementation": "eager"} if config["model_type"] in written_out else {}) | training)
        for model, config in configs.items()
        for name, adapter, quantization, training in (rows[:2] if "," in model else rows)
    ]


def chosen_cases() -> list[Case]:
    """Attention to tokens that a small attention chose, in every layer or for several."""
    sizes = {
        "vocab_size": 1000, "hidden_size": 256, "intermediate_size": 640, "num_hidden_layers": 5, "num_attention_heads": 8, "num_key_value_heads": 8,
        "pad_token_id": 0, "kv_lora_rank": 48, "q_lora_rank": 80, "qk_rope_head_dim": 16, "qk_nope_head_dim": 32, "v_head_dim": 40,
        "n_routed_experts": 8, "num_experts_per_tok": 2, "n_shared_experts": 1, "moe_intermediate_size": 192, "first_k_dense_replace": 1,
        "index_topk": 64, "index_head_dim": 32, "index_n_heads": 4,
    }  # fmt: skip
    shared = sizes | {"model_type": "glm_moe_dsa", "indexer_types": ["full", "full", "shared", "shared", "full"]}
    configs = {
        "deepseek_v32": sizes | {"model_type": "deepseek_v32", "n_group": 2, "topk_group": 1},
        "glm_moe_dsa": sizes | {"model_type": "glm_moe_dsa"},
        "glm_moe_dsa, choices shared": shared,
        "glm_moe_dsa, all chosen": shared | {"index_topk": 2048, "num_hidden_layers": 3, "indexer_types": ["full", "shared", "full"]},
    }
    dense = {"peft_type": "LORA", "r": 8, "target_modules": ["q_a_proj", "q_b_proj", "kv_a_proj_with_mqa", "kv_b_proj", "o_proj"]}
    rows: list[tuple[str, Any, Any, dict[str, Any]]] = [
        ("kept", ALL_LINEAR, None, {"gradient_checkpointing": False}),
        ("qlora", ALL_LINEAR, NF4, {}),
        ("padded, fp32 under autocast", dense | {"lora_dropout": 0.1}, None, {"padding": True, "loss": "hf", "dtype": "float32"}),
        ("reentrant checkpoints, one row", dense, NF4, {"use_reentrant": True, "per_device_train_batch_size": 1}),
        ("full fine-tuning", None, None, {"optim": "adamw_torch", "loss": "hf", "dtype": "float32"}),
        ("eager without autocast", dense, None, {"attn_implementation": "eager", "bf16": False}),
        ("eager, kept", dense, None, {"attn_implementation": "eager", "gradient_checkpointing": False}),
    ]  # fmt: skip
    return [
        case(f"{model}: {name}", config, adapter, quantization, STEP | training)
        for model, config in configs.items()
        for name, adapter, quantization, training in (rows[:2] if "all" in model else rows)
    ]


def side_by_side_cases() -> list[Case]:
    """Mamba 2 and attention in one layer, with multipliers everywhere, with and without a norm."""
    sizes = {
        "model_type": "falcon_h1", "vocab_size": 1000, "hidden_size": 256, "intermediate_size": 640, "num_hidden_layers": 4, "num_attention_heads": 8,
        "num_key_value_heads": 2, "head_dim": 32, "pad_token_id": 0, "tie_word_embeddings": False, "mamba_d_ssm": 192, "mamba_n_heads": 6,
        "mamba_d_head": 32, "mamba_n_groups": 2, "mamba_d_state": 48, "mamba_chunk_size": 64,
    }  # fmt: skip
    configs = {
        "falcon_h1": sizes,
        "falcon_h1, a norm behind the gate": sizes | {"mamba_rms_norm": True, "mamba_norm_before_gate": False},
        "falcon_h1, a norm before the gate": sizes | {"mamba_rms_norm": True, "mamba_norm_before_gate": True},
    }
    lora = {"peft_type": "LORA", "r": 8, "target_modules": ["in_proj", "q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "down_proj"]}
    rows: list[tuple[str, Any, Any, dict[str, Any]]] = [
        ("kept", lora, None, {"gradient_checkpointing": False}),
        ("qlora", lora, NF4, {}),
        ("padded, fp32 under autocast", lora | {"lora_dropout": 0.1}, None, {"padding": True, "loss": "hf", "dtype": "float32"}),
        ("full fine-tuning", None, None, {"optim": "adamw_torch", "loss": "hf", "dtype": "float32", "max_length": 300}),
        ("eager without autocast", lora, None, {"attn_implementation": "eager", "bf16": False, "max_length": 100}),
    ]  # fmt: skip
    return [
        case(f"{model}: {name}", config, adapter, quantization, STEP | training)
        for model, config in configs.items()
        for name, adapter, quantization, training in (rows if "," not in model else rows[:3])
    ]


def alternating_cases() -> list[Case]:
    """Several streams that layers predict and correct, a low-rank path beside attention, gates that are cut; alone, and behind eyes and ears."""
    text = family(
        "gemma3n_text", architectures=["Gemma3nForCausalLM"], head_dim=32, pad_token_id=0, vocab_size_per_layer_input=900, hidden_size_per_layer_input=48,
        laurel_rank=24, num_hidden_layers=5, num_kv_shared_layers=2, sliding_window=128, intermediate_size=[640] * 5,
        layer_types=["sliding_attention", "sliding_attention", "full_attention", "sliding_attention", "full_attention"],
        activation_sparsity_pattern=[0.95, 0.95, 0.0, 0.0, 0.0],
    )  # fmt: skip
    whole = {key: value for key, value in text.items() if key != "architectures"}
    seeing = {
        "model_type": "gemma3n", "architectures": ["Gemma3nForConditionalGeneration"], "text_config": whole | {"vocab_size": 1400},
        "vision_config": {"vocab_size": 128, "vocab_offset": 1000, "hidden_size": 64}, "audio_config": {"vocab_size": 128, "vocab_offset": 1128, "hidden_size": 64, "conf_num_hidden_layers": 1},
    }  # fmt: skip
    configs = {
        "gemma3n_text": text,
        "gemma3n_text, no scale, dense": text | {"altup_correct_scale": False, "activation_sparsity_pattern": [0.0] * 5, "altup_num_inputs": 3},
        "gemma3n": seeing,
    }
    lora = {"peft_type": "LORA", "r": 8, "target_modules": ["q_proj", "v_proj", "gate_proj", "linear_left"]}
    skipped = NF4 | {"llm_int8_skip_modules": ["prediction_coefs", "correction_coefs", "lm_head"]}
    rows: list[tuple[str, Any, Any, dict[str, Any]]] = [
        ("kept", ALL_LINEAR, None, {"gradient_checkpointing": False}),
        ("checkpoints", ALL_LINEAR, None, {}),
        ("qlora with whole coefficients", lora, skipped, {}),
        ("padded, fp32 under autocast", lora | {"lora_dropout": 0.1}, None, {"padding": True, "loss": "hf", "dtype": "float32", "gradient_checkpointing": False}),
        ("full fine-tuning", None, None, {"optim": "adamw_torch", "loss": "hf", "dtype": "float32"}),
        ("eager without autocast", lora, None, {"attn_implementation": "eager", "bf16": False, "max_length": 100}),
    ]  # fmt: skip
    return [
        case(f"{model}: {name}", config, adapter, quantization, STEP | training)
        for model, config in configs.items()
        for name, adapter, quantization, training in (rows[:4] if "," in model else rows)
        if not (model == "gemma3n" and adapter == ALL_LINEAR)
    ]


def older_card_cases() -> list[Case]:
    """Experts before Ampere: a product for each, whose gradients are as large as tokens and weights whatever is trained."""
    experts = {"num_experts": 8, "num_local_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 192, "norm_topk_prob": True}
    configs = {
        "qwen3_moe": family("qwen3_moe", head_dim=32, **experts),
        "mixtral": family("mixtral", **experts),
        "gpt_oss": family("gpt_oss", head_dim=32, sliding_window=128, **experts),
    }
    half = {"dtype": "float16", "bf16": False, "fp16": True}
    attention = ALL_LINEAR | {"target_modules": ["q_proj", "v_proj"]}
    rows: list[tuple[str, Any, Any, dict[str, Any]]] = [
        ("checkpoints, adapted experts", ALL_LINEAR, None, half),
        ("kept, attention alone, qlora", attention, NF4 | {"bnb_4bit_compute_dtype": "float16"}, half | {"gradient_checkpointing": False}),
        ("kept, adapted experts", ALL_LINEAR, None, half | {"gradient_checkpointing": False}),
        ("full fine-tuning, fp32", None, None, {"dtype": "float32", "bf16": False, "loss": "hf"}),
    ]
    return [
        case(f"{model} on a T4: {name}", config, adapter, quantization, STEP | training | ({"attn_implementation": "eager"} if model == "gpt_oss" else {}))
        | {"device": {"compute_capability": 7.5}}
        for model, config in configs.items()
        for name, adapter, quantization, training in rows
    ]


def looking_cases() -> list[Case]:
    """Layers that look at pictures, which text passes by; and heads that are turned before they move, with experts that all compute."""
    text = SMALL | {"model_type": "mllama_text_model", "num_hidden_layers": 7, "cross_attention_layers": [1, 4], "pad_token_id": 0}
    eyes = {
        "model_type": "mllama_vision_model", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_global_layers": 1,
        "attention_heads": 2, "image_size": 56, "patch_size": 14, "vision_output_dim": 128, "intermediate_layers_indices": [0],
        "max_num_tiles": 2, "supported_aspect_ratios": [[1, 1], [1, 2], [2, 1]],
    }  # fmt: skip
    scout = family(
        "llama4_text", architectures=["Llama4ForCausalLM"], intermediate_size=192, intermediate_size_mlp=640, num_hidden_layers=5, head_dim=32,
        num_local_experts=4, num_experts_per_tok=1, interleave_moe_layer_step=2, pad_token_id=0, attention_chunk_size=8192,
    )  # fmt: skip
    plain = {"num_experts_per_tok": 2, "use_qk_norm": False, "interleave_moe_layer_step": 1, "attn_temperature_tuning": False, "attention_chunk_size": 128}
    looking = {"model_type": "mllama", "architectures": ["MllamaForConditionalGeneration"], "text_config": text, "vision_config": eyes}
    names = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    lora, narrow = ALL_LINEAR | {"target_modules": names}, ALL_LINEAR | {"target_modules": ["q_proj", "v_proj", "gate_proj"]}
    experts = lora | {"target_parameters": ["feed_forward.experts.gate_up_proj", "feed_forward.experts.down_proj"]}
    rows: list[tuple[str, Any, Any, dict[str, Any]]] = [
        ("kept", lora, None, {"gradient_checkpointing": False}),
        ("checkpoints, qlora", lora, NF4, {}),
        ("eager, padded, fp32 under autocast", narrow | {"lora_dropout": 0.1}, None, {"padding": True, "dtype": "float32", "gradient_checkpointing": False, "attn_implementation": "eager"}),
        ("padded", narrow, None, {"padding": True, "gradient_checkpointing": False}),
        ("full fine-tuning", None, None, {"optim": "adamw_torch"}),
        ("reentrant without autocast", narrow, None, {"bf16": False, "use_reentrant": True}),
    ]  # fmt: skip
    adapted: list[tuple[str, Any, Any, dict[str, Any]]] = [("adapted experts", experts, None, {})]
    # AutoModelForCausalLM takes the language part of it.
    whole = {"model_type": "llama4", "text_config": {key: value for key, value in scout.items() if key != "architectures"}}
    loaded = [("llama4 as AutoModelForCausalLM loads it", NF4, {}), ("llama4, kept", None, {"gradient_checkpointing": False})]
    return [case("mllama: all-linear", looking, ALL_LINEAR, NF4, STEP)] + [
        case(name, whole, lora, quantization, STEP | {"loss": "hf"} | training) for name, quantization, training in loaded
    ] + [
        case(f"{model}: {name}", config, adapter, quantization, STEP | {"loss": "hf"} | training)
        for model, config in {"mllama": looking, "llama4_text": scout, "llama4_text, two experts in chunks": scout | plain}.items()
        for name, adapter, quantization, training in (rows if model == "mllama" else rows + adapted)
    ]


def fused_cases() -> list[Case]:
    """TRL's fused head: copies of the head where the products have another dtype, and its own gradient where it trains."""
    head = ALL_LINEAR | {"modules_to_save": ["lm_head"]}
    capped = family("gemma2", head_dim=64, sliding_window=128, vocab_size=70_000, tie_word_embeddings=True)
    rows: list[tuple[str, dict[str, Any], Any, Any, dict[str, Any]]] = [
        ("fused: several tiles of tokens and of the vocabulary", SMALL | {"vocab_size": 70_000}, ALL_LINEAR, NF4, {"max_length": 2500}),
        ("fused: fp32 base under autocast", SMALL | {"vocab_size": 70_000}, ALL_LINEAR, None, {"dtype": "float32"}),
        ("fused: a trained copy of the head", SMALL, head, None, {"adapter_dtype": "bfloat16"}),
        ("fused: full fine-tuning, tied head", capped, None, None, {"optim": "adamw_torch"}),
        ("fused: k-bit preparation without autocast", SMALL, ALL_LINEAR, NF4, {"bf16": False, "prepare_kbit": True}),
        ("fused: fp16, two micro-batches", SMALL, ALL_LINEAR, None, {"bf16": False, "fp16": True, "dtype": "float16", "gradient_accumulation_steps": 2}),
        ("fused: kept outputs of attention", SMALL, ALL_LINEAR, None, {"selective_checkpointing": True}),
        ("fused: kept outputs of attention, padded, dropout", SMALL, ALL_LINEAR | {"lora_dropout": 0.05}, NF4, {"selective_checkpointing": True, "padding": True}),
        ("fused: gradients that stay", SMALL, ALL_LINEAR, None, {"set_to_none": False, "gradient_accumulation_steps": 2}),
    ]  # fmt: skip
    return [case(name, config, adapter, quantization, STEP | {"loss": "fused"} | training) for name, config, adapter, quantization, training in rows]


def cases_of(release: str | None) -> list[Case]:
    """Under another release the same cases, as they are said there; Liger's are of the usual world alone."""
    if release is None:
        return cases() + later_cases() + states_and_latents() + gemma4_cases() + encoder_cases() + distance_cases() + alibi_cases() + falcon_cases() + mamba_cases() + token_scan_cases() + encoder_decoder_cases() + paired_cases() + head_cases() + pair_cases() + single_mixer_cases() + kin_cases() + classic_cases() + chosen_cases() + side_by_side_cases() + alternating_cases() + looking_cases() + older_card_cases()
    left_out = OTHER_MODULES_IN_4 if release.startswith("4.") else ()
    other = [
        each
        for each in cases()
        if not each["training"].get("use_liger_kernel") and each["model"]["config"]["model_type"] not in left_out
    ]
    later = [] if release.startswith("4.") else later_cases() + states_and_latents() + gemma4_cases() + encoder_cases() + distance_cases() + alibi_cases() + falcon_cases() + mamba_cases() + token_scan_cases() + encoder_decoder_cases() + paired_cases() + head_cases() + pair_cases() + single_mixer_cases() + kin_cases() + classic_cases() + chosen_cases() + side_by_side_cases() + alternating_cases() + looking_cases() + older_card_cases()
    own = list(own_code_tapes()) if release == OWN_CODE_RELEASE else []
    return [in_world(each, release, HAS_FUSED_HEAD) for each in other + own + (fused_cases() if HAS_FUSED_HEAD else []) + later]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--world", help="release of transformers that is installed, where it is not the usual one")
    parser.add_argument("--out", type=Path, default=TAPES)
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with gzip.GzipFile(arguments.out, "wb", mtime=0) as file:
        for scenario in cases_of(arguments.world):
            try:
                row = golden(scenario)
            except Exception as error:  # what the release cannot run
                print(f"{scenario['id']}: {type(error).__name__}: {str(error)[:200]}", flush=True)
                continue
            file.write((json.dumps(row, separators=(",", ":")) + "\n").encode())
            print(scenario["id"], flush=True)


if __name__ == "__main__":
    main()
