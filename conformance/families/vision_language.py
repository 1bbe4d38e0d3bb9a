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


CLIP = {**SIGLIP, "model_type": "clip_vision_model"}
LLAMA = {**TEXT, "model_type": "llama"}
MISTRAL = {**TEXT, "model_type": "mistral"}
GEMMA1 = {**TEXT, "model_type": "gemma", "head_dim": 12}
PIXTRAL = {**SIGLIP, "model_type": "pixtral"}
# Three linear layers to one of full attention.
MIXED = {**TEXT, "num_hidden_layers": 5, "head_dim": 16, "linear_key_head_dim": 4, "linear_value_head_dim": 6, "linear_num_key_heads": 2, "linear_num_value_heads": 4}
EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "shared_expert_intermediate_size": 20}
FULL_SECOND = {"layer_types": ["linear_attention", "full_attention", "linear_attention", "linear_attention", "full_attention"]}
QWEN35_VISION = {"depth": 2, "hidden_size": 24, "intermediate_size": 32, "num_heads": 2, "out_hidden_size": 48, "num_position_embeddings": 16}


GEMMA4 = {**TEXT, "num_hidden_layers": 4, "head_dim": 12, "global_head_dim": 20, "vocab_size_per_layer_input": 96, "hidden_size_per_layer_input": 8, "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "full_attention"]}
GEMMA4_EXPERTS = {"enable_moe_block": True, "num_experts": 4, "moe_intermediate_size": 16, "top_k_experts": 2, "attention_k_eq_v": True, "num_global_key_value_heads": 1, "hidden_size_per_layer_input": 0}
GEMMA4_VISION = {"hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 12, "patch_size": 4, "position_embedding_size": 16}
GEMMA4_AUDIO = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "output_proj_dims": 20, "subsampling_conv_channels": [8, 4]}


GEMMA4_UNIFIED = {**TEXT, "num_hidden_layers": 4, "head_dim": 12, "global_head_dim": 20, "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "full_attention"]}
GEMMA3N = {**TEXT, "num_hidden_layers": 4, "head_dim": 12, "vocab_size_per_layer_input": 96, "hidden_size_per_layer_input": 8, "num_kv_shared_layers": 1, "laurel_rank": 6, "altup_num_inputs": 3, "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "full_attention"]}
GEMMA3N_AUDIO = {"hidden_size": 24, "conf_num_hidden_layers": 2, "conf_num_attention_heads": 2, "sscp_conv_channel_size": [8, 4], "vocab_size": 16}


BLIP2_OPT = {"model_type": "opt", "vocab_size": 128, "hidden_size": 48, "ffn_dim": 80, "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 64, "word_embed_proj_dim": 48, "pad_token_id": 1}
BLIP2_T5 = {"model_type": "t5", "vocab_size": 128, "d_model": 48, "d_kv": 12, "d_ff": 80, "num_layers": 2, "num_heads": 4, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False, "pad_token_id": 0}
BLIP2_VISION = {"hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 28}
BLIP2_QFORMER = {"hidden_size": 36, "intermediate_size": 40, "num_hidden_layers": 3, "num_attention_heads": 3}


LLAMA4 = {**TEXT, "num_hidden_layers": 5, "num_local_experts": 4, "intermediate_size_mlp": 40, "head_dim": 12}
LLAMA4_VISION = {"hidden_size": 24, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 28, "patch_size": 14, "vision_output_dim": 16, "projector_input_dim": 16, "projector_output_dim": 16}
MLLAMA = {
    "text_config": {**TEXT, "num_hidden_layers": 4, "cross_attention_layers": [1]},
    "vision_config": {"hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 2, "num_global_layers": 1, "attention_heads": 2, "image_size": 28, "patch_size": 14, "vision_output_dim": 48, "intermediate_layers_indices": [0]},
}


def text_family(model_type: str, prefix: str, base: dict[str, object], *variants: dict[str, object], classes: tuple[str, ...] = ()) -> Family:
    return Family(model_type, base, variants, task_classes(prefix, *classes), default_architecture=f"{prefix}ForCausalLM")


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
    family("qwen3_vl_moe", "Qwen3VLMoe", {**QWEN3, "text_config": {**QWEN3["text_config"], **EXPERTS}}, TIED, {"text_config": {**QWEN3["text_config"], **EXPERTS, "mlp_only_layers": [1]}}),
    family("llava", "Llava", {"text_config": LLAMA, "vision_config": CLIP}, {"text_config": {**LLAMA, **TIED}, "vision_config": {**SIGLIP, "model_type": "siglip_vision_model"}}, {"text_config": {**TEXT, "model_type": "qwen2"}, "multimodal_projector_bias": False, "vision_feature_layer": [-1, -2]}, {"text_config": MISTRAL, "vision_config": PIXTRAL}),
    family("paligemma", "PaliGemma", {"text_config": GEMMA1, "vision_config": {**SIGLIP, "model_type": "siglip_vision_model", "vision_use_head": False}, "projection_dim": 48}, UNTIED, {"text_config": {**GEMMA1, "model_type": "gemma2"}, "projection_dim": 20}),
    family("mistral3", "Mistral3", {"text_config": MISTRAL, "vision_config": PIXTRAL}, UNTIED, {"text_config": {**TEXT, "model_type": "ministral3", "head_dim": 16}, "spatial_merge_size": 1, "multimodal_projector_bias": True}),
    family("smolvlm", "SmolVLM", {"text_config": LLAMA, "vision_config": SIGLIP}, TIED, {"scale_factor": 1}),
    family("idefics3", "Idefics3", {"text_config": LLAMA, "vision_config": SIGLIP}, TIED),
    # Without a class AutoModelForCausalLM takes the language part alone.
    Family("qwen3_5", {"text_config": MIXED, "vision_config": QWEN35_VISION}, ({"text_config": {**MIXED, **FULL_SECOND, "attention_bias": True, **TIED}},), task_classes("Qwen3_5", GENERATION, "Model")),
    Family("qwen3_5_moe", {"text_config": {**MIXED, **EXPERTS}, "vision_config": QWEN35_VISION}, (), task_classes("Qwen3_5Moe", GENERATION, "Model")),
    text_family("qwen3_5_text", "Qwen3_5", MIXED, TIED, {"full_attention_interval": 2}, classes=("TextModel", "ForSequenceClassification", "ForTokenClassification")),
    text_family("qwen3_5_moe_text", "Qwen3_5Moe", {**MIXED, **EXPERTS}, TIED, classes=("TextModel",)),
    text_family("qwen3_next", "Qwen3Next", {**MIXED, **EXPERTS}, TIED, {"mlp_only_layers": [1, 3], **FULL_SECOND}, {"decoder_sparse_step": 2, "partial_rotary_factor": 0.5}, classes=("Model", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering")),
    family(
        "gemma4",
        "Gemma4",
        {"text_config": GEMMA4, "vision_config": GEMMA4_VISION},
        UNTIED,
        {"audio_config": GEMMA4_AUDIO, "vision_config": {**GEMMA4_VISION, "use_clipped_linears": True, "standardize": True}, "text_config": {**GEMMA4, "num_kv_shared_layers": 2, "use_double_wide_mlp": True}},
        {"text_config": {**GEMMA4, **GEMMA4_EXPERTS}},
    ),
    text_family("gemma4_text", "Gemma4", GEMMA4, UNTIED, GEMMA4_EXPERTS, {"layer_types": None, "num_hidden_layers": 7, "num_kv_shared_layers": 3}, {"attention_bias": True, "attention_k_eq_v": True}, classes=("TextModel",)),
    family(
        "gemma3n",
        "Gemma3n",
        {"text_config": GEMMA3N, "audio_config": GEMMA3N_AUDIO, "vision_config": {}},
        UNTIED,
        {"audio_config": {**GEMMA3N_AUDIO, "input_feat_size": 40, "sscp_conv_kernel_size": [[3, 5], [3, 3]], "sscp_conv_stride_size": [[2, 1], [2, 2]], "conf_attention_chunk_size": 4, "conf_attention_context_right": 2, "conf_conv_kernel_size": 3}},
    ),
    text_family("gemma3n_text", "Gemma3n", GEMMA3N, UNTIED, {"layer_types": None, "num_hidden_layers": 7, "num_kv_shared_layers": 2}, {"attention_bias": True, "num_kv_shared_layers": 0, "intermediate_size": [80, 64, 80, 96]}, classes=("TextModel",)),
    family(
        "gemma4_unified",
        "Gemma4Unified",
        {"text_config": GEMMA4_UNIFIED, "vision_config": {"patch_size": 4, "pooling_kernel_size": 2, "mm_embed_dim": 24, "mm_posemb_size": 16, "output_proj_dims": 24}, "audio_config": {"audio_embed_dim": 20}},
        UNTIED,
        {"text_config": {**GEMMA4_UNIFIED, "attention_k_eq_v": True, "num_global_key_value_heads": 1}},
    ),
    text_family("gemma4_unified_text", "Gemma4Unified", GEMMA4_UNIFIED, UNTIED, {"layer_types": None, "num_hidden_layers": 7, "num_kv_shared_layers": 3, "use_double_wide_mlp": True}, {"attention_bias": True}, classes=("TextModel",)),
    family(
        "blip-2",
        "Blip2",
        {"text_config": BLIP2_OPT, "vision_config": BLIP2_VISION, "qformer_config": BLIP2_QFORMER, "num_query_tokens": 8},
        {"text_config": BLIP2_T5},
        {"text_config": {**BLIP2_T5, **TIED}, "qformer_config": {**BLIP2_QFORMER, "use_qformer_text_input": True, "cross_attention_frequency": 3}},
        {"text_config": {**BLIP2_OPT, **UNTIED, "word_embed_proj_dim": 20}, "vision_config": {**BLIP2_VISION, "qkv_bias": False, "patch_size": 7}},
    ),
    Family("llama4", {"text_config": LLAMA4, "vision_config": LLAMA4_VISION}, ({"text_config": {**LLAMA4, **TIED}},), task_classes("Llama4", GENERATION)),
    text_family("llama4_text", "Llama4", LLAMA4, TIED, {"interleave_moe_layer_step": 2, "use_qk_norm": False}, {"moe_layers": [0, 3], "no_rope_layers": [1, 0, 0, 1, 1], "attention_bias": True}, classes=("TextModel",)),
    family("mllama", "Mllama", MLLAMA, {"text_config": {**TEXT, "num_hidden_layers": 4, "cross_attention_layers": [0, 2]}}),
]
