"""Language models that see."""

from families import Family, task_classes

TEXT = {"vocab_size": 128, "hidden_size": 48, "intermediate_size": 80, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2, "pad_token_id": 0}
TIED = {"tie_word_embeddings": True}
UNTIED = {"tie_word_embeddings": False}
GENERATION = "ForConditionalGeneration"
SIGLIP = {"hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 28, "patch_size": 14}
GEMMA = {"text_config": {**TEXT, "head_dim": 12}, "vision_config": SIGLIP, "mm_tokens_per_image": 4}
QWEN2 = {"text_config": TEXT, "vision_config": {"depth": 2, "embed_dim": 24, "hidden_size": 48, "num_heads": 2, "mlp_ratio": 2}}
QWEN25 = {
    "text_config": TEXT,
    "vision_config": {"depth": 2, "hidden_size": 24, "intermediate_size": 32, "num_heads": 2, "out_hidden_size": 48, "fullatt_block_indexes": [1]},
}
QWEN3 = {
    "text_config": {**TEXT, "head_dim": 12},
    "vision_config": {"depth": 3, "hidden_size": 24, "intermediate_size": 32, "num_heads": 2, "out_hidden_size": 48, "num_position_embeddings": 16, "deepstack_visual_indexes": [0, 2]},
}


def family(model_type: str, prefix: str, base: dict[str, object], *variants: dict[str, object], classes: tuple[str, ...] = ()) -> Family:
    return Family(model_type, base, variants, task_classes(prefix, "Model", *classes), default_architecture=f"{prefix}{GENERATION}")


FAMILIES = [
    family(
        "gemma3",
        "Gemma3",
        GEMMA,
        UNTIED,
        {"text_config": {**TEXT, "head_dim": 20, "num_hidden_layers": 7, "attention_bias": True}},
        {"vision_config": {**SIGLIP, "vision_use_head": False, "num_channels": 1}},
        classes=("ForSequenceClassification",),
    ),
    family("qwen2_vl", "Qwen2VL", QWEN2, TIED, {"vision_config": {**QWEN2["vision_config"], "patch_size": 8, "spatial_merge_size": 1}}),
    family("qwen2_5_vl", "Qwen2_5_VL", QWEN25, TIED, {"vision_config": {**QWEN25["vision_config"], "temporal_patch_size": 1, "in_channels": 1}}),
    family("qwen3_vl", "Qwen3VL", QWEN3, TIED, {"text_config": {**TEXT, "head_dim": 20, "attention_bias": True}}),
]
