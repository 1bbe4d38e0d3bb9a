"""Writes what real PEFT makes of adapter files that something has happened to.

    python damaged.py OUTPUT.jsonl.gz

One line per damage: the base, the configuration and the header that are loaded, then the parameters that
`PeftModel.from_pretrained(is_trainable=True)` counts and the keys it does not find in the file, or its exception.
"""

from __future__ import annotations

import copy
import gzip
import json
import re
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface as hf
import peft
import torch
from counts import chosen
from method_counts import with_weights
from published import header_of
from safetensors.torch import load_file, save_file

ADAPTER = {"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj"], "task_type": "CAUSAL_LM"}
DORA = {**ADAPTER, "use_dora": True}
Config = dict[str, Any]
Tensors = dict[str, torch.Tensor]
Damage = Callable[[Config, Tensors], tuple[Config, Tensors]]


def renamed(pattern: str, text: str) -> Damage:
    return lambda config, tensors: (config, {re.sub(pattern, text, key): value for key, value in tensors.items()})


def without(pattern: str) -> Damage:
    return lambda config, tensors: (config, {key: value for key, value in tensors.items() if not re.search(pattern, key)})


def configured(**changes: Any) -> Damage:
    return lambda config, tensors: ({**config, **changes}, tensors)


def added(key: str, *shape: int) -> Damage:
    return lambda config, tensors: (config, {**tensors, key: torch.zeros(shape)})


def emptied(config: Config, tensors: Tensors) -> tuple[Config, Tensors]:
    return config, {key: torch.zeros(0) if "lora_B" in key else value for key, value in tensors.items()}


def without_field(name: str) -> Damage:
    return lambda config, tensors: ({key: value for key, value in config.items() if key != name}, tensors)


CASES: list[tuple[str, Config, Damage]] = [
    ("sound", ADAPTER, configured()),
    ("removed fields", ADAPTER, configured(enable_lora=None, merge_weights=False)),
    ("unknown field", ADAPTER, configured(lora_of_tomorrow=3)),
    ("unknown field, unset", ADAPTER, configured(lora_of_tomorrow=None)),
    ("other rank", ADAPTER, configured(r=8)),
    ("other alpha", ADAPTER, configured(lora_alpha=64)),
    ("more targets", ADAPTER, configured(target_modules=["q_proj", "v_proj", "k_proj"])),
    ("fewer targets", ADAPTER, configured(target_modules=["q_proj"])),
    ("no such targets", ADAPTER, configured(target_modules=["query", "value"])),
    ("a layer is missing", ADAPTER, without(r"\.layers\.1\.")),
    ("a tensor too many", ADAPTER, added("base_model.model.model.layers.9.self_attn.q_proj.lora_A.weight", 4, 48)),
    ("an embedding of the base", ADAPTER, added("base_model.model.model.embed_tokens.weight", 128, 48)),
    ("adapter name in keys", ADAPTER, renamed(r"\.weight$", ".default.weight")),
    ("torch.compile", ADAPTER, renamed(r"^base_model\.model\.", "base_model.model._orig_mod.")),
    ("DistributedDataParallel", ADAPTER, renamed(r"^", "module.")),
    ("no prefix", ADAPTER, renamed(r"^base_model\.model\.", "")),
    ("empty", ADAPTER, emptied),
    ("DoRA", DORA, configured()),
    ("early DoRA", DORA, renamed(r"lora_magnitude_vector$", "lora_magnitude_vector.weight")),
    ("DoRA not said", DORA, configured(use_dora=False)),
    ("no peft_type", ADAPTER, without_field("peft_type")),
    ("unknown method", ADAPTER, configured(peft_type="LORAX")),
    ("unknown task", ADAPTER, configured(task_type="CLASSIFY")),
]


# Language models inside others, and experts, under the names that they had before transformers 5.
IN_LANGUAGE = {"r": 4, "target_modules": r".*language_model.*(q_proj|v_proj)"}
BOTH = {"target_modules": ["q_proj", "v_proj"], "exclude_modules": r".*(visual|vision).*"}


