"""sentence-transformers on fake tensors: its own modules around a model, and its own loss over pairs of texts.

Its `Transformer` reads a checkpoint and a tokenizer; here it is given the model that the request asks for.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch
from accelerate.utils.operations import convert_to_fp32
from losses import Batch, AutocastDtype, autocast
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Normalize, Transformer
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from sentence_transformers.sentence_transformer.modules import Pooling

COLUMNS = ("anchor", "positive")


class OnTensors(Transformer):
    """`Transformer` around a model that is there, for texts that are tokens already."""

    def __init__(self, model: torch.nn.Module) -> None:
        torch.nn.Module.__init__(self)
        self.model = model
        self.modality_config = {"text": {"method": "forward", "method_output_name": "last_hidden_state"}}
        self.module_output_name = "token_embeddings"
        self._declared_forward_params = set(inspect.signature(model.forward).parameters)
        self.model_forward_params = None


class Sentences(SentenceTransformer):
    """The model is on the card already."""

    def to(self, *_: Any, **__: Any) -> Sentences:
        return self


def make_batch(rows: int, length: int, is_padded: bool) -> Batch:
    """As the data collator gives it: the names of a column in front, and a mask with every text."""
    mask = torch.zeros if is_padded else torch.ones
    batch = {}
    for column in COLUMNS:
        batch[f"{column}_input_ids"] = torch.zeros(rows, length, dtype=torch.long)
        batch[f"{column}_attention_mask"] = mask(rows, length, dtype=torch.long)
    return batch


class Embedder:
    """The model that the loss calls: under autocast accelerate turns what it gives into fp32."""

    def __init__(self, model: torch.nn.Module, pooling_mode: str, dtype: AutocastDtype, trainer: bool) -> None:
        size = model.config.get_text_config().hidden_size
        self.sentences = Sentences(modules=[OnTensors(model), Pooling(size, pooling_mode), Normalize()], device="cpu")
        self.sentences.train()
        self.dtype, self.trainer = dtype, trainer

    def __call__(self, features: Batch) -> Batch:
        with autocast(self.dtype):
            output = self.sentences(features)
        return convert_to_fp32(output) if self.dtype is not None and self.trainer else output


def pairs_loss(pooling_mode: str) -> Any:
    """`SentenceTransformerTrainer.compute_loss` with `MultipleNegativesRankingLoss`; it keeps the features until it returns."""

    def run(model: torch.nn.Module, batch: Batch, dtype: AutocastDtype, trainer: bool) -> tuple[torch.Tensor, Any]:
        features = [{name.removeprefix(f"{column}_"): batch[name] for name in batch if name.startswith(column)} for column in COLUMNS]
        loss = MultipleNegativesRankingLoss(None)
        loss.model = Embedder(model, pooling_mode, dtype, trainer)
        return loss(features, None), None

    return run
