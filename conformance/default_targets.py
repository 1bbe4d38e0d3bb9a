"""Writes PEFT's default target modules per model_type as a module of the library's catalogue.

    python default_targets.py > ../packages/lora-calc/src/catalogue/rows/default-targets.ts

The maps are facts of the installed PEFT; equal maps are written once.
"""

from __future__ import annotations

import json

import peft
from peft.mapping import PEFT_TYPE_TO_TUNER_MAPPING
from peft.utils import constants

CHECKED_ON = "2026-11-24"
# IA3 reads its maps from the module instead of a class attribute.
IA3 = constants.TRANSFORMERS_MODELS_TO_IA3_TARGET_MODULES_MAPPING
IA3_FEEDFORWARD = constants.TRANSFORMERS_MODELS_TO_IA3_FEEDFORWARD_MODULES_MAPPING


def plain(mapping: dict[str, list[str] | str]) -> dict[str, list[str] | str]:
    return {name: value if isinstance(value, str) else list(value) for name, value in mapping.items()}


def maps() -> dict[str, dict[str, list[str] | str]]:
    """Map of every method whose tuner class has one."""
    rows = {"IA3": plain(IA3)}
    for peft_type, tuner in sorted(PEFT_TYPE_TO_TUNER_MAPPING.items(), key=lambda item: str(item[0])):
        mapping = getattr(tuner, "target_module_mapping", None)
        if mapping:
            rows[peft_type.value] = plain(mapping)
    return rows


def main() -> None:
    constants_by_text: dict[str, str] = {}
    lines = []
    methods = []
    for method, mapping in maps().items():
        text = json.dumps(mapping)
        name = constants_by_text.get(text)
        if name is None:
            name = constants_by_text[text] = method
            lines.append(f"const {name}: TargetMap = {text};\n")
        methods.append(f"  {method}," if name == method else f"  {method}: {name},")
    print("/**\n * Written by conformance/default_targets.py from PEFT itself; run that again instead of editing.\n *")
    print(f" * Source: peft@{peft.__version__} utils/constants.py, read on {CHECKED_ON}.\n */\n")
    print('import type { TargetMap } from "../row.js";\n')
    print("\n".join(lines))
    print("export const TARGET_MAPS: Readonly<Record<string, TargetMap>> = {")
    print("\n".join(methods))
    print("};\n")
    print("/** Modules whose inputs (IA)³ scales. */")
    print(f"export const IA3_FEEDFORWARD: TargetMap = {json.dumps(plain(IA3_FEEDFORWARD))};")


if __name__ == "__main__":
    main()
