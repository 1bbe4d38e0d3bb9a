/** Where in a run something happens. */

import type { PhaseName, PhasePart } from "../../fields/result-names.js";

/** Which model runs: the one that is trained, or the one that it is compared with. */
export type Role = "policy" | "reference";

/** A part of a step; loading belongs to none, and what follows the micro-batches to none of them. */
export interface Phase {
  readonly step?: number;
  readonly micro?: number;
  /** The policy, where absent. */
  readonly role?: Role;
  readonly part: PhasePart;
}

export const LOADING: Phase = { part: "load" };

/** As results and recorded tapes write it, whichever model runs: "step1.micro0.backward". */
export function phaseName({ step, micro, part }: Phase): PhaseName {
  if (step === undefined) return part;
  return micro === undefined ? `step${step}.${part}` : `step${step}.micro${micro}.${part}`;
}

export function isSamePhase(left: Phase, right: Phase): boolean {
  return (
    left.step === right.step &&
    left.micro === right.micro &&
    left.role === right.role &&
    left.part === right.part
  );
}
