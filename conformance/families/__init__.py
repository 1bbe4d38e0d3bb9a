"""Small models of every supported model_type: sizes that build in milliseconds, and the switches that change the tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Config = dict[str, Any]


@dataclass(frozen=True)
class Family:
    """One model_type: a small configuration, changes of it worth building, and the classes besides the default one."""

    model_type: str
    base: Config
    variants: tuple[Config, ...] = ()
    architectures: tuple[str, ...] = ()
    default_architecture: str | None = None
    # Adapters are drawn for these task types beside CAUSAL_LM.
    tasks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Model:
    """A configuration and the class to build from it."""

    id: str
    config: Config
    architecture: str | None


def models_of(family: Family) -> Iterator[Model]:
    """The base configuration in every class, then every variant in the default class."""
    base = {"model_type": family.model_type, **family.base}
    for name in (family.default_architecture, *family.architectures):
        suffix = "" if name == family.default_architecture else f"-{name}"
        yield Model(f"{family.model_type}{suffix}", base, name)
    for number, change in enumerate(family.variants, start=1):
        yield Model(f"{family.model_type}-{number}", {**base, **change}, family.default_architecture)


def task_classes(prefix: str, *tasks: str) -> tuple[str, ...]:
    """Class names of a family: `LlamaModel`, `LlamaForSequenceClassification`, …"""
    return tuple(f"{prefix}{task}" for task in tasks)


DECODER_TASKS = ("Model", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering")
