"""Writes what Python's `re` makes of every pattern in `regex_patterns.py` on real module paths, as a golden.

    python regexes.py OUTPUT.jsonl.gz [--drawn 1500]

First line: versions and paths. Then a line per pattern: `error`, or `full` and `start`, the matches of `re.fullmatch`
and `re.match` as [index of the path, start and end of every group, …], -1 for groups that took no part; or `timeout`
when Python needs more than a second. Drawn patterns that take Python between a twentieth and a second are left out.
"""

from __future__ import annotations

import argparse
import gzip
import json
import platform
import random
import re
import signal
import time
import warnings
from typing import Any

import huggingface as hf
from regex_patterns import CATASTROPHIC, SEED, all_patterns
from transformers import AutoConfig

PATHS_PER_MODEL = 14
SLOW_SECONDS = 0.05
TIMEOUT_SECONDS = 1.0

# Default configurations of transformers: 12 to 48 layers each.
MODELS = {
    "llama": None,
    "gpt2": None,
    "mixtral": None,
    "gpt_neox": None,
    "phi3": None,
    "qwen2_5_vl": "Qwen2_5_VLForConditionalGeneration",
    "t5": "T5ForConditionalGeneration",
    "bert": "BertForSequenceClassification",
}

# No module paths: line ends, spaces, letters outside ASCII, capitals.
OTHER_TEXTS = ["", "m", "mm", "model\n", "model\nproj", "a b.q_proj", "MODEL.LAYERS.0.Q_PROJ", "modèle.couché.É", "模型.层.0", "😀.q_proj", "٣.q_proj", "ſ.K", "abab.aab", "\ufeff\x1c"]


def module_paths() -> list[str]:
    """Paths drawn from the trees of `MODELS`, heads and embeddings among them."""
    draw = random.Random(SEED)
    found: list[str] = []
    for model_type, architecture in MODELS.items():
        model = hf.build_model(AutoConfig.for_model(model_type), architecture)
        paths = [path for path, _ in model.named_modules() if path]
        found += draw.sample(paths[1:-1], PATHS_PER_MODEL - 2) + [paths[0], paths[-1]]
    return list(dict.fromkeys(found))


def spans(match: re.Match[str]) -> list[int]:
    return [place for span in match.regs for place in span]


def on_alarm(*_: Any) -> None:
    raise TimeoutError


def judge(pattern: str, texts: list[str]) -> dict[str, Any]:
    try:
        regex = re.compile(pattern)
    except (re.error, OverflowError) as error:
        return {"pattern": pattern, "error": str(error)}
    signal.setitimer(signal.ITIMER_REAL, TIMEOUT_SECONDS)
    try:
        matches = {
            kind: [[index, *spans(match)] for index, text in enumerate(texts) if (match := find(text))]
            for kind, find in (("full", regex.fullmatch), ("start", regex.match))
        }
    except TimeoutError:
        return {"pattern": pattern, "timeout": True}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return {"pattern": pattern, **matches}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output")
    parser.add_argument("--drawn", type=int, default=1500)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, on_alarm)
    texts = module_paths() + OTHER_TEXTS
    rows = []
    for pattern in all_patterns(arguments.drawn):
        start = time.process_time()
        row = judge(pattern, texts)
        if time.process_time() - start < SLOW_SECONDS:
            rows.append(row)
    rows += [judge(pattern, texts) for pattern in CATASTROPHIC]
    head = {"versions": {"python": platform.python_version(), **hf.versions()}, "texts": texts}
    with gzip.GzipFile(arguments.output, "wb", mtime=0) as file:
        file.write("".join(json.dumps(row) + "\n" for row in (head, *rows)).encode())
    kinds = [next(key for key in ("error", "timeout", "full") if key in row) for row in rows]
    print({kind: kinds.count(kind) for kind in sorted(set(kinds))})


if __name__ == "__main__":
    main()
