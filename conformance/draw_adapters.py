"""Draws LoRA configurations for a model: what people write, what they get wrong, and the corners of PEFT's rules.

Seeded by the model's id, so that the same model always gets the same adapters.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

Adapter = dict[str, Any]

RANKS = (1, 2, 3, 4, 8, 16)
TASKS = ("CAUSAL_LM", "SEQ_CLS", "TOKEN_CLS", "QUESTION_ANS", "FEATURE_EXTRACTION")
MAX_CHANGES = 3


@dataclass(frozen=True)
class Names:
    """Modules of a model that options can name."""

    linear: tuple[str, ...]
    paths: tuple[str, ...]
    embeddings: tuple[str, ...]
    others: tuple[str, ...]


def names_of(model: torch.nn.Module) -> Names:
    linear: list[str] = []
    paths: list[str] = []
    embeddings: list[str] = []
    others: list[str] = []
    for path, module in model.named_modules():
        name = path.rpartition(".")[2]
        if isinstance(module, torch.nn.Linear) or type(module).__name__ == "Conv1D":
            linear.append(name)
            paths.append(path)
        elif isinstance(module, torch.nn.Embedding):
            embeddings.append(name)
        elif name and not name.isdigit():
            others.append(name)
    unique = [tuple(dict.fromkeys(found)) for found in (linear, paths, embeddings, others)]
    return Names(*unique)


def some(chance: random.Random, names: tuple[str, ...], most: int = 4) -> list[str]:
    return chance.sample(names, min(len(names), chance.randint(1, most)))


def suffix_of(chance: random.Random, path: str) -> str:
    """The end of a path, from some dot on: what target lists match."""
    parts = path.split(".")
    return ".".join(parts[chance.randrange(len(parts)) :])


def pattern_of(chance: random.Random, names: Names) -> str:
    path = chance.choice(names.paths)
    name = path.rpartition(".")[2]
    return chance.choice(
        (
            rf".*\.{name}",
            rf".*\.({'|'.join(some(chance, names.linear, 3))})$",
            re.sub(r"\.\d+\.", r"\\.[0-1]\\.", path.replace(".", r"\.").replace(r"\.", ".")),
            rf"(.*{name}|nothing)",
            name,
            rf".*{name[: max(1, len(name) - 2)]}.*",
        )
    )


def targets(chance: random.Random, names: Names) -> Adapter:
    make = chance.choices(
        (
            lambda: {"target_modules": some(chance, names.linear)},
            lambda: {"target_modules": "all-linear"},
            lambda: {},
            lambda: {"target_modules": pattern_of(chance, names)},
            lambda: {"target_modules": [suffix_of(chance, path) for path in some(chance, names.paths, 3)]},
            lambda: {"target_modules": [*some(chance, names.linear, 2), *some(chance, names.embeddings or names.linear, 1)]},
            lambda: {"target_modules": [*some(chance, names.linear, 2), "missing_proj"]},
            lambda: {"target_modules": ["missing_proj"]},
            lambda: {"target_modules": some(chance, names.others, 1)},
            lambda: {"target_modules": []},
        ),
        weights=(24, 14, 12, 14, 10, 10, 4, 3, 3, 1),
    )[0]
    return make()


def layer_options(chance: random.Random, names: Names) -> Adapter:
    chosen: Adapter = {"layers_to_transform": chance.choice((0, 1, [0], [0, 2], [1, 7], 99, []))}
    if chance.random() < 0.4:
        chosen["layers_pattern"] = chance.choice(("layers", "h", ["layers", "blocks"], "blocks"))
    return chosen


def patterns(chance: random.Random, names: Names) -> Adapter:
    keys = (
        lambda: chance.choice(names.linear),
        lambda: suffix_of(chance, chance.choice(names.paths)),
        lambda: rf"^{chance.choice(names.paths)}",
        lambda: rf".*\.1\..*{chance.choice(names.linear)}",
        lambda: "missing_proj",
    )
    kind = chance.choice(("rank_pattern", "alpha_pattern"))
    return {kind: {chance.choice(keys)(): chance.choice(RANKS) for _ in range(chance.randint(1, 3))}}


def saved_modules(chance: random.Random, names: Names) -> Adapter:
    heads = tuple(name for name in names.linear if name in ("lm_head", "embed_out", "score", "classifier", "qa_outputs"))
    pool = (*heads, *names.embeddings, *names.others, chance.choice(names.linear))
    chosen: Adapter = {"modules_to_save": some(chance, tuple(dict.fromkeys(pool)), 2)}
    if chance.random() < 0.3:
        chosen["ensure_weight_tying"] = True
    return chosen


def excluded(chance: random.Random, names: Names) -> Adapter:
    return {"exclude_modules": chance.choice((some(chance, names.linear, 2), pattern_of(chance, names), ["missing_proj"]))}


def tokens(chance: random.Random, names: Names) -> Adapter:
    rows = chance.choice(([1], [0, 5, 7], [3, 3], []))
    embedding = (names.embeddings or names.linear)[0]
    given = chance.choice(
        (rows, {embedding: rows}, {embedding: rows, "lm_head": rows}, {embedding: rows, "lm_head": [1, 2]}, {"lm_head": rows}, {"missing": rows})
    )
    chosen: Adapter = {"trainable_token_indices": given}
    if chance.random() < 0.3:
        chosen["ensure_weight_tying"] = True
    return chosen


def tied_targets(chance: random.Random, names: Names) -> Adapter:
    embedding = (names.embeddings or names.linear)[0]
    chosen = chance.choice((["lm_head"], [embedding], [embedding, "lm_head", names.linear[0]], "embed_tokens|lm_head", ".*lm_head"))
    return {"target_modules": chosen, "ensure_weight_tying": chance.random() < 0.7}


def mistake(chance: random.Random, names: Names) -> Adapter:
    return chance.choice(
        (
            {"r": 0},
            {"r": -1},
            {"bias": "some"},
            {"target_modules": "missing.*"},
            {"layers_pattern": "layers"},
            {"use_dora": True, "target_modules": some(chance, names.embeddings or names.linear, 1)},
            {"init_lora_weights": "unknown"},
            {"modules_to_save": ["missing_head"]},
            {"task_type": "SOMETHING"},
            {"rank_pattern": {chance.choice(names.linear): 0}},
            {"rank": 8},
        )
    )


CHANGES: tuple[tuple[Callable[[random.Random, Names], Adapter], int], ...] = (
    (lambda chance, names: {"bias": chance.choice(("all", "lora_only"))}, 5),
    (lambda chance, names: {"use_dora": True}, 4),
    (lambda chance, names: {"use_rslora": True}, 3),
    (lambda chance, names: {"lora_bias": True}, 2),
    (lambda chance, names: {"lora_dropout": 0.1}, 2),
    (lambda chance, names: {"init_lora_weights": chance.choice((False, "gaussian"))}, 1),
    (lambda chance, names: {"fan_in_fan_out": True}, 1),
    (lambda chance, names: {"task_type": chance.choice(TASKS)}, 5),
    (layer_options, 4),
    (patterns, 5),
    (saved_modules, 5),
    (excluded, 4),
    (tokens, 2),
    (tied_targets, 3),
    (mistake, 3),
)


def draw(identifier: str, names: Names, how_many: int) -> list[Adapter]:
    chance = random.Random(identifier)
    makers, weights = zip(*CHANGES, strict=True)
    drawn: list[Adapter] = []
    while len(drawn) < how_many:
        adapter: Adapter = {"r": chance.choice(RANKS), "lora_alpha": chance.choice((1, 8, 16)), **targets(chance, names)}
        for make in chance.choices(makers, weights, k=chance.randint(0, MAX_CHANGES)):
            adapter.update(make(chance, names))
        if adapter not in drawn:
            drawn.append(adapter)
    return drawn
