"""Draws configurations of every PEFT method but LoRA: usual ones, every option that changes a count, and mistakes.

Seeded by the model's id, so that the same model always gets the same adapters.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from draw_adapters import TASKS, Names, excluded, layer_options, pattern_of, saved_modules, some, targets

Adapter = dict[str, Any]
Draw = Callable[[random.Random], Any]

RANKS = (1, 2, 4, 8)


def one_of(*values: Any) -> Draw:
    return lambda chance: chance.choice(values)


def pattern(*values: Any) -> Callable[[random.Random, Names], dict[str, Any]]:
    return lambda chance, names: {chance.choice((chance.choice(names.linear), "missing_proj")): chance.choice(values)}


RANK = one_of(*RANKS)
ANY_RANK = one_of(*RANKS, *RANKS, 3, 16, 64, 0)
# Methods of prompts are classes of a task.
TASK = one_of("CAUSAL_LM", "CAUSAL_LM", "CAUSAL_LM", "SEQ_CLS", "TOKEN_CLS", "QUESTION_ANS", "FEATURE_EXTRACTION", None)
TOKENS = one_of(1, 10, 20)
LAYERED = frozenset(
    "ADALORA BOFT C3A DEFT DELORA FOURIERFT FROD GRALORA HIRA HRA LILY LOHA LOKR MISS OFT PEANUT PSOFT PVERA RANDLORA TINYLORA UNILORA VBLORA VERA WAVEFT".split()
)
EXCLUDING = frozenset("ADALORA BOFT DEFT DELORA FOURIERFT HIRA HRA IA3 LILY LN_TUNING LOHA LOKR MISS OFT PEANUT POLY PSOFT VBLORA WAVEFT".split())
BIASED = frozenset("ADALORA BOFT C3A DEFT DELORA FOURIERFT FROD GLORA GRALORA HRA MISS OFT PVERA RANDLORA TINYLORA UNILORA VBLORA VERA WAVEFT".split())

# Options of a method: each is drawn now and then. First the ones that a method cannot do without.
NEEDED: dict[str, dict[str, Draw]] = {
    "MISS": {"r": one_of(1, 2, 4, 8, 16, None)},
    "SHIRA": {"r": one_of(1, 2, 4, 8, 8, 64, None)},
    "PSOFT": {"r": one_of(1, 2, 4, 8, 8, 64, None)},
    "ADALORA": {"total_step": one_of(*[100] * 8, None, 0)},
    "C3A": {"block_size": one_of(1, 2, 4, 8, 4, 8, 16, 0)},
    "FOURIERFT": {"n_frequency": one_of(1, 10, 100, 128, 60, 200, 10**9, 0)},
    "WAVEFT": {"n_frequency": one_of(1, 10, 100, 128, 60, 200, 10**9, 0)},
    "GRALORA": {"r": one_of(4, 8, 4, 3), "gralora_k": one_of(1, 2, 2, 4)},
    "VBLORA": {"vector_length": one_of(1, 2, 4, 8, 4, 8, 16, 256), "num_vectors": one_of(4, 16, 256)},
    "ROAD": {"group_size": one_of(2, 4, 8, 2, 4, 8, 64, 3)},
    "OFT": {"oft_block_size": one_of(2, 4, 8, 32, 6, 0)},
    "BOFT": {"boft_block_size": one_of(2, 4, 8, 2, 4, 3, 0)},
    "TRAINABLE_TOKENS": {"token_indices": one_of([1], [0, 5, 7], [3, 3], [])},
    "PROMPT_TUNING": {"num_virtual_tokens": TOKENS, "task_type": TASK},
    "P_TUNING": {"num_virtual_tokens": TOKENS, "task_type": TASK},
    "PREFIX_TUNING": {"num_virtual_tokens": TOKENS, "task_type": TASK},
    "MULTITASK_PROMPT_TUNING": {"num_virtual_tokens": TOKENS, "task_type": TASK},
    "CARTRIDGE": {"num_virtual_tokens": TOKENS, "task_type": TASK},
    "CPT": {"cpt_token_ids": one_of([0], [1, 2, 3], None), "task_type": one_of("CAUSAL_LM", "CAUSAL_LM", "CAUSAL_LM", "SEQ_CLS")},
    "ADAPTION_PROMPT": {"adapter_len": one_of(1, 8, 4), "adapter_layers": one_of(1, 2, 3, 2, 99)},
    "SUPERTUNING": {"sparsity": one_of(0.5, 0.9, 0.99, 0.95, 0.8, 0.0, 0.9999999)},
    "OSF": {},
}
OPTIONS: dict[str, dict[str, Draw]] = {
    "ADALORA": {"init_r": RANK, "r": RANK, "target_r": RANK, "lora_dropout": one_of(0.1), "tinit": one_of(10, 200), "orth_reg_weight": one_of(-1.0), "fan_in_fan_out": one_of(True)},
    "LOHA": {"r": ANY_RANK, "alpha": RANK, "use_effective_conv2d": one_of(True), "module_dropout": one_of(0.1)},
    "LOKR": {"r": ANY_RANK, "alpha": RANK, "decompose_both": one_of(True), "decompose_factor": one_of(-1, 2, 4, 7), "use_effective_conv2d": one_of(True)},
    "IA3": {"fan_in_fan_out": one_of(True), "init_ia3_weights": one_of(False)},
    "VERA": {"r": ANY_RANK, "d_initial": one_of(0.5), "save_projection": one_of(False)},
    "PVERA": {"r": ANY_RANK, "save_projection": one_of(False)},
    "FOURIERFT": {"init_weights": one_of(True)},
    "WAVEFT": {"proportional_parameters": one_of(True), "wavelet_family": one_of("db1", "sym2", "db4", "unknown"), "use_idwt": one_of(False)},
    "OFT": {"r": one_of(1, 2, 3, 4), "block_share": one_of(True), "coft": one_of(True)},
    "BOFT": {"boft_block_num": one_of(1, 2, 3, 4)},
    "MISS": {"mini_r": one_of(1, 2, 3), "init_weights": one_of("bat", "mini", False)},
    "HRA": {"r": ANY_RANK, "apply_GS": one_of(True)},
    "RANDLORA": {"r": ANY_RANK, "sparse": one_of(True), "randlora_alpha": one_of(32)},
    "C3A": {"init_weights": one_of(False, "gaussian", True, "unknown")},
    "SHIRA": {"mask_type": one_of("random", "other"), "random_seed": one_of(1)},
    "ROAD": {"variant": one_of("road_1", "road_2", "road_4", "road_2", "road_4", "road_3")},
    "VBLORA": {"r": ANY_RANK, "topk": one_of(1, 2, 0)},
    "DELORA": {"r": ANY_RANK, "delora_lambda": one_of(3)},
    "HIRA": {"r": ANY_RANK, "hira_dropout": one_of(0.1)},
    "GRALORA": {"hybrid_r": one_of(0, 2, 4, -1), "alpha": one_of(8)},
    "DEFT": {"r": ANY_RANK, "para": one_of(True), "decomposition_method": one_of("qr", "relu", "qr", "svd")},
    "GLORA": {"r": ANY_RANK, "config_A_B": one_of("lora", "vector", "constant", "none", "vector", "constant", "x"), "config_C": one_of("lora", "vector", "none", "vector", "none", "constant"), "config_D_E": one_of("vector", "constant", "none", "vector", "none", "lora")},
    "PEANUT": {"r": ANY_RANK, "depth": one_of(0, 1, 2, 1, 3, -1), "act_fn": one_of("relu", "silu", "gelu", "unknown")},
    "PSOFT": {"psoft_orth": one_of(False), "psoft_mag_a": one_of(False), "psoft_mag_b": one_of(False)},
    "LILY": {"r": ANY_RANK, "stride_A": one_of(1, 2, 3, 2, 0), "num_B": one_of(2, 3, 4, 3, 1)},
    "POLY": {"r": ANY_RANK, "n_tasks": one_of(1, 3), "n_skills": one_of(1, 2, 4), "n_splits": one_of(1, 2)},
    "BEFT": {},
    "FROD": {"sparse_rate": one_of(0.0, 0.1, 1.0, 2.0)},
    "OSF": {"effective_rank": one_of(1, 4, 0.5, 0.3, 4, 10**6, 0)},
    "SUPERTUNING": {"r": one_of(2, 4, 2, 4, 2, 4, 0), "lora_alpha": one_of(4)},
    "TINYLORA": {"u": one_of(1, 8, 64, 8, 16, 0), "r": one_of(1, 2, 3), "weight_tying": one_of(0.0, 0.3, 0.5, 0.7, 1.0, 2.0)},
    "UNILORA": {"theta_d_length": one_of(1, 64, 100, 256, 0), "r": ANY_RANK},
    "LN_TUNING": {},
    "TRAINABLE_TOKENS": {},
    "PROMPT_TUNING": {"prompt_tuning_init": one_of("TEXT", "RANDOM", "RANDOM", "RANDOM"), "token_dim": one_of(16)},
    "P_TUNING": {"encoder_reparameterization_type": one_of("MLP", "LSTM"), "encoder_hidden_size": one_of(4, 16), "encoder_num_layers": one_of(1, 3)},
    "PREFIX_TUNING": {"prefix_projection": one_of(True), "encoder_hidden_size": one_of(8)},
    "MULTITASK_PROMPT_TUNING": {"num_tasks": one_of(1, 3), "num_ranks": one_of(1, 2)},
    "CARTRIDGE": {"num_frozen_tokens": one_of(0, 1, 3, 99)},
    "CPT": {},
    "ADAPTION_PROMPT": {"task_type": one_of("CAUSAL_LM")},
}
PATTERNS: dict[str, dict[str, Callable[[random.Random, Names], dict[str, Any]]]] = {
    "LOHA": {"rank_pattern": pattern(*RANKS)},
    "LOKR": {"rank_pattern": pattern(*RANKS)},
    "DELORA": {"rank_pattern": pattern(*RANKS)},
    "HIRA": {"rank_pattern": pattern(*RANKS)},
    "FOURIERFT": {"n_frequency_pattern": pattern(3, 7)},
    "WAVEFT": {"n_frequency_pattern": pattern(3, 7)},
    "C3A": {"block_size_pattern": pattern(1, 2)},
    "OSF": {"rank_pattern": pattern(2, 4)},
}
PROMPTS = frozenset("PROMPT_TUNING P_TUNING PREFIX_TUNING MULTITASK_PROMPT_TUNING CARTRIDGE CPT".split())
BACKBONES = frozenset(("model", "transformer", "gpt_neox", "decoder"))
METHODS = tuple(OPTIONS)


def own_targets(chance: random.Random, method: str, names: Names) -> Adapter:
    if method in PROMPTS or method == "ADAPTION_PROMPT":
        return {}
    if method == "LN_TUNING":
        norms = tuple(name for name in names.others if "norm" in name or "ln_" in name)
        return chance.choice(({}, {"target_modules": some(chance, norms or names.linear, 2)}, {"target_modules": some(chance, (*names.linear, *names.others), 1)}))
    if method == "TRAINABLE_TOKENS":
        return chance.choice(({}, {}, {"target_modules": list(names.embeddings[:1])}, {"target_modules": some(chance, names.linear, 1)}))
    if method == "LILY":
        # Which of several fitting names counts depends on the order of a set.
        leaves = {"target_modules": some(chance, names.linear)}
        if any(name != other and name.endswith(other) for name in names.linear for other in names.linear):
            return {}
        return chance.choice(({}, leaves, leaves, {"target_modules": "all-linear"}, {"target_modules": pattern_of(chance, names)}))
    if method == "IA3":
        feedforward = some(chance, names.linear, 2)
        chosen = [*dict.fromkeys([*some(chance, names.linear, 3), *feedforward])]
        return chance.choice(
            (
                {},
                {"target_modules": chosen, "feedforward_modules": feedforward},
                {"target_modules": chosen, "feedforward_modules": []},
                {"target_modules": chosen[:1], "feedforward_modules": feedforward},
                {"target_modules": chosen},
                {"target_modules": pattern_of(chance, names), "feedforward_modules": pattern_of(chance, names)},
                {"target_modules": "all-linear", "feedforward_modules": feedforward},
            )
        )
    return targets(chance, names)


def draw_method(chance: random.Random, method: str, names: Names) -> Adapter:
    adapter: Adapter = {"peft_type": method, **own_targets(chance, method, names)}
    for field, value in NEEDED.get(method, {}).items():
        adapter[field] = value(chance)
    for field, value in OPTIONS[method].items():
        if chance.random() < 0.4:
            adapter[field] = value(chance)
    for field, make in PATTERNS.get(method, {}).items():
        if chance.random() < 0.3:
            adapter[field] = make(chance, names)
    if method == "OFT" and "r" in adapter and chance.random() < 0.8:
        adapter["oft_block_size"] = 0
    if method == "BOFT" and "boft_block_num" in adapter and chance.random() < 0.8:
        adapter["boft_block_size"] = 0
    if method in LAYERED and chance.random() < 0.15:
        adapter.update(layer_options(chance, names))
    if method in EXCLUDING and chance.random() < 0.15:
        adapter.update(excluded(chance, names))
    if method in BIASED and chance.random() < 0.15:
        adapter["bias"] = chance.choice(("all", f"{method.lower()}_only", "all", "some"))
    if method not in ("TRAINABLE_TOKENS", "ADAPTION_PROMPT") and chance.random() < 0.15:
        saved = saved_modules(chance, names)["modules_to_save"]
        # Copies of the whole backbone beside prompts, or in tasks that wrap twice, are refused by name here.
        adapter["modules_to_save"] = [name for name in saved if name not in BACKBONES]
    if method not in PROMPTS and chance.random() < 0.2:
        adapter["task_type"] = chance.choice(TASKS)
    if chance.random() < 0.02:
        adapter["unknown_option"] = 1
    return {field: value for field, value in adapter.items() if value is not None}


def draw_methods(identifier: str, names: Names, methods: tuple[str, ...] = METHODS) -> list[Adapter]:
    """One configuration of every method."""
    chance = random.Random(f"methods {identifier}")
    return [draw_method(chance, method, names) for method in methods]
