/** What speaks for a memory figure, and how far it may be off: by the runs that its programs were compared with. */

import type { ModuleNode } from "../../graph/tree/module-graph.js";
import { attentionKernels } from "./attention-warnings.js";
import type { AttentionCard } from "../../catalogue/cuda.js";
import type { LossName, TrainingSettings } from "../settings/training.js";

export interface Evidence {
  readonly certainty: "traced" | "read" | "assumed";
  /** Share of the figure by which a card's may lie below and above. */
  readonly allocated: readonly [below: number, above: number];
  readonly reserved: readonly [below: number, above: number];
}

/**
 * Programs that traces of the real code were compared with, and nearest to them the measured runs.
 *
 * Allocated: the worst of 1937 traces is 1.34 % off (test/conformance/memory-differences.json), the worst of 24 measured runs
 * 0.6 %. Reserved: of the measured runs (11 on an RTX 4080, 6 on a T4) one lies 11 % above, all others between 5 % below
 * and 4 % above; the rules of the allocator give one order of events, a card runs others. Certainty: fitted, rounded up.
 */
export const TRACED: Evidence = {
  certainty: "traced",
  allocated: [0.014, 0.014],
  reserved: [0.05, 0.1],
};

/** Programs from published kernels that no judge runs without a GPU: at least twice as far off as their nearest. Certainty: assumed. */
const READ: Evidence = {
  certainty: "read",
  allocated: [0.03, 0.03],
  reserved: [0.1, 0.15],
};

/**
 * Programs of releases that are near to what runs. Certainty: assumed. Of the public runs under another minor release than
 * the traced one the worst is 4.0 % off (19 runs on an RTX A6000 under transformers 4.57, computed as the usual world).
 */
const NEAREST: Evidence = {
  certainty: "assumed",
  allocated: [0.05, 0.05],
  reserved: [0.13, 0.18],
};

/**
 * Batches of several lengths whose order is not known, run from the shortest to the longest. Of 72 drawn orders (3 models, 32
 * batches each, the longest among them) the allocator reserved 9 % less to 10 % more with checkpoints, and 35 % less to 50 %
 * more without. Certainty: fitted, rounded up.
 */
const ANY_ORDER = { checkpointed: [0.12, 0.15], kept: [0.4, 0.6] } as const;

const READ_LOSSES: readonly LossName[] = ["cce"];

/** How the releases that run are known. */
interface Releases {
  readonly isNearest: boolean;
  /** The card runs other kernels than the ones that were compared. */
  readonly isStranger: boolean;
  /** A kernel of bitsandbytes 0.50 multiplies by packed weights. */
  readonly fusesPacked: boolean;
}

export function evidenceOf(
  root: ModuleNode,
  training: TrainingSettings,
  attention: AttentionCard,
  releases: Releases,
): Evidence {
  const evidence = ofPrograms(root, training, attention, releases);
  if (training.lengths?.isHistogram !== true) return evidence;
  const order = training.gradient_checkpointing ? ANY_ORDER.checkpointed : ANY_ORDER.kept;
  const [below, above] = evidence.reserved;
  return { ...evidence, reserved: [below + order[0], above + order[1]] };
}

function ofPrograms(
  root: ModuleNode,
  training: TrainingSettings,
  attention: AttentionCard,
  { isNearest, isStranger, fusesPacked }: Releases,
): Evidence {
  if (isNearest || isStranger) return NEAREST;
  const isRead =
    training.unsloth !== undefined ||
    training.litgpt !== undefined ||
    fusesPacked ||
    READ_LOSSES.includes(training.loss) ||
    attentionKernels(root, training, attention).has("cudnn");
  return isRead ? READ : TRACED;
}

/** Of the loss alone: a part of the peak has the certainty of its own program. */
export function isReadLoss(loss: LossName): boolean {
  return READ_LOSSES.includes(loss);
}
