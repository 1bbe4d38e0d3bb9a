"""Trainers that bring a file of their own: their parsers read it, and their functions prepare the model.

Each module has `prepare(request) -> Prepared`, LitGPT's, whose model and loop are its own, `record(request)`; `request["file"]` is the content of the trainer's file, `request["config"]` that of
the model's config.json. The loop is the usual one (training.py).
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from losses import Loss
from training import Training

MODULES = {"llama-factory": "llama_factory", "ms-swift": "ms_swift", "axolotl": "axolotl", "litgpt": "litgpt"}


@dataclass(frozen=True)
class Prepared:
    """A model on the meta device as the trainer leaves it, and what its arguments ask for."""

    model: torch.nn.Module
    loaded: dict[int, torch.dtype]  # of the base tensors right after loading, by identity
    training: Training
    casts: Sequence[tuple[int, torch.dtype]] = ()  # of base tensors once all are loaded, in order
    loss: Loss | None = None  # of the trainer, in place of the one that `training` names; it reads values
    reads_values: bool = False  # the loss looks at values, and every mask is true
    empties_cache: bool = False  # when everything is loaded


def launcher_of(request: dict[str, Any]) -> str | None:
    """`llama-factory` of a request for the stack llama-factory-0.9; undefined where another stack trains."""
    name = (request.get("stack") or "").rpartition("-")[0]
    return name if name in MODULES else None


def records_itself(request: dict[str, Any]) -> bool:
    """Whether the model and the loop are the trainer's own, too."""
    return launcher_of(request) == "litgpt"


def prepare(request: dict[str, Any]) -> Prepared:
    module = importlib.import_module(f"launchers.{MODULES[launcher_of(request)]}")
    return module.prepare(request)
