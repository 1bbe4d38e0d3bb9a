/** The stretches of a training step as a reader names them: forward, loss, backward, optimizer. */

import type { TimelinePoint } from "lora-calc";

type Phase = "forward" | "loss" | "backward" | "optimizer";

export interface Band {
  readonly phase: Phase;
  /** Index of the first point, and of the one after the last. */
  readonly from: number;
  readonly to: number;
}

export function bandsOf(timeline: readonly TimelinePoint[]): readonly Band[] {
  const bands: Band[] = [];
  timeline.forEach((point, index) => {
    const phase = phaseOf(point);
    const last = bands.at(-1);
    if (last?.phase === phase) bands[bands.length - 1] = { ...last, to: index + 1 };
    else bands.push({ phase, from: index, to: index + 1 });
  });
  return bands;
}

/** Index of the highest moment of a band. */
export function summitOf(
  timeline: readonly TimelinePoint[],
  { from, to }: Pick<Band, "from" | "to">,
): number {
  let summit = from;
  for (let index = from; index < to; index++) {
    if ((timeline[index]?.allocated ?? 0) > (timeline[summit]?.allocated ?? 0)) summit = index;
  }
  return summit;
}

function phaseOf({ phase, event }: TimelinePoint): Phase {
  const part = phase.slice(phase.lastIndexOf(".") + 1);
  if (part === "backward") return "backward";
  if (part === "batch" || part === "forward") return event.startsWith("loss") ? "loss" : "forward";
  return "optimizer";
}
