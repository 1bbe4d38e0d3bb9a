"""Decoder-only language models with experts."""

from families import DECODER_TASKS, Family, task_classes
from families.dense_decoders import BIASES, HEAD_DIM, SIZES, TIED

QWEN = {**SIZES, "num_experts": 4, "moe_intermediate_size": 16, "num_experts_per_tok": 2}

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
]
