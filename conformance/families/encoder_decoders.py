"""Encoder-decoders of text and speech."""

from families import Family, task_classes

BART = {
    "vocab_size": 128,
    "d_model": 48,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 80,
    "decoder_ffn_dim": 64,
    "max_position_embeddings": 64,
    "pad_token_id": 1,
    "decoder_start_token_id": 2,
}
T5 = {"vocab_size": 128, "d_model": 48, "d_kv": 10, "d_ff": 80, "num_layers": 3, "num_heads": 4, "pad_token_id": 0}
WHISPER = {**BART, "num_mel_bins": 16, "max_source_positions": 30, "max_target_positions": 20}
UNTIED = {"tie_word_embeddings": False}
GENERATION = "ForConditionalGeneration"


def family(model_type: str, prefix: str, base: dict[str, object], *variants: dict[str, object], classes: tuple[str, ...] = ()) -> Family:
    return Family(model_type, base, variants, task_classes(prefix, "Model", *classes), default_architecture=f"{prefix}{GENERATION}")


T5_CLASSES = ("ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering", "EncoderModel")

FAMILIES = [
    family(
        "t5",
        "T5",
        T5,
        UNTIED,
        {"feed_forward_proj": "gated-gelu"},
        {"num_decoder_layers": 2, "relative_attention_num_buckets": 8, "num_labels": 3},
        classes=T5_CLASSES,
    ),
    family("mt5", "MT5", T5, UNTIED, {"feed_forward_proj": "relu"}, classes=T5_CLASSES),
    family("bart", "Bart", BART, UNTIED, {"scale_embedding": True}, classes=("ForSequenceClassification", "ForQuestionAnswering")),
    family("mbart", "MBart", BART, UNTIED, classes=("ForSequenceClassification", "ForQuestionAnswering")),
    family("pegasus", "Pegasus", BART, UNTIED),
    family("m2m_100", "M2M100", BART, UNTIED, {"activation_function": "gelu"}),
    Family("marian", BART, (UNTIED,), ("MarianModel",), default_architecture="MarianMTModel"),
    family("whisper", "Whisper", WHISPER, UNTIED, {"classifier_proj_size": 20}, classes=("ForAudioClassification",)),
]
