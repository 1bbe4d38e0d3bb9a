"""Ask a trainer's own parser whether it takes the files that lora-calc writes for it, and what it reads in them.

    python exports.py axolotl      # launchers/axolotl.txt installed; npm run build before
    python exports.py mlx-lm       # so and unsloth: no parser reads them without their machine, and they are read as data

Each row of the goldens is a run, the text of its file, and what the parser made of it, or how it refused. A file that is written otherwise
tomorrow is not in the goldens, and has to be asked again.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import gzip
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from unittest import mock

import yaml
from export_cases import all_cases

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "bnb_standin"))  # what launchers look for and nothing here calls
GOLDENS = HERE.parent / "packages" / "lora-calc" / "test" / "conformance" / "exports.jsonl.gz"
Values = dict[str, Any]


def plain(value: Any) -> Any:
    """As JSON can hold it; enums by their value."""
    value = getattr(value, "value", value)
    if isinstance(value, set | tuple):
        return sorted(value) if isinstance(value, set) else list(value)
    return str(value).removeprefix("torch.") if not isinstance(value, str | int | float | bool | list | dict | None) else value


def picked(source: Any, names: dict[str, str]) -> Values:
    """By our names what the parser holds under its own."""
    take = source.get if isinstance(source, dict) else lambda name: getattr(source, name)
    return {own: plain(take(name)) for own, name in names.items()}


STEP = {"batch": "per_device_train_batch_size", "accumulation": "gradient_accumulation_steps", "learning_rate": "learning_rate"}


def trl_yaml(text: str) -> Values:
    """`trl sft` and `trl dpo`: the parser of the command, on a machine without a GPU."""
    from trl.scripts import dpo, sft

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trl.yaml"
        path.write_text(text, encoding="utf-8")
        maker = dpo if "\nbeta:" in text else sft
        arguments = ["--config", str(path), "--use_cpu", "true"]
        found = maker.make_parser().parse_args_and_config(arguments, return_remaining_strings=True)
    *parsed, rest = found
    if rest:
        raise ValueError(f"left over: {rest}")
    training, model = parsed[1], parsed[2]
    lora = {"r": "lora_r", "alpha": "lora_alpha", "dropout": "lora_dropout", "targets": "lora_target_modules"}
    return picked(training, STEP | {"length": "max_length"}) | (picked(model, lora) if model.use_peft else {})


def trl_python(text: str) -> Values:
    """The script itself, run as a module: what it gives to LoraConfig and to SFTConfig."""
    space: dict[str, Any] = {"__name__": "train"}
    exec(compile(text, "train.py", "exec"), space)  # noqa: S102
    training = space["training_args"](use_cpu=True, bf16=False, fp16=False)
    found = picked(training, STEP | {"length": "max_length"})
    if "quantization_config" in space:
        space["quantization_config"]()
    if "lora_config" in space:
        found |= picked(space["lora_config"](), {"r": "r", "alpha": "lora_alpha", "dropout": "lora_dropout", "targets": "target_modules"})
    return found


def axolotl(text: str) -> Values:
    import huggingface as hf
    from launchers import axolotl as launcher

    config = hf.build_config({"model_type": "qwen3", "vocab_size": 1000, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2})
    file = yaml.safe_load(text)
    from axolotl.utils.schemas.config import AxolotlInputConfig

    known = set(AxolotlInputConfig.model_fields)
    if unknown := file.keys() - known:
        raise ValueError(f"dropped in silence: {sorted(unknown)}")
    cfg = launcher.read(file, config)
    lora = {"r": "lora_r", "alpha": "lora_alpha", "dropout": "lora_dropout"}
    names = {"batch": "micro_batch_size", "accumulation": "gradient_accumulation_steps", "length": "sequence_len", "learning_rate": "learning_rate"}
    return picked(cfg, names) | (picked(cfg, lora) if cfg.adapter else {})


def llama_factory(text: str) -> Values:
    from launchers import llama_factory as launcher
    from llamafactory.hparams import get_train_args, parser
    from omegaconf import OmegaConf

    file = OmegaConf.to_container(OmegaConf.create(text))
    with mock.patch.object(parser, "is_torch_bf16_gpu_available", lambda: True):
        _, data, training, tuning, _ = get_train_args(launcher.NEEDED | file | {"use_cpu": True, "report_to": "none"})
    lora = {"r": "lora_rank", "alpha": "lora_alpha", "dropout": "lora_dropout", "targets": "lora_target"}
    length = data.cutoff_len + (data.packing or data.neat_packing)  # hparams/data_args.py takes one off, which padding to a multiple of 8 gives back
    return picked(training, STEP) | {"length": length} | (picked(tuning, lora) if tuning.finetuning_type == "lora" else {})


def ms_swift(text: str) -> Values:
    import huggingface as hf
    from launchers import ms_swift as launcher

    config = hf.build_config({"model_type": "qwen3", "vocab_size": 1000, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2})
    args = launcher.arguments(yaml.safe_load(text), config)
    lora = {"r": "lora_rank", "alpha": "lora_alpha", "dropout": "lora_dropout"}
    return picked(args, STEP | {"length": "max_length"}) | (picked(args, lora) if args.is_adapter else {})


def litgpt(text: str) -> Values:
    from jsonargparse import ArgumentParser
    from litgpt.finetune import lora

    parser = ArgumentParser(exit_on_error=False)
    parser.add_function_arguments(lora.setup)
    parsed = parser.parse_string(text)
    train, optimizer = parsed.train, parsed.optimizer
    found = {"batch": train.micro_batch_size, "total": train.global_batch_size, "length": train.max_seq_length, "learning_rate": optimizer["init_args"]["lr"]}
    return found | picked(parsed, {"r": "lora_r", "alpha": "lora_alpha", "dropout": "lora_dropout"})


def mlx_lm(text: str) -> Values:
    """As data: MLX needs Apple's memory. Its own check of keys there is none."""
    file = yaml.safe_load(text)
    found = {"batch": file["batch_size"], "accumulation": file["grad_accumulation_steps"], "length": file["max_seq_length"], "learning_rate": file["learning_rate"]}
    return found | ({"r": file["lora_parameters"]["rank"], "dropout": file["lora_parameters"]["dropout"]} if "lora_parameters" in file else {})


