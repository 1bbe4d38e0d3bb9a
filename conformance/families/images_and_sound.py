"""Encoders of images and of sound."""

from families import Family, task_classes

VIT = {"hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "image_size": 28, "patch_size": 14}
TEXT = {"vocab_size": 64, "hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2}
TOWERS = {"text_config": {**TEXT, "hidden_size": 16}, "vision_config": {**VIT, "num_hidden_layers": 2}}
LABELS = {"num_labels": 3}
CONVOLUTIONS = {"conv_dim": [8, 8, 16], "conv_kernel": [10, 3, 2], "conv_stride": [5, 2, 2]}
SOUND = {"hidden_size": 48, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4, "codevector_dim": 16, "proj_codevector_dim": 8, "num_codevectors_per_group": 4, **CONVOLUTIONS}
IMAGE = "ForImageClassification"


def family(model_type: str, prefix: str, base: dict[str, object], *variants: dict[str, object], usual: str = IMAGE, more: tuple[str, ...] = ("Model",)) -> Family:
    return Family(model_type, base, variants, task_classes(prefix, *more), default_architecture=f"{prefix}{usual}")


FAMILIES = [
    family("vit", "ViT", VIT, {**LABELS, "qkv_bias": False}, {"image_size": [28, 42], "patch_size": [14, 7], "num_channels": 1}, {"pooler_output_size": 12, "pooler_act": "gelu"}),
    family("dinov2", "Dinov2", VIT, {"use_swiglu_ffn": True, "use_mask_token": False}, {"mlp_ratio": 3, "drop_path_rate": 0.1}),
    family(
        "swin",
        "Swin",
        {"embed_dim": 16, "depths": [2, 3], "num_heads": [2, 4], "image_size": 56, "window_size": 7},
        {"use_absolute_embeddings": True, "drop_path_rate": 0.0},
        {**LABELS, "embed_dim": 8, "depths": [1, 1, 2], "num_heads": [1, 2, 4], "mlp_ratio": 2.5, "qkv_bias": False, "window_size": 4},
    ),
    family("clip", "CLIP", TOWERS, {"projection_dim": 8}, {"vision_config": {**VIT, "num_channels": 1, "hidden_act": "gelu"}}, usual="Model", more=(IMAGE,)),
    family("siglip", "Siglip", TOWERS, {"text_config": {**TEXT, "projection_size": 8}}, usual="Model", more=(IMAGE,)),
    family(
        "wav2vec2",
        "Wav2Vec2",
        SOUND,
        {"feat_extract_norm": "layer", "conv_bias": True, "do_stable_layer_norm": True, "adapter_attn_dim": 8, "mask_time_prob": 0.0},
        {"add_adapter": True, "output_hidden_size": 16, "num_adapter_layers": 2, "num_conv_pos_embedding_groups": 4},
        {"use_weighted_layer_sum": True, "num_conv_pos_embeddings": 7},
        usual="ForCTC",
        more=("Model", "ForSequenceClassification", "ForAudioFrameClassification", "ForPreTraining"),
    ),
]
