"""Steps of TRL's preference trainers: their own loss code, run on fake tensors.

The trainers are made without their constructors (these want tokenizers and data); every attribute that the loss code
reads is set here from the fields below, which carry the names of the TRL configs. What is not a TRL field:

* `prompt_length`: tokens of the prompt in every sequence (default half of max_length);
* `separate_ref_model`: a reference model beside the policy (default: without adapters and without precomputed log-probs).
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from unittest import mock

import huggingface as hf
import torch
from accelerate.utils.operations import convert_outputs_to_fp32
from losses import HAS_FUSED_HEAD
from transformers import masking_utils
from training import Training, TrainingRun


@dataclass(frozen=True)
class PreferenceTraining(Training):
    method: str = "dpo"
    prompt_length: int | None = None
    beta: float = 0.1
    loss_type: Any = "sigmoid"
    precompute_ref_log_probs: bool = False
    separate_ref_model: bool | None = None
    ld_alpha: float | None = None
    use_weighting: bool = False
    label_smoothing: float = 0.0
    disable_dropout: bool = True
    router_aux_loss_coef: float = 0.001

    @property
    def completion(self) -> int:
        return self.max_length - (self.max_length // 2 if self.prompt_length is None else self.prompt_length)


class Accelerator:
    """What the loss code asks of accelerate, on one process: gathering changes nothing."""

    device = torch.device("cpu")
    num_processes, process_index, is_main_process, sync_gradients = 1, 0, True, True

    def gather(self, tensor: Any) -> Any:
        return tensor

    gather_for_metrics = gather

    def reduce(self, tensor: Any, reduction: str = "sum") -> Any:
        return tensor

    def unwrap_model(self, model: Any, **_: Any) -> Any:
        return model


def is_peft(model: torch.nn.Module) -> bool:
    return hasattr(model, "peft_config")


def prepare(model: torch.nn.Module, dtype: torch.dtype | None) -> None:
    """`Accelerator.prepare_model` with mixed precision: the outermost forward under autocast, outputs in fp32."""
    if dtype is not None:
        model.forward = convert_outputs_to_fp32(torch.autocast("cpu", dtype=dtype)(model.forward))


def aux_loss(model: torch.nn.Module, training: PreferenceTraining) -> bool:
    text = model.config.get_text_config()
    return getattr(text, "output_router_logits", None) is not None and training.router_aux_loss_coef != 0.0


def stub(cls: type, model: torch.nn.Module, ref: torch.nn.Module | None, training: PreferenceTraining, **more: Any) -> Any:
    """Trainer object with the attributes its constructor would have set."""
    trainer = object.__new__(cls)
    kwargs = {"use_reentrant": training.use_reentrant}
    accumulation = training.gradient_accumulation_steps
    values = dict(
        model=model,
        model_wrapped=model,
        ref_model=ref,
        accelerator=Accelerator(),
        _metrics={"train": defaultdict(list), "eval": defaultdict(list)},
        _stored_metrics={"train": defaultdict(list), "eval": defaultdict(list)},
        _total_train_tokens=0,
        _tp_size=1,
        use_liger_kernel=False,
        aux_loss_enabled=aux_loss(model, training),
        router_aux_loss_coef=training.router_aux_loss_coef,
        current_gradient_accumulation_steps=accumulation,
        is_fsdp_enabled=False,
        is_deepspeed_enabled=False,
    )
    arguments = dict(
        gradient_checkpointing_kwargs=kwargs,
        per_device_train_batch_size=training.per_device_train_batch_size,
        gradient_accumulation_steps=accumulation,
        max_length=training.max_length,
        device=torch.device("cpu"),
    )
    values["args"] = SimpleNamespace(**(arguments | more.pop("args", {})))
    for name, value in (values | more).items():
        object.__setattr__(trainer, name, value)
    return trainer


def longs(*shape: int) -> torch.Tensor:
    return torch.zeros(shape, dtype=torch.long)


class Loss:
    """Batches and loss of one trainer."""

    def __init__(self, model: torch.nn.Module, ref: torch.nn.Module | None, training: PreferenceTraining) -> None:
        self.model, self.training = model, training
        self.rows, self.length = training.per_device_train_batch_size, training.max_length
        self.trainer = self.make(model, ref, training)

    def make(self, model: Any, ref: Any, training: PreferenceTraining) -> Any:
        raise NotImplementedError

    def batch(self) -> dict[str, torch.Tensor]:
        raise NotImplementedError

    def loss(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        return self.trainer.compute_loss(self.model, batch)

    def truths(self, mask: torch.Tensor) -> int:
        """True elements of a mask over (rows, shifted positions): every token of the completions."""
        return mask.shape[0] * min(self.training.completion, mask.shape[1])


class Dpo(Loss):
    def make(self, model: Any, ref: Any, training: PreferenceTraining) -> Any:
        from trl import DPOTrainer

        types = [training.loss_type] if isinstance(training.loss_type, str) else list(training.loss_type)
        return stub(
            DPOTrainer, model, ref, training,
            beta=training.beta,
            precompute_ref_logps=training.precompute_ref_log_probs,
            loss_types=types,
            loss_weights=[1.0] * len(types),
            ld_alpha=training.ld_alpha,
            f_divergence_type="reverse_kl",
            f_alpha_divergence_coef=0.5,
            label_smoothing=training.label_smoothing,
            use_weighting=training.use_weighting,
            args={"discopop_tau": 0.05},
        )  # fmt: skip

    def batch(self) -> dict[str, torch.Tensor]:
        batch = {name: longs(2 * self.rows, self.length) for name in ("input_ids", "attention_mask", "completion_mask")}
        if self.training.precompute_ref_log_probs:
            batch |= {name: torch.zeros(self.rows) for name in ("ref_chosen_logps", "ref_rejected_logps")}
        return batch


LOSS_OF = {"dpo": Dpo}


class PreferenceRun(TrainingRun):
    """`TrainingRun` whose batches and loss are those of a preference trainer."""

    def __init__(self, model: Any, ref: Any, training: PreferenceTraining, recorder: Any) -> None:
        super().__init__(model, training, recorder)
        if HAS_FUSED_HEAD:
            import fused_head

            fused_head.add(model, fused_head.DPO_OUTPUTS)
            if ref is not None:
                fused_head.add(ref, ("log_probs",))
        for each in filter(None, (model, ref)):
            prepare(each, training.autocast_dtype)
        if ref is not None:
            ref.eval()
        if training.disable_dropout:
            for each in filter(None, (model, ref)):
                for module in each.modules():
                    if isinstance(module, torch.nn.Dropout):
                        module.p = 0
        self.source = LOSS_OF[training.method](model, ref, training)
        recorder.truths = self.source.truths

    def run(self) -> None:
        masks = contextlib.nullcontext() if self.training.padding else unpadded_masks()
        with masks:
            super().run()

    def _step(self, step: str) -> None:
        """The order of `TrainingRun._step`, with the trainer's batch and loss."""
        training = self.training
        for micro in range(training.gradient_accumulation_steps):
            self._enter(f"{step}.micro{micro}.batch", "batch")
            batch = self.source.batch()
            self._enter(f"{step}.micro{micro}.forward", "activations")
            self._workspace("forward")
            loss = self.source.loss(batch)
            self._enter(f"{step}.micro{micro}.backward", "activations")
            self._workspace("backward")
            scaled = loss / training.gradient_accumulation_steps
            scaled.backward()
            del scaled
            loss = loss.detach()
            for parameter in self.parameters:
                self.recorder.mark(parameter.grad, "gradients")
        if training.max_grad_norm > 0:
            self._enter(f"{step}.clip", "activations")
            torch.nn.utils.clip_grad_norm_(self.parameters, training.max_grad_norm)
        self._enter(f"{step}.optimizer", "optimizer")
        self.optimizer.step()
        self.steady["gradients"] = self._bytes(parameter.grad for parameter in self.parameters)
        self._enter(f"{step}.zero_grad", "activations")
        self.optimizer.zero_grad(set_to_none=training.set_to_none)
        del loss, batch
        states = [value for state in self.optimizer.state.values() for value in state.values()]
        self.steady["optimizer"] = self._bytes(states)


@contextlib.contextmanager
def unpadded_masks() -> Any:
    """Transformers reads the attention mask; for a batch without padding it then leaves it out."""
    original = masking_utils._ignore_causal_mask_sdpa

    def ignore(padding_mask: Any, *args: Any, **kwargs: Any) -> bool:
        return original(None, *args, **kwargs)

    with mock.patch.object(masking_utils, "_ignore_causal_mask_sdpa", ignore):
        yield