def moved(old: str) -> Damage:
    def damage(config: Config, tensors: Tensors) -> tuple[Config, Tensors]:
        named = {key.replace(".model.language_model.", old): value for key, value in tensors.items()}
        return {**config, **BOTH}, named

    return damage


def single_experts(names: tuple[str, str, str], block: str) -> Damage:
    """Matrices of every expert in place of the fused ones; `names`: gate, up and down."""

    def damage(config: Config, tensors: Tensors) -> tuple[Config, Tensors]:
        kept = {key: value for key, value in tensors.items() if ".experts." not in key}
        for key, value in tensors.items():
            if not key.endswith(".experts.base_layer.lora_A.weight"):
                continue
            path = key.removesuffix(".experts.base_layer.lora_A.weight")
            hidden, inner = value.shape[1], tensors[f"{path}.experts.lora_A.weight"].shape[1]
            for expert in range(value.shape[0] // 8):
                for name in names:
                    sizes = (inner, hidden) if name == names[2] else (hidden, inner)
                    here = f"{path.replace('.mlp', block)}.experts.{expert}.{name}"
                    kept[f"{here}.lora_A.weight"] = torch.zeros(4, sizes[0])
                    kept[f"{here}.lora_B.weight"] = torch.zeros(sizes[1], 4)
        old = {"target_modules": ["q_proj", *names], "target_parameters": None, "rank_pattern": {}, "alpha_pattern": {}}
        return {**config, **old}, kept

    return damage


MIXTRAL = ("w1", "w3", "w2")
GATED = ("gate_proj", "up_proj", "down_proj")
OLD_NAMES: list[tuple[str, Config, Damage]] = [
    ("llava", IN_LANGUAGE, moved(".language_model.model.")),
    ("gemma3", IN_LANGUAGE, moved(".language_model.model.")),
    ("mllama", IN_LANGUAGE, moved(".language_model.model.")),
    ("qwen2_vl", IN_LANGUAGE, moved(".model.")),
    ("qwen2_5_vl", IN_LANGUAGE, moved(".model.")),
    ("mixtral", {"r": 4, "target_modules": ["q_proj", *MIXTRAL]}, single_experts(MIXTRAL, ".block_sparse_moe")),
    ("qwen3_moe", {"r": 4, "target_modules": ["q_proj", *GATED]}, single_experts(GATED, ".mlp")),
]


def load(base: torch.nn.Module, folder: str) -> dict[str, Any]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model = peft.PeftModel.from_pretrained(copy.deepcopy(base), folder, is_trainable=True)
        except Exception as error:  # the exception is the fact
            return {"error": type(error).__name__, "message": str(error)[:200]}
    found = [str(warning.message) for warning in caught if "missing adapter keys" in str(warning.message)]
    trainable, everything = hf.count_parameters(model)
    missing = re.findall(r"'([^']+)'", found[0]) if found else []
    return {"trainable": trainable, "all": everything, "missing": [key.replace(".default", "") for key in missing]}


def case(base: torch.nn.Module, name: str, adapter: Config, damage: Damage) -> dict[str, Any]:
    model = peft.get_peft_model(copy.deepcopy(base), hf.build_adapter_config(adapter))
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        config_path, tensors_path = Path(folder) / "adapter_config.json", Path(folder) / "adapter_model.safetensors"
        config, tensors = damage(json.loads(config_path.read_text()), load_file(tensors_path))
        config_path.write_text(json.dumps(config))
        save_file(tensors, tensors_path, metadata={"format": "pt"})
        return {"name": name, "adapter": config, "tensors": header_of(tensors_path), "loaded": load(base, folder)}


def main() -> None:
    models = [("llama", CASES), *((model_type, [(f"old names, {model_type}", *each)]) for model_type, *each in OLD_NAMES)]
    with gzip.GzipFile(sys.argv[1], "wb", mtime=0) as file:
        file.write((json.dumps({"versions": hf.versions()}) + "\n").encode())
        for model_type, damages in models:
            model = next(iter(chosen([model_type])))
            base = with_weights(model)
            for each in damages:
                line = {"config": model.config, "architecture": model.architecture, **case(base, *each)}
                file.write((json.dumps(line) + "\n").encode())


if __name__ == "__main__":
    main()
