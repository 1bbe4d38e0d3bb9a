"""Lay out a cache as huggingface_hub does it, for the tests of what reads one.

    python hub_cache.py packages/lora-calc/test/hub/cache

huggingface_hub downloads a small model (two files of weights), one of which nothing but config.json is asked for, and an adapter
from a server on this machine. Weights are a header without data: a reader of headers needs no more.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CONFIG = {
    "model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 100, "hidden_size": 64, "intermediate_size": 128,
    "num_hidden_layers": 1, "num_attention_heads": 4, "tie_word_embeddings": True,
}  # fmt: skip
ADAPTER = {"peft_type": "LORA", "r": 8, "target_modules": ["q_proj"], "base_model_name_or_path": "owner/two-files"}
TENSOR = {"dtype": "BF16", "shape": [100, 64], "data_offsets": [0, 12800]}
FIRST, SECOND = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def safetensors(header: dict[str, Any]) -> bytes:
    text = as_json(header)
    return struct.pack("<Q", len(text)) + text


REPOSITORIES: dict[str, dict[str, bytes]] = {
    "owner/two-files": {
        "config.json": as_json(CONFIG),
        "model.safetensors.index.json": as_json({"weight_map": {EMBEDDING: FIRST, HEAD: SECOND}}),
        FIRST: safetensors({EMBEDDING: TENSOR}),
        SECOND: safetensors({HEAD: TENSOR}),
    },
    "owner/config-alone": {"config.json": as_json(CONFIG)},
    "owner/lora": {"adapter_config.json": as_json(ADAPTER), "adapter_model.safetensors": safetensors({})},
    "gpt2": {"config.json": as_json({"model_type": "gpt2", "n_layer": 1})},
}


class Hub(BaseHTTPRequestHandler):
    def answer(self, has_body: bool) -> None:
        name, _, rest = self.path.lstrip("/").partition("/resolve/")
        content = REPOSITORIES.get(name, {}).get(rest.split("/", 1)[-1])
        if content is None:
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if has_body:
            self.wfile.write(content)

    def do_GET(self) -> None:
        self.answer(True)

    def do_HEAD(self) -> None:
        self.answer(False)

    def log_message(self, *_: Any) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out.absolute()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}"
    from huggingface_hub import hf_hub_download

    shutil.rmtree(out, ignore_errors=True)
    for repository, files in REPOSITORIES.items():
        for file in files:
            hf_hub_download(repository, file, cache_dir=out)
    hf_hub_download("owner/config-alone", "config.json", cache_dir=out, revision="refs/pr/1")
    shutil.rmtree(out / ".locks", ignore_errors=True)
    server.shutdown()


if __name__ == "__main__":
    main()
