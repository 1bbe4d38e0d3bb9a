"""Decoder-only language models with experts."""

from families import DECODER_TASKS, Family, task_classes
from families.dense_decoders import BIASES, HEAD_DIM, SIZES, TIED, UNTIED

QWEN = {**SIZES, "num_experts": 4, "moe_intermediate_size": 16, "num_experts_per_tok": 2}

DEEPSEEK = {
    **SIZES,
    "n_routed_experts": 4,
    "moe_intermediate_size": 16,
    "kv_lora_rank": 8,
    "qk_rope_head_dim": 4,
    "qk_nope_head_dim": 8,
    "v_head_dim": 6,
    "first_k_dense_replace": 1,
    "num_experts_per_tok": 2,
}

INDEXED = {**DEEPSEEK, "q_lora_rank": 12, "n_group": 1, "topk_group": 1, "index_n_heads": 2, "index_head_dim": 8}
SPARSE_SECOND = {"mlp_layer_types": ["dense", "sparse", "dense"]}

FAMILIES = [
    Family("mixtral", {**SIZES, "num_local_experts": 4}, (TIED, HEAD_DIM), task_classes("Mixtral", *DECODER_TASKS)),
    Family(
        "qwen3_moe",
        QWEN,
        (TIED, BIASES, HEAD_DIM, {"mlp_only_layers": [1]}, {"decoder_sparse_step": 2}),
        task_classes("Qwen3Moe", *DECODER_TASKS),
    ),
    Family(
        "qwen2_moe",
        {**QWEN, "shared_expert_intermediate_size": 32},
        (TIED, {"qkv_bias": False}, {"mlp_only_layers": [0, 2]}, {"decoder_sparse_step": 2}),
        task_classes("Qwen2Moe", *DECODER_TASKS),
    ),
    Family("olmoe", {**SIZES, "num_experts": 4, "num_experts_per_tok": 2}, (TIED, BIASES), task_classes("Olmoe", "Model")),
    Family(
        "gpt_oss",
        {**SIZES, "num_local_experts": 4, "head_dim": 12},
        (TIED, {"attention_bias": False}, {"head_dim": 20}),
        task_classes("GptOss", "Model", "ForSequenceClassification", "ForTokenClassification"),
    ),
    Family(
        "deepseek_v3",
        {**DEEPSEEK, "q_lora_rank": 12, "n_group": 1, "topk_group": 1},
        (TIED, BIASES, {"q_lora_rank": None}, {"first_k_dense_replace": 0}, {"n_shared_experts": 2}),
        task_classes("DeepseekV3", "Model", "ForSequenceClassification", "ForTokenClassification"),
    ),
    Family(
        "deepseek_v2",
        {**DEEPSEEK, "q_lora_rank": None},
        (TIED, BIASES, {"q_lora_rank": 12}, {"mlp_bias": True}, {"first_k_dense_replace": 0}),
        task_classes("DeepseekV2", "Model", "ForSequenceClassification"),
    ),
    Family(
        "glm4_moe",
        {**SIZES, "n_routed_experts": 4, "moe_intermediate_size": 16},
        (TIED, BIASES, HEAD_DIM, {"use_qk_norm": True}, {"n_shared_experts": 2, "first_k_dense_replace": 2}),
        task_classes("Glm4Moe", "Model"),
    ),
    Family(
        "dots1",
        {**SIZES, "n_routed_experts": 4, "n_shared_experts": 1, "moe_intermediate_size": 16, "first_k_dense_replace": 1},
        (TIED, BIASES, HEAD_DIM, {"first_k_dense_replace": 0}),
        task_classes("Dots1", "Model"),
    ),
    Family(
        "ernie4_5_moe",
        {**SIZES, "moe_num_experts": 4, "moe_intermediate_size": 16, "moe_layer_end_index": 2},
        (UNTIED, HEAD_DIM, {"use_bias": True}, {"moe_layer_interval": 2}, {"moe_num_shared_experts": 0}),
        task_classes("Ernie4_5_Moe", "Model"),
    ),
    Family("granitemoe", {**SIZES, "num_local_experts": 4}, (TIED, BIASES), task_classes("GraniteMoe", "Model")),
    Family(
        "phimoe",
        {**SIZES, "num_local_experts": 4},
        (TIED, BIASES, HEAD_DIM, {"lm_head_bias": True}),
        task_classes("Phimoe", "Model", "ForSequenceClassification"),
    ),
    Family("deepseek_v32", INDEXED, (TIED, BIASES, SPARSE_SECOND, {"num_experts": 6}, {"mlp_bias": True}), task_classes("DeepseekV32", "Model")),
    Family(
        "glm_moe_dsa",
        INDEXED,
        (TIED, BIASES, {"index_topk_freq": 2}, {"index_topk_pattern": "FSF"}, {"indexer_types": ["full", "full", "shared"], **SPARSE_SECOND}),
        task_classes("GlmMoeDsa", "Model"),
    ),
    Family("glm4_moe_lite", {**DEEPSEEK, "q_lora_rank": 12}, (TIED, BIASES, {"q_lora_rank": None}, SPARSE_SECOND), task_classes("Glm4MoeLite", "Model")),
    Family("minimax_m2", {**SIZES, "num_local_experts": 4, "head_dim": 12}, (TIED, {"head_dim": 20, "rotary_dim": 8}), task_classes("MiniMaxM2", "Model")),
    Family(
        "deepseek_v4",
        {**SIZES, "num_hidden_layers": 5, "n_routed_experts": 4, "moe_intermediate_size": 16, "num_experts_per_tok": 2, "head_dim": 12, "qk_rope_head_dim": 4, "q_lora_rank": 10, "o_groups": 2, "o_lora_rank": 6, "index_n_heads": 2, "index_head_dim": 8, "hc_mult": 2, "num_key_value_heads": 1},
        (
            TIED,
            {"compress_ratios": [0, 4, 128, 4, 0], "num_hash_layers": 1},
            {"mlp_bias": True, "compress_rate_csa": 2, "compress_rate_hca": 16, "hc_mult": 3},
            {"layer_types": ["sliding_attention", "heavily_compressed_attention", "compressed_sparse_attention", "sliding_attention", "sliding_attention"], "mlp_layer_types": ["moe", "hash_moe", "moe", "moe", "moe"]},
        ),
        task_classes("DeepseekV4", "Model"),
    ),
    Family(
        "mistral4",
        {**DEEPSEEK, "q_lora_rank": 12, "n_group": 1, "topk_group": 1},
        (TIED, BIASES, {"q_lora_rank": None}, {"first_k_dense_replace": 0, "n_shared_experts": 2}),
        task_classes("Mistral4", "Model", "ForSequenceClassification", "ForTokenClassification"),
        default_architecture="Mistral4ForCausalLM",
    ),
    Family(
        "minimax",
        {**SIZES, "num_local_experts": 4, "block_size": 16},
        (TIED, HEAD_DIM, {"layer_types": ["linear_attention", "linear_attention", "full_attention"]}, {"block_size": 8}),
        task_classes("MiniMax", "Model", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering"),
    ),
    Family(
        "lfm2_moe",
        {**SIZES, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "num_dense_layers": 1, "layer_types": ["conv", "full_attention", "conv"]},
        (UNTIED, {"use_expert_bias": False, "conv_bias": True}, {"num_dense_layers": 0}),
        task_classes("Lfm2Moe", "Model"),
    ),
    Family(
        "hy_v3",
        {**SIZES, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "head_dim": 12},
        (TIED, BIASES, {"head_dim": 20}, {"mlp_bias": True, "num_shared_experts": 2}, {"mlp_layer_types": ["sparse", "dense", "sparse"]}),
        task_classes("HYV3", "Model"),
    ),
    Family(
        "laguna",
        {**SIZES, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "shared_expert_intermediate_size": 24, "head_dim": 12},
        (TIED, BIASES, {"gating": "per-element"}, {"num_attention_heads_per_layer": [4, 8, 4]}, {"mlp_layer_types": ["sparse", "dense", "sparse"]}),
        task_classes("Laguna", "Model"),
    ),
    Family(
        "mimo_v2_flash",
        {**SIZES, "n_routed_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "head_dim": 12, "v_head_dim": 8},
        (TIED, BIASES, {"v_head_dim": 12}, {"layer_types": ["sliding_attention", "full_attention", "full_attention"], "mlp_layer_types": ["sparse", "dense", "sparse"]}),
        task_classes("MiMoV2Flash", "Model"),
    ),
]
