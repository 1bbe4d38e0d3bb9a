"""Encoders of text."""

from families import Family, task_classes

SIZES = {
    "vocab_size": 128,
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
}
UNTIED = {"tie_word_embeddings": False}
TASKS = ("Model", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering")
LABELS = {"num_labels": 3}
PRETRAINING = ("ForPreTraining",)


def family(model_type: str, prefix: str, base: dict[str, object], *variants: dict[str, object], more: tuple[str, ...] = ()) -> Family:
    return Family(model_type, base, variants, task_classes(prefix, *TASKS, *more), default_architecture=f"{prefix}ForMaskedLM")


FAMILIES = [
    family("bert", "Bert", SIZES, UNTIED, LABELS, {"type_vocab_size": 1, "hidden_act": "relu"}, more=PRETRAINING),
    family("roberta", "Roberta", SIZES, UNTIED, {"type_vocab_size": 1}),
    family("xlm-roberta", "XLMRoberta", SIZES, UNTIED),
    family("camembert", "Camembert", SIZES, UNTIED),
    family("electra", "Electra", {**SIZES, "embedding_size": 16}, UNTIED, {"embedding_size": 48}, {"summary_type": "first", "summary_use_proj": False}, more=PRETRAINING),
    family(
        "distilbert",
        "DistilBert",
        {"vocab_size": 128, "dim": 48, "n_layers": 3, "n_heads": 4, "hidden_dim": 80, "max_position_embeddings": 64, "pad_token_id": 0},
        UNTIED,
    ),
    family(
        "albert",
        "Albert",
        {**SIZES, "embedding_size": 16},
        UNTIED,
        {"num_hidden_groups": 2, "inner_group_num": 2, "num_hidden_layers": 4},
        more=PRETRAINING,
    ),
    family(
        "deberta-v2",
        "DebertaV2",
        {**SIZES, "relative_attention": True, "pos_att_type": "p2c|c2p", "position_buckets": 16, "norm_rel_ebd": "layer_norm", "share_att_key": True, "position_biased_input": False, "type_vocab_size": 0},
        UNTIED,
        {"relative_attention": False, "position_biased_input": True},
        {"share_att_key": False, "type_vocab_size": 2, "position_buckets": -1},
        {"conv_kernel_size": 3, "embedding_size": 24},
    ),
    family("modernbert", "ModernBert", SIZES, UNTIED, {"attention_bias": True, "mlp_bias": True, "norm_bias": True}, {"decoder_bias": False, "classifier_bias": True}),
]
