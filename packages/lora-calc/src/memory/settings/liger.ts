/** `use_liger_kernel` and `liger_kernel_config`: which of Liger's kernels a Trainer switches on, and the loss that follows. */

import { LIGER_MODEL_TYPES, ligerPatch } from "../../catalogue/liger.js";
import type { LigerPatch } from "../../catalogue/liger.js";
import type { ModelDescription } from "../../model/description.js";
import type { Warning } from "../../problem/codes.js";
import { readFields } from "../../fields/read.js";
import { MORE_STEP_FIELDS } from "../../fields/training.js";
import { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";

/** Which of Liger's kernels are on. */
export interface LigerSwitches {
  readonly rms_norm: boolean;
  readonly rope: boolean;
  /** A model has one of the two. */
  readonly swiglu: boolean;
  readonly geglu: boolean;
  readonly fused_linear_cross_entropy: boolean;
}

const LIGER_LOSS = "liger";

/** TRL's fused head, which Liger's fused loss would replace. */
const FUSED_HEAD = "fused";

type LigerLoss = typeof LIGER_LOSS | typeof FUSED_HEAD | "hf";

/** The loss of a model under Liger, where nobody names one that it cannot be; TRL's fused head stays. */
export function lossWith(
  { fused_linear_cross_entropy: isFused }: LigerSwitches,
  usual?: string,
): LigerLoss {
  if (usual === FUSED_HEAD) return FUSED_HEAD;
  return isFused ? LIGER_LOSS : "hf";
}

const LIGER_ROWS = MORE_STEP_FIELDS.liger_kernel_config.type.rows;
const SWITCHES = Object.keys(LIGER_ROWS);

/**
 * Undefined where Liger is off. `usual` is the loss of a scenario that names none.
 *
 * Source: transformers integrations/liger.py, Liger-Kernel 0.8.2 monkey_patch.py; trl 1.16 sft_trainer.py.
 */
export function readLiger(training: Fields, usual?: string): LigerSwitches | undefined {
  const isOn = training.boolean("use_liger_kernel") === true;
  const given = training.object("liger_kernel_config");
  const switches = new Fields(given?.values ?? {}, training.at("liger_kernel_config"));
  switches.rejectUnknown(SWITCHES);
  const read = readFields(switches, LIGER_ROWS);
  if (read.cross_entropy === true) {
    reject({
      code: "unsupported",
      path: switches.at("cross_entropy"),
      message: `Liger's cross entropy on whole logits has no program here yet; its fused linear cross entropy has (leave ${switches.at("cross_entropy")} out)`,
      received: true,
      expected: false,
    });
  }
  if (!isOn) return undefined;
  const hasFusedHead = (training.get("loss") ?? usual) === FUSED_HEAD;
  if (hasFusedHead && read.fused_linear_cross_entropy === true) {
    reject({
      code: "invalid_value",
      path: switches.at("fused_linear_cross_entropy"),
      message:
        "TRL stops here: ValueError: Liger's fused linear cross entropy replaces the model's forward, which this trainer patches with a fused LM head; leave it out, and Liger's other kernels stay on",
      received: true,
      expected: false,
    });
  }
  return {
    rms_norm: read.rms_norm ?? true,
    rope: read.rope ?? true,
    swiglu: read.swiglu ?? true,
    geglu: read.geglu ?? true,
    fused_linear_cross_entropy: read.fused_linear_cross_entropy ?? !hasFusedHead,
  };
}

/**
 * The loss that runs when a scenario names one: Liger replaces the forward that transformers' and TRL's whole-logit losses
 * would call, so that those become its fused one; the others do not go together. With that kernel off the model's own loss
 * stays, without the statistics that TRL's nll takes of logits.
 *
 * Source: trl sft_trainer.py `compute_loss` (`loss_type` is `nll` with Liger, and `chunked_nll` raises ValueError).
 */
export function ligerLossOf<Loss extends string>(
  training: Fields,
  liger: LigerSwitches | undefined,
  loss: Loss | undefined,
): Loss | LigerLoss | undefined {
  if (liger === undefined || loss === undefined) return loss;
  if (loss === LIGER_LOSS || loss === FUSED_HEAD) return loss;
  if (loss === "hf" || loss === "nll") return lossWith(liger);
  reject({
    code: "invalid_value",
    path: training.at("loss"),
    message:
      loss === "chunked_nll"
        ? "TRL stops here: ValueError: `loss_type='chunked_nll'` is not compatible with `use_liger_kernel=True`; leave training.loss out, which takes Liger's fused loss, or use_liger_kernel"
        : `${loss} and Liger's loss replace the same forward; leave training.loss or training.use_liger_kernel out`,
    received: loss,
    expected: [LIGER_LOSS, "nll", "hf"],
  });
}

/** Kernels of the patch that a model gets. */
export interface LigerUse {
  readonly patch: LigerPatch;
  readonly on: LigerSwitches;
}

/** Sizes typed by hand are taken as a Llama. A model that Liger does not know keeps everything of its own, which TRL's loss then stumbles over. */
export function ligerUse(
  on: LigerSwitches | undefined,
  model: ModelDescription,
): LigerUse | undefined {
  if (on === undefined) return undefined;
  const modelType = model.kind === "config" ? model.modelType : "llama";
  const patch = ligerPatch(modelType);
  if (patch !== undefined) return { patch, on };
  reject({
    code: "unsupported",
    path: "training.use_liger_kernel",
    message: `Liger's kernels on ${modelType} have no program here; computed are ${LIGER_MODEL_TYPES.join(", ")}`,
    received: true,
    expected: LIGER_MODEL_TYPES,
  });
}

const ONLY_LIGER_LOSS: Warning = {
  code: "partial_program",
  message:
    "of Liger only the loss is computed; training.use_liger_kernel also takes its norms, rotary embeddings and MLPs, which usually keep less than the model's own",
};

/** What is left out where the fused loss stands alone. */
export function ligerWarnings(loss: string, on: LigerSwitches | undefined): readonly Warning[] {
  return loss === LIGER_LOSS && on === undefined ? [ONLY_LIGER_LOSS] : [];
}