def unsloth(text: str) -> Values:
    """As Python: importing Unsloth needs a GPU. What its loader and SFTConfig are given is read from the tree."""
    found: Values = {}
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).rpartition(".")[2]
        given = {}
        for keyword in node.keywords:
            with contextlib.suppress(ValueError):
                value = ast.literal_eval(keyword.value)
                given |= value if keyword.arg is None else {keyword.arg: value}
        if name == "SFTConfig":
            found |= picked(given, {"batch": "per_device_train_batch_size", "accumulation": "gradient_accumulation_steps", "length": "max_length"})
        if name == "get_peft_model":
            found |= picked(given, {"r": "r", "alpha": "lora_alpha", "dropout": "lora_dropout"})
    return found


# The packages whose parser it is, and how it is asked.
TARGETS: dict[str, tuple[list[str], Callable[[str], Values]]] = {
    "trl-yaml": (["trl", "transformers", "peft"], trl_yaml),
    "trl-python": (["trl", "transformers", "peft"], trl_python),
    "axolotl": (["axolotl", "transformers"], axolotl),
    "llama-factory": (["llamafactory", "transformers"], llama_factory),
    "ms-swift": (["ms_swift", "transformers"], ms_swift),
    "litgpt": (["litgpt", "jsonargparse"], litgpt),
    "mlx-lm": ([], mlx_lm),
    "unsloth": ([], unsloth),
}


def texts_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts_in(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts_in(each)]
    return [value] if isinstance(value, str) else []


def as_data(target: str, text: str) -> list[str]:
    """Every text of the file, by a reader of YAML 1.1 or by Python's own."""
    if target in ("trl-python", "unsloth"):
        return [node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return texts_in(yaml.safe_load(text))


def release(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def asked(target: str, case: dict[str, Any], export: dict[str, Any]) -> dict[str, Any]:
    packages, parse = TARGETS[target]
    text = export["files"][0]["text"]
    row = {"id": case["id"], "format": target, "scenario": case, "text": text}
    if case["id"].startswith("hostile"):
        return row | {"texts": as_data(target, text), "versions": {"pyyaml": yaml.__version__}}
    as_data(target, text)
    talk = io.StringIO()
    try:
        with contextlib.redirect_stdout(talk), contextlib.redirect_stderr(talk):
            return row | {"read": parse(text), "versions": {name: release(name) for name in packages}}
    except (Exception, SystemExit) as error:  # noqa: BLE001
        said = f"{type(error).__name__}: {error}"
        return row | {"refused": said if str(error).strip("0123456789") else talk.getvalue()[-400:], "versions": {name: release(name) for name in packages}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    target = parser.parse_args().target
    cases = all_cases()
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    written = subprocess.run(["node", str(HERE / "write_exports.mjs"), target], input=lines, capture_output=True, text=True, check=True).stdout.strip("\n").split("\n")
    old = gzip.decompress(GOLDENS.read_bytes()).decode().splitlines() if GOLDENS.exists() else []
    rows = [row for row in map(json.loads, old) if row["format"] != target]
    for case, line in zip(cases, written, strict=True):
        export = json.loads(line)
        if "error" not in export:
            rows.append(asked(target, case, export))
    own = [row for row in rows if row["format"] == target]
    for row in own:
        if "refused" in row:
            print(row["id"], row["refused"][:300], flush=True)
    print(f"{target}: {sum('read' in row for row in own)} read, {sum('refused' in row for row in own)} refused, {sum('texts' in row for row in own)} as data")
    with gzip.GzipFile(GOLDENS, "wb", mtime=0) as file:
        file.write("".join(json.dumps(row) + "\n" for row in rows).encode())


if __name__ == "__main__":
    main()
