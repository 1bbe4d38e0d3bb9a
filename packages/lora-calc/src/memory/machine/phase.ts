/** Where in a run something happens. */

type PhasePart =
  "load" | "adapters" | "batch" | "forward" | "backward" | "clip" | "optimizer" | "zero_grad";

/** A part of a step; loading belongs to none, and what follows the micro-batches to none of them. */
export interface Phase {
  readonly step?: number;
  readonly micro?: number;
  readonly part: PhasePart;
}

export const LOADING: Phase = { part: "load" };

/** As results and recorded tapes write it: "step1.micro0.backward". */
export function phaseName({ step, micro, part }: Phase): string {
  return [
    ...(step === undefined ? [] : [`step${step}`]),
    ...(micro === undefined ? [] : [`micro${micro}`]),
    part,
  ].join(".");
}

export function isSamePhase(left: Phase, right: Phase): boolean {
  return left.step === right.step && left.micro === right.micro && left.part === right.part;
}
