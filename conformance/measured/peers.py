"""Asks other calculators about the runs of `runs.json` and writes what they say to `peers.json`.

    python -m venv .venv && .venv/bin/pip install -r requirements.txt
    .venv/bin/python peers.py

Each tool is installed as published and asked through its own Python interface, with its defaults and no calibration.
Where a run does not say something that a tool asks for, the tool's default stands. A tool says what it predicts, its
tier: `allocated` and `reserved` as PyTorch counts them, or `needed`, the memory of the card, which is compared with
reserved, or with the process where only that was measured. A tool that refuses a run has no number, and its words.
"""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Callable

HERE = Path(__file__).parent
GIB = 1024**3
MIB = 1024**2
ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]


@dataclass(frozen=True)
class Run:
    """What a tool may ask about a run."""

    name: str
    config: dict[str, Any]
    is_quantized: bool
    is_double_quantized: bool
    dtype: str
    is_autocast: bool
    optimizer: str
    batch: int
    length: int
    is_checkpointed: bool
    is_eager: bool
    rank: int | None  # None is full fine-tuning
    gpu: str

    @property
    def method(self) -> str:
        if self.rank is None:
            return "full"
        return "qlora" if self.is_quantized else "lora"

    @property
    def parameters(self) -> int:
        """Exact size of the model; tools that ask for one get it."""
        from vramcalc.arch import Arch

        return Arch.from_config(self.config).param_count()

    @property
    def heads(self) -> dict[str, int]:
        heads = self.config["num_attention_heads"]
        return {
            "num_attention_heads": heads,
            "num_kv_heads": self.config.get("num_key_value_heads", heads),
        }

    @property
    def shape(self) -> dict[str, int]:
        names = ("hidden_size", "intermediate_size", "vocab_size")
        return {name: self.config[name] for name in names}


