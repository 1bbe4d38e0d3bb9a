"""Dense decoder-only language models."""

from families import DECODER_TASKS, Family, task_classes

SIZES = {
    "vocab_size": 128,
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "pad_token_id": 0,
}
BIASES = {"attention_bias": True}
TIED = {"tie_word_embeddings": True}
UNTIED = {"tie_word_embeddings": False}
HEAD_DIM = {"head_dim": 20}
SLIDING = {"layer_types": ["sliding_attention", "full_attention", "sliding_attention"], "sliding_window": 8}
NO_KV = {"num_key_value_heads": 4}

GPT = {"vocab_size": 128, "n_embd": 48, "n_layer": 3, "n_head": 4, "pad_token_id": 0}

FAMILIES = [
    Family(
        "llama",
        SIZES,
        (BIASES, {"mlp_bias": True}, TIED, HEAD_DIM, {"num_key_value_heads": None}, {"hidden_act": "gelu"}),
        task_classes("Llama", *DECODER_TASKS),
    ),
    Family(
        "mistral",
        SIZES,
        (TIED, HEAD_DIM, {"sliding_window": None}),
        task_classes("Mistral", *DECODER_TASKS),
    ),
    Family(
        "qwen2",
        SIZES,
        (TIED, HEAD_DIM, {"use_sliding_window": True, "sliding_window": 8, "max_window_layers": 1}),
        task_classes("Qwen2", *DECODER_TASKS),
    ),
    Family("qwen3", SIZES, (TIED, BIASES, HEAD_DIM, SLIDING), task_classes("Qwen3", *DECODER_TASKS)),
    Family(
        "gemma",
        SIZES,
        (UNTIED, BIASES, HEAD_DIM, {"hidden_activation": "gelu"}),
        task_classes("Gemma", "Model", "ForSequenceClassification", "ForTokenClassification"),
    ),
    Family(
        "gemma2",
        SIZES,
        (UNTIED, BIASES, HEAD_DIM, SLIDING, {"final_logit_softcapping": None}),
        task_classes("Gemma2", "Model", "ForSequenceClassification", "ForTokenClassification"),
    ),
    Family(
        "gemma3_text",
        {**SIZES, "num_hidden_layers": 7},
        (UNTIED, BIASES, HEAD_DIM),
        ("Gemma3TextModel", "Gemma3TextForSequenceClassification"),
    ),
    Family(
        "phi3",
        SIZES,
        (TIED, {"partial_rotary_factor": 0.5}, {"num_key_value_heads": None}),
        task_classes("Phi3", "Model", "ForSequenceClassification", "ForTokenClassification"),
    ),
    Family("olmo2", SIZES, (TIED, BIASES), task_classes("Olmo2", "Model", "ForSequenceClassification")),
    Family("granite", SIZES, (TIED, BIASES, {"mlp_bias": True}), task_classes("Granite", "Model")),
    Family(
        "smollm3",
        SIZES,
        (UNTIED, BIASES, {"mlp_bias": True}, {"no_rope_layers": [0, 1, 1]}),
        task_classes("SmolLM3", *DECODER_TASKS),
    ),
    Family(
        "gpt2",
        {"vocab_size": 128, "n_embd": 48, "n_layer": 3, "n_head": 4, "n_positions": 64},
        (UNTIED, {"n_inner": 80}, {"activation_function": "relu"}, {"add_cross_attention": True}),
        ("GPT2Model", "GPT2ForSequenceClassification", "GPT2ForTokenClassification", "GPT2ForQuestionAnswering"),
    ),
    Family(
        "gpt_neox",
        {**{key: SIZES[key] for key in list(SIZES)[:5]}, "max_position_embeddings": 64},
        (TIED, {"attention_bias": False}, {"rotary_pct": 0.5}, {"use_parallel_residual": False}),
        task_classes("GPTNeoX", *DECODER_TASKS),
    ),
    Family("olmo", SIZES, (TIED, BIASES), task_classes("Olmo", "Model", "ForSequenceClassification")),
    Family("olmo3", {**SIZES, "num_hidden_layers": 5}, (TIED, BIASES), task_classes("Olmo3", "Model", "ForSequenceClassification")),
    Family(
        "seed_oss",
        SIZES,
        (TIED, HEAD_DIM, {"attention_bias": False}, {"attention_out_bias": True}, {"mlp_bias": True}),
        task_classes("SeedOss", *DECODER_TASKS),
    ),
    Family("arcee", SIZES, (TIED, BIASES, {"mlp_bias": True}, {"hidden_act": "silu"}), task_classes("Arcee", *DECODER_TASKS)),
    Family("apertus", SIZES, (TIED, BIASES), task_classes("Apertus", "Model", "ForTokenClassification")),
    Family("ernie4_5", SIZES, (UNTIED, HEAD_DIM, {"use_bias": True}), task_classes("Ernie4_5", "Model")),
    Family("exaone4", SIZES, (TIED, HEAD_DIM, {"sliding_window": None, "layer_types": ["full_attention"] * 3}), task_classes("Exaone4", *DECODER_TASKS)),
    Family("cohere", SIZES, (UNTIED, BIASES, {"use_qk_norm": True}), task_classes("Cohere", "Model")),
    Family("cohere2", SIZES, (UNTIED, BIASES, HEAD_DIM), task_classes("Cohere2", "Model")),
    Family(
        "glm",
        {**SIZES, "head_dim": 12},
        (TIED, {"attention_bias": False}, {"head_dim": 20}),
        task_classes("Glm", "Model", "ForSequenceClassification", "ForTokenClassification"),
    ),
    Family(
        "glm4",
        {**SIZES, "head_dim": 12},
        (TIED, {"attention_bias": False}, {"head_dim": 20}),
        task_classes("Glm4", "Model", "ForSequenceClassification", "ForTokenClassification"),
    ),
    Family("nemotron", SIZES, (TIED, BIASES, {"mlp_bias": True}, HEAD_DIM), task_classes("Nemotron", *DECODER_TASKS)),
    Family(
        "stablelm",
        SIZES,
        (TIED, {"use_qkv_bias": True}, {"qk_layernorm": True}, {"use_parallel_residual": True}),
        task_classes("StableLm", "Model", "ForSequenceClassification", "ForTokenClassification"),
    ),
    Family(
        "starcoder2",
        SIZES,
        (UNTIED, {"use_bias": False}, {"hidden_act": "gelu"}),
        task_classes("Starcoder2", "Model", "ForSequenceClassification", "ForTokenClassification"),
    ),
    Family("ministral3", SIZES, (TIED, HEAD_DIM), task_classes("Ministral3", *DECODER_TASKS)),
    Family(
        "helium",
        SIZES,
        (TIED, BIASES, {"mlp_bias": True}, {"head_dim": 12}),
        task_classes("Helium", "Model", "ForSequenceClassification", "ForTokenClassification"),
    ),
    Family("bloom", {"vocab_size": 128, "hidden_size": 48, "n_layer": 3, "n_head": 4}, (UNTIED,), task_classes("Bloom", *DECODER_TASKS)),
    Family(
        "falcon",
        {"vocab_size": 128, "hidden_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4},
        (
            UNTIED,
            {"new_decoder_architecture": True, "num_kv_heads": 2},
            {"new_decoder_architecture": True, "num_kv_heads": 2, "num_ln_in_parallel_attn": 1},
            {"multi_query": False, "parallel_attn": False, "bias": True, "alibi": True},
            {"ffn_hidden_size": 80},
        ),
        task_classes("Falcon", *DECODER_TASKS),
    ),
    Family(
        "phi",
        SIZES,
        (TIED, {"qk_layernorm": True}, {"hidden_act": "gelu"}, {"num_key_value_heads": None}),
        task_classes("Phi", "Model", "ForSequenceClassification", "ForTokenClassification"),
    ),
    Family(
        "gptj",
        {**GPT, "rotary_dim": 4},
        (TIED, {"n_inner": 60}, {"rotary_dim": 8}),
        task_classes("GPTJ", "Model", "ForSequenceClassification", "ForQuestionAnswering"),
    ),
    Family("codegen", {**GPT, "rotary_dim": 4}, (TIED, {"n_inner": 60}), task_classes("CodeGen", "Model")),
    Family(
        "gpt_neo",
        {"vocab_size": 128, "hidden_size": 48, "num_layers": 2, "num_heads": 4, "attention_types": [[["global", "local"], 1]], "pad_token_id": 0},
        (UNTIED, {"intermediate_size": 60}, {"max_position_embeddings": 64}),
        task_classes("GPTNeo", *DECODER_TASKS),
    ),
    Family(
        "gpt_bigcode",
        GPT,
        (UNTIED, {"multi_query": False}, {"n_inner": 60, "n_positions": 64}),
        task_classes("GPTBigCode", "Model", "ForSequenceClassification", "ForTokenClassification"),
    ),
    Family(
        "mpt",
        {"vocab_size": 128, "d_model": 48, "n_layers": 3, "n_heads": 4, "pad_token_id": 0},
        (UNTIED, {"expansion_ratio": 2}),
        task_classes("Mpt", *DECODER_TASKS),
    ),
    Family(
        "opt",
        {"vocab_size": 128, "hidden_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "ffn_dim": 80, "word_embed_proj_dim": 48, "pad_token_id": 0},
        (UNTIED, {"word_embed_proj_dim": 24}, {"do_layer_norm_before": False}, {"enable_bias": False, "layer_norm_elementwise_affine": False}),
        task_classes("OPT", "Model", "ForSequenceClassification", "ForQuestionAnswering"),
    ),
    Family(
        "lfm2",
        {**SIZES, "block_multiple_of": 8, "full_attn_idxs": [1]},
        (UNTIED, {"block_auto_adjust_ff_dim": False}, {"layer_types": ["full_attention", "conv", "conv"], "conv_bias": True}, {"full_attn_idxs": None, "block_ff_dim": 60, "block_ffn_dim_multiplier": 1.3}),
        task_classes("Lfm2", "Model"),
    ),
    Family("mamba", {"vocab_size": 128, "hidden_size": 48, "num_hidden_layers": 3, "state_size": 4, "pad_token_id": 0}, (UNTIED, {"use_bias": True, "use_conv_bias": False, "time_step_rank": 5, "expand": 1}), task_classes("Mamba", "Model")),
    Family(
        "mamba2",
        {"vocab_size": 128, "hidden_size": 48, "num_hidden_layers": 3, "state_size": 4, "num_heads": 12, "head_dim": 8, "n_groups": 2, "pad_token_id": 0},
        (TIED, {"use_bias": True, "use_conv_bias": False}),
        task_classes("Mamba2", "Model"),
    ),
    Family(
        "falcon_h1",
        {**SIZES, "head_dim": 12, "mamba_d_ssm": 32, "mamba_n_heads": 4, "mamba_d_state": 8},
        (TIED, {"attention_bias": True, "mlp_bias": True, "mamba_proj_bias": True, "projectors_bias": True}, {"mamba_rms_norm": True, "mamba_d_ssm": None, "mamba_n_groups": 2, "mamba_conv_bias": False}),
        task_classes("FalconH1", "Model"),
    ),
    Family(
        "granitemoehybrid",
        {**SIZES, "num_local_experts": 0, "shared_intermediate_size": 24, "mamba_n_heads": 4, "mamba_d_head": 24, "mamba_d_state": 8, "layer_types": ["mamba", "attention", "mamba"]},
        (TIED, {"num_local_experts": 4, "position_embedding_type": "rope"}, {"layer_types": None, "mamba_proj_bias": True}, {"attention_bias": True, "mamba_n_groups": 2}),
        task_classes("GraniteMoeHybrid", "Model"),
    ),
    Family(
        "nemotron_h",
        {**SIZES, "hybrid_override_pattern": "M*E-M", "num_hidden_layers": 5, "mamba_num_heads": 4, "mamba_head_dim": 8, "ssm_state_size": 8, "n_groups": 2, "n_routed_experts": 4, "moe_intermediate_size": 16, "moe_shared_expert_intermediate_size": 24, "head_dim": 12},
        (TIED, {"moe_latent_size": 20, "mlp_bias": True, "use_bias": True}, {"hybrid_override_pattern": None, "num_hidden_layers": None, "layers_block_type": ["mamba", "attention", "mlp"]}),
        task_classes("NemotronH", "Model"),
    ),
    Family(
        "olmo_hybrid",
        {**SIZES, "num_hidden_layers": 5, "linear_key_head_dim": 4, "linear_num_key_heads": 2},
        (
            TIED,
            BIASES,
            {"layer_types": ["full_attention", "linear_attention", "linear_attention", "full_attention", "linear_attention"]},
            {"rope_parameters": {"rope_type": "default", "rope_theta": 5e5}, "linear_value_head_dim": 6, "linear_num_value_heads": 6},
            {"rope_parameters": {"rope_type": "default", "rope_theta": None}},
            {"num_hidden_layers": 3, "linear_num_key_heads": None, "linear_key_head_dim": None, "linear_conv_kernel_dim": 3},
        ),
        task_classes("OlmoHybrid", "Model"),
    ),
]
