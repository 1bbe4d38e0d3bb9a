"""Classes that lie in a model's repository (trust_remote_code), from copies of the repositories without their weights.

`LORA_CALC_OWN_CODE` names the folder of the copies, each called by its model_type and with its config.json and Python. These
classes are written for transformers 4: run them with that release (worlds/transformers-4.57.txt). Look at the code first.
"""

from __future__ import annotations

import os
import sys
import types
from pathlib import Path
from typing import Any

from transformers import CONFIG_MAPPING, PretrainedConfig
from transformers.dynamic_module_utils import get_class_from_dynamic_module

CAUSAL = "AutoModelForCausalLM"

# Qwen's generation asks for it, and it for transformers before 4.40; no part of a tree or of a step.
sys.modules["transformers_stream_generator"] = types.ModuleType("transformers_stream_generator")
sys.modules["transformers_stream_generator"].init_stream_support = lambda: None  # type: ignore[attr-defined]


def is_own_code(values: dict[str, Any]) -> bool:
    return "auto_map" in values and values.get("model_type") not in CONFIG_MAPPING


def class_of(folder: Path, name: str, auto_map: dict[str, str]) -> Any:
    return get_class_from_dynamic_module(auto_map[name], str(folder), local_files_only=True)


def config_of(folder: Path, values: dict[str, Any]) -> PretrainedConfig:
    config: PretrainedConfig = class_of(folder, "AutoConfig", values["auto_map"])(**values)
    config.name_or_path = str(folder)
    return config


def model_class(config: PretrainedConfig) -> Any:
    """The causal class, or where the repository maps none the one that AutoModel loads."""
    return class_of(Path(config.name_or_path), CAUSAL if CAUSAL in config.auto_map else "AutoModel", config.auto_map)


def folder_of(model_type: str) -> Path:
    return Path(os.environ["LORA_CALC_OWN_CODE"]) / model_type
