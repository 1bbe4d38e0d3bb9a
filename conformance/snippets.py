"""Runs generated Python with the real PEFT and compares what it prints with the line it promises.

Reads one case per line: {"id", "config", "code"}; `code` ends in the promised line as a comment. Instead of loading
weights, `from_pretrained` builds the model of `config` on the meta device and quantises it as transformers would.
Writes one line per case: {"id", "promised", "printed", "equal"}; exits with 1 if any differs.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "bnb_standin"))

import torch
import transformers
from huggingface import build_config
from loading import quantize


def loader(auto_class: Any, config: dict[str, Any]) -> Any:
    """Stand-in for `auto_class.from_pretrained`: the same model, without its weights."""

    def from_pretrained(name: str, *, dtype: torch.dtype, quantization_config: Any = None, **_: Any) -> Any:
        with torch.device("meta"):
            model = auto_class.from_config(build_config(config), dtype=dtype)
            if quantization_config is not None:
                quantize(model, quantization_config.to_dict())
        return model

    return from_pretrained


def printed_line(code: str, config: dict[str, Any]) -> str:
    classes = [transformers.AutoModelForCausalLM, transformers.AutoModelForSequenceClassification]
    originals = [auto_class.__dict__.get("from_pretrained") for auto_class in classes]
    output = io.StringIO()
    try:
        for auto_class in classes:
            auto_class.from_pretrained = loader(auto_class, config)
        with contextlib.redirect_stdout(output), torch.device("meta"):
            exec(compile(code, "snippet", "exec"), {})
    finally:
        for auto_class, original in zip(classes, originals):
            if original is None:
                del auto_class.from_pretrained
            else:
                auto_class.from_pretrained = original
    return output.getvalue().strip()


def judge(case: dict[str, Any]) -> dict[str, Any]:
    promised = case["code"].rstrip().splitlines()[-1].removeprefix("# ")
    printed = printed_line(case["code"], case["config"])
    return {"id": case["id"], "promised": promised, "printed": printed, "equal": promised == printed}


def main() -> None:
    results = [judge(json.loads(line)) for line in sys.stdin]
    for result in results:
        print(json.dumps(result))
    sys.exit(0 if all(result["equal"] for result in results) else 1)


if __name__ == "__main__":
    main()
