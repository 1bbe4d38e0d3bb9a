"""Writes counts that real PEFT prints for adapters on single parameters and on replicated layers.

    python layer_counts.py OUTPUT.jsonl.gz

Lines as those of counts.py: one per model of `families` in its default class, with the same adapters on each.
"""

from __future__ import annotations

import gzip
import json
import sys
from typing import Any

import huggingface as hf
from counts import case
from draw_adapters import Adapter, names_of
from families import Model, models_of
from families.catalogue import FAMILIES

R = {"r": 4, "lora_alpha": 8}


def adapters(names: list[str]) -> list[Adapter]:
    """`names`: linear modules of the model, in order."""
    first, *rest = names
    second = rest[0] if rest else first
    weight, other = f"{first}.weight", f"{second}.weight"
    none: Adapter = {**R, "target_modules": []}
    parameters: list[Adapter] = [
        {**none, "target_parameters": [weight]},
        {**none, "target_parameters": [weight, other, weight]},
        {**R, "target_modules": [second], "target_parameters": [weight]},
        {**R, "target_modules": [first], "target_parameters": [weight]},
        {**none, "target_parameters": ["missing.weight"]},
        {**R, "target_modules": [first], "target_parameters": ["missing.weight"]},
        {**R, "target_parameters": [weight]},
        {**none, "target_parameters": [weight], "lora_dropout": 0.1},
        {**none, "target_parameters": [weight], "use_dora": True},
        {**none, "target_parameters": [weight], "lora_bias": True},
        {**none, "target_parameters": [weight], "fan_in_fan_out": True},
        {**none, "target_parameters": [weight], "rank_pattern": {weight: 2}},
        {**none, "target_parameters": [weight], "rank_pattern": {first: 2}},
        {**none, "target_parameters": [weight], "rank_pattern": {weight: 0}},
        {**none, "target_parameters": [f"1.self_attn.{weight}"]},
        {**none, "target_parameters": ["embed_tokens.weight"]},
        {**none, "target_parameters": ["norm.weight"]},
        {**none, "target_parameters": ["lm_head.weight"], "exclude_modules": ["lm_head"]},
        {**none, "target_parameters": [weight], "layers_to_transform": [0]},
        {**none, "target_parameters": weight},
        {**none, "target_parameters": [weight], "modules_to_save": ["lm_head"]},
        {**none, "target_parameters": ["weight"]},
        {**none, "target_parameters": [weight], "bias": "lora_only"},
        {**none, "target_parameters": [weight], "use_rslora": True, "task_type": "CAUSAL_LM"},
    ]
    everything: Adapter = {**R, "target_modules": "all-linear"}
    layers: list[Adapter] = [
        {**everything, "layer_replication": [[0, 2], [1, 3]]},
        {**everything, "layer_replication": [[0, 3], [0, 3]], "task_type": "CAUSAL_LM"},
        {**R, "target_modules": [first], "layer_replication": [[0, 1]]},
        {**R, "target_modules": [first], "layer_replication": [[2, 3], [0, 1], [2, 3]], "layers_to_transform": [2]},
        {**R, "target_modules": [first], "layer_replication": [[0, 1], [2, 9]]},
        {**R, "target_modules": [first], "layer_replication": [[1, 1]]},
        {**R, "target_modules": [first], "layer_replication": []},
        {**R, "target_modules": [first, second], "layer_replication": [[0, 2], [0, 2]], "rank_pattern": {rf"3.*{first}": 2}},
        {**everything, "layer_replication": [[0, 2], [1, 3]], "bias": "all"},
        {**R, "target_modules": [first], "layer_replication": [[0, 2], [1, 3]], "modules_to_save": [second]},
        {**none, "target_parameters": [weight], "layer_replication": [[0, 2], [1, 3]]},
        {**R, "target_modules": [first], "layer_replication": [[-2, 0], [-1, 0]]},
    ]
    return parameters + layers


def cases_of(model: Model) -> dict[str, Any]:
    base = hf.build_model(hf.build_config(model.config), model.architecture)
    own = [case(base, adapter) for adapter in adapters(list(names_of(base).linear))]
    return {"id": model.id, "config": model.config, "architecture": model.architecture, "cases": own}


def main() -> None:
    with gzip.GzipFile(sys.argv[1], "wb", mtime=0) as file:
        file.write((json.dumps({"versions": hf.versions()}) + "\n").encode())
        for family in FAMILIES:
            model = next(iter(models_of(family)))
            file.write((json.dumps(cases_of(model)) + "\n").encode())
            print(model.id, flush=True)


if __name__ == "__main__":
    main()