def read_run(row: dict[str, Any]) -> Run:
    scenario = row["scenario"]
    training = scenario["training"]
    quantization = scenario.get("quantization") or {}
    adapter = scenario["adapter"]
    if adapter is not None and adapter["target_modules"] != ATTENTION:
        raise ValueError(f"{row['id']}: tools are asked about q, k, v and o projections here")
    return Run(
        name=row["model"],
        config=config_of(scenario["model"]),
        is_quantized=bool(quantization),
        is_double_quantized=quantization.get("bnb_4bit_use_double_quant", False),
        dtype={"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}[training.get("dtype", "bfloat16")],
        is_autocast=training["bf16"],
        optimizer=training["optim"],
        batch=training["per_device_train_batch_size"],
        length=training["max_length"],
        is_checkpointed=training["gradient_checkpointing"],
        is_eager=training.get("attn_implementation") == "eager",
        rank=None if adapter is None else adapter["r"],
        gpu=scenario["hardware"]["gpu"],
    )


@cache
def catalogue() -> dict[str, Any]:
    models = json.loads((HERE.parent / "models.json").read_text())
    return {name: model["config"] for model in models for name in (model["repo"], *model.get("aliases", ()))}


def config_of(model: Any) -> dict[str, Any]:
    return catalogue()[model] if isinstance(model, str) else model["config"]


def fitcheck(run: Run) -> float:
    """The tensors alone, which is what its authors measured best: the total without the overhead."""
    from fitcheck.config_parser import ModelConfig
    from fitcheck.estimator import TrainingConfig, estimate
    from fitcheck.gpu_db import GPU_DB

    config = run.config
    heads = run.heads
    model = ModelConfig(
        name=run.name,
        num_params=run.parameters,
        num_layers=config["num_hidden_layers"],
        head_dim=config.get("head_dim") or config["hidden_size"] // heads["num_attention_heads"],
        tie_word_embeddings=config.get("tie_word_embeddings", False),
        **run.shape,
        **heads,
    )
    training = TrainingConfig(
        precision=run.dtype,
        quantization="nf4" if run.is_quantized else "none",
        double_quant=run.is_double_quantized,
        optimizer="adam8bit" if "8bit" in run.optimizer else "adamw",
        batch_size=run.batch,
        seq_len=run.length,
        lora_rank=run.rank,
        lora_targets=ATTENTION,
        grad_checkpoint=run.is_checkpointed,
        flash_attn=not run.is_eager,
    )
    cards = {"T4": "t4", "RTX A6000": "a6000", "A100 80GB SXM": "a100-80"}
    report = estimate(model, training, GPU_DB[cards.get(run.gpu, "5080")])
    # The card decides the overhead alone, which is left out; the tool does not know the RTX 4080.
    return (report.total_mib - report.overhead_mib) * MIB


def canifinetune(run: Run) -> float:
    """Reserved, as its output says; the safety margin that it adds on top is left out."""
    from canifinetune.estimator.memory import EstimateRequest, estimate

    config = run.config
    names = (
        "hidden_size",
        "num_hidden_layers",
        "num_attention_heads",
        "num_key_value_heads",
        "intermediate_size",
        "vocab_size",
        "tie_word_embeddings",
    )
    memory = estimate(
        EstimateRequest(
            model_id=run.name,
            method=run.method,
            seq_len=run.length,
            micro_batch_size=run.batch,
            base_dtype=run.dtype,
            quantization="nf4_double_quant" if run.is_double_quantized else "nf4",
            **({} if run.rank is None else {"lora_rank": run.rank, "lora_target_scope": "attention"}),
            optimizer=run.optimizer,
            gradient_checkpointing=run.is_checkpointed,
            attention_implementation="eager" if run.is_eager else "sdpa",
            gpu_vram_gb={"T4": 16, "RTX 4080": 16, "RTX A6000": 48, "A100 80GB SXM": 80}[run.gpu],
            use_network=False,
            override={
                **{name: config[name] for name in names if name in config},
                "family": config["model_type"],
                "total_params": run.parameters,
            },
        )
    ).memory
    return (memory.total_estimated_gb - memory.safety_margin_gb) * GIB


def vramcalc(run: Run) -> float:
    """Allocated, by default without its overhead."""
    from vramcalc.estimate import estimate

    if run.is_quantized:
        raise ValueError("no quantization")
    return estimate(
        run.config,
        mode="train",
        dtype="bf16" if run.is_autocast else run.dtype,
        batch=run.batch,
        seq_len=run.length,
        lora_rank=run.rank,
        grad_checkpoint=run.is_checkpointed,
        precision="amp" if run.is_autocast else "pure",
        attn_impl="eager" if run.is_eager else "sdpa",
    ).total


def fitscout(run: Run) -> float:
    """The point estimate, without the margin it suggests."""
    from fitscout.memory.estimator import estimate_memory
    from fitscout.model.profile import ModelProfile

    if run.dtype == "fp32":
        raise ValueError("16-bit weights only")
    profile = ModelProfile(
        params=run.parameters,
        num_layers=run.config["num_hidden_layers"],
        tie_word_embeddings=run.config.get("tie_word_embeddings", False),
        **run.shape,
        **run.heads,
    )
    return (
        estimate_memory(
            profile,
            method=run.method,
            micro_batch=run.batch,
            seq_len=run.length,
            grad_ckpt=run.is_checkpointed,
            opt_8bit="8bit" in run.optimizer,
            **({} if run.rank is None else {"lora_rank": run.rank}),
        ).total_gb
        * GIB
    )


def memguard(run: Run) -> float:
    from memory_guard.estimator import FinetuneMethod, ModelSpec, TrainSpec, estimate_training_memory

    model = ModelSpec(
        params=run.parameters,
        hidden_dim=run.config["hidden_size"],
        num_heads=run.heads["num_attention_heads"],
        num_kv_heads=run.heads["num_kv_heads"],
        num_layers=run.config["num_hidden_layers"],
        intermediate_dim=run.config["intermediate_size"],
        bits=4 if run.is_quantized else 32 if run.dtype == "fp32" else 16,
    )
    train = TrainSpec(
        method=FinetuneMethod(run.method),
        batch_size=run.batch,
        seq_length=run.length,
        **({} if run.rank is None else {"lora_rank": run.rank, "lora_layers": run.config["num_hidden_layers"], "lora_targets": 4}),
        optimizer="adamw",
        grad_checkpoint=run.is_checkpointed,
        qlora_double_quant=run.is_double_quantized,
        flash_attention=not run.is_eager,
    )
    return estimate_training_memory(model, train).total_mb * MIB


def ftune(run: Run) -> float:
    from ftuneai.core.memory import MemoryEstimator
    from ftuneai.core.models import FineTuneMethod, LoRATarget, ModelSpec, OptimizerType, Quantization, TrainingConfig

    model = ModelSpec(
        name=run.name,
        parameters=run.parameters,
        num_layers=run.config["num_hidden_layers"],
        max_seq_length=run.config.get("max_position_embeddings", run.length),
        default_dtype="float32" if run.dtype == "fp32" else "bfloat16",
        **run.shape,
        **run.heads,
    )
    config = TrainingConfig(
        model=run.name,
        method=FineTuneMethod(run.method),
        quantization=Quantization.INT4 if run.is_quantized else Quantization.NONE,
        batch_size=run.batch,
        seq_length=run.length,
        gradient_checkpointing=run.is_checkpointed,
        optimizer=OptimizerType.ADAM_8BIT if "8bit" in run.optimizer else OptimizerType.ADAMW,
        **({} if run.rank is None else {"lora_rank": run.rank, "lora_target": LoRATarget.ATTENTION_ALL}),
        flash_attention=not run.is_eager,
    )
    return MemoryEstimator(model, config).estimate().total_gb * GIB


@dataclass(frozen=True)
class Peer:
    package: str
    url: str | None
    tier: str
    predict: Callable[[Run], float]


PEERS = [
    Peer("fitcheck-llm", "https://github.com/Anassbzdd/fitcheck", "allocated", fitcheck),
    Peer("vramcalc", "https://github.com/sacom123/vramcalc", "allocated", vramcalc),
    Peer("canifinetune", "https://github.com/DaoyuanLi2816/can-i-finetune-this", "reserved", canifinetune),
    Peer("fitscout", None, "needed", fitscout),
    Peer("ml-memguard", "https://github.com/vgpprasad91/ml-memguard", "needed", memguard),
    Peer("ftuneai", "https://github.com/ritikmahy5/ftune", "needed", ftune),
]


def measured_of(peer: Peer, measured: dict[str, int]) -> int | None:
    if peer.tier == "needed":
        return measured.get("reserved", measured.get("process"))
    return measured.get(peer.tier)


def ask(peer: Peer, rows: list[dict[str, Any]]) -> dict[str, Any]:
    predicted: dict[str, dict[str, float]] = {}
    refused: dict[str, str] = {}
    for row in rows:
        name = row["id"]
        measured = measured_of(peer, row["measured"])
        try:
            size = round(peer.predict(read_run(row)))
            predicted[name] = {"bytes": size} | ({} if measured is None else {"error": size / measured - 1})
        except (ValueError, KeyError) as error:
            refused[name] = str(error).splitlines()[0]
    return {
        "name": peer.package,
        "version": version(peer.package),
        "url": peer.url,
        "tier": peer.tier,
        "predicted": predicted,
        "refused": refused,
    }


def main() -> None:
    warnings.simplefilter("ignore")
    rows = json.loads((HERE / "runs.json").read_text())
    peers = [ask(peer, rows) for peer in PEERS]
    (HERE / "peers.json").write_text(json.dumps(peers, indent=2) + "\n")


if __name__ == "__main__":
    main()
