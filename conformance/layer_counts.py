"""Writes counts that real PEFT prints for adapters on single parameters, on replicated layers and on experts.

    python layer_counts.py OUTPUT.jsonl.gz

Lines as those of counts.py: one per model of `families` in its default class, with the same adapters on each; models with
experts in all their variants, with the names that experts had before transformers 5 and the ones they have now.
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
from families.experts import FAMILIES as EXPERTS

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


def expert_adapters() -> list[Adapter]:
    both = ["gate_up_proj", "down_proj"]
    old = [
        ["w1", "w2", "w3"],
        ["w1"],
        ["gate_proj", "up_proj", "down_proj"],
        ["gate_proj", "down_proj"],
        ["down_proj"],
        ["up_proj", "q_proj"],
        ["gate"],
        ["q_proj", "gate", "down_proj"],
        ["router"],
        ["experts"],
        ["mlp.gate_proj", "mlp.up_proj"],
        ["shared_expert.gate_proj", "shared_expert.up_proj", "q_proj"],
        ["shared_expert_gate"],
        both,
    ]
    patterns = [
        "all-linear",
        r".*\.(gate_proj|up_proj|down_proj)",
        r".*\.(w1|w2|w3)",
        r".*\.mlp\..*",
        r".*\.experts\..*",
        r".*\.1\..*(q_proj|gate_proj|up_proj)",
        r".*_proj",
        "gate_proj",
    ]
    parameters = [both, ["mlp.experts.gate_up_proj"], ["experts.down_proj", "gate.weight"], ["gate_up_proj_bias"], ["1.mlp.experts.down_proj"], ["sinks"]]
    chosen: list[Adapter] = [{**R, "target_modules": names} for names in (*old, *patterns)]
    chosen += [{**R, "target_modules": [], "target_parameters": names} for names in parameters]
    chosen += [
        {**R},
        {**R, "task_type": "CAUSAL_LM", "target_modules": ["q_proj"], "target_parameters": both},
        {**R, "target_modules": "all-linear", "rank_pattern": {"gate_up_proj": 3}},
        {**R, "target_modules": "all-linear", "rank_pattern": {r".*\.gate_up_proj": 3, "q_proj": 1}, "alpha_pattern": {"down_proj": 2}},
        {**R, "target_modules": "all-linear", "exclude_modules": ["experts", "gate"]},
        {**R, "target_modules": "all-linear", "use_dora": True},
        {**R, "target_modules": "all-linear", "lora_dropout": 0.1},
        {**R, "target_modules": "all-linear", "modules_to_save": ["gate"]},
        {**R, "target_modules": ["q_proj", "down_proj"], "layers_to_transform": [1]},
        {**R, "target_modules": "all-linear", "use_rslora": True, "bias": "all"},
        {**R, "target_modules": "all-linear", "layer_replication": [[0, 2], [1, 3]]},
    ]
    return chosen


def cases_of(model: Model, has_experts: bool) -> dict[str, Any]:
    base = hf.build_model(hf.build_config(model.config), model.architecture)
    wanted = adapters(list(names_of(base).linear)) + (expert_adapters() if has_experts else [])
    own = [case(base, adapter) for adapter in wanted]
    return {"id": model.id, "config": model.config, "architecture": model.architecture, "cases": own}


def main() -> None:
    with gzip.GzipFile(sys.argv[1], "wb", mtime=0) as file:
        file.write((json.dumps({"versions": hf.versions()}) + "\n").encode())
        for family in FAMILIES:
            has_experts = family in EXPERTS
            models = [model for model in models_of(family) if model.architecture is None]
            for model in models if has_experts else models[:1]:
                file.write((json.dumps(cases_of(model, has_experts)) + "\n").encode())
                print(model.id, flush=True)


if __name__ == "__main__":
    main()
