/** A tape of the real code beside what the symbolic step records, and the comparison of the two. */

import { expect } from "vitest";
import { planAdapter } from "../../src/adapter/plan-adapter.js";
import { attentionCard, DEFAULT_WHEEL } from "../../src/catalogue/cuda.js";
import { buildGraph } from "../../src/graph/build-graph.js";
import { ligerUse } from "../../src/memory/settings/liger.js";
import { readQuantization } from "../../src/memory/settings/quantization.js";
import { recordStep } from "../../src/memory/programs/run-step.js";
import { DEFAULT_STEP } from "../../src/fields/step.js";
import { readStep } from "../../src/memory/settings/read-step.js";
import type { StepSettings } from "../../src/memory/settings/read-step.js";
import { readTraining } from "../../src/memory/settings/training.js";
import { describeModel } from "../../src/model/description.js";
import { Fields } from "../../src/problem/fields.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { readGoldens } from "./goldens.js";
import { chooseWorld } from "../../src/worlds/choose-world.js";

export interface TapeGolden {
  readonly scenario: {
    readonly id: string;
    readonly model: JsonObject;
    readonly adapter: JsonObject | null;
    readonly quantization: JsonObject | null;
    readonly training: JsonObject;
    /** The card whose attention kernels run; an A100 where absent. */
    readonly device?: { readonly compute_capability: number };
    /** Several cards. */
    readonly hardware?: JsonObject;
    /** A stack whose own programs run. */
    readonly stack?: string;
    /** The releases that ran; the usual ones where absent. */
    readonly versions?: JsonObject;
  };
  /** Bytes of an allocation, or −1 − n for the release of allocation n. */
  readonly events: readonly number[];
  readonly names: readonly string[];
  readonly named: readonly number[];
}

/** One allocation and what was released since the one before, as text that a difference can be read from. */
type Line = string;

function linesOf(golden: TapeGolden): readonly Line[] {
  let count = 0;
  const sizes: number[] = [];
  return toLines(golden.events, (event) => {
    if (event < 0) return { released: sizes[-1 - event] ?? 0 };
    sizes.push(event);
    const name = golden.names[golden.named[count] ?? -1] ?? "";
    count += 1;
    return { allocated: event, name: toName(name.split(" ")[0] ?? "") };
  });
}

function recordedLines({ scenario }: TapeGolden): readonly Line[] {
  const model = describeModel(scenario.model, () => ({}));
  const { world } = chooseWorld(new Fields(scenario.versions ?? {}, "versions"));
  const { graph } = buildGraph(model, world);
  const { settings, liger, quantization } =
    scenario.stack === undefined
      ? {
          ...readTraining(scenario.training, {
            ...{ own: DEFAULT_STEP, source: "", fusesHead: world.rules.fusesHead },
          }),
          quantization: readQuantization(scenario.quantization),
        }
      : ofStack(readStep(new Fields(scenario, ""), model, graph, world));
  const { tape, recording } = recordStep({
    rules: world.rules,
    graph,
    plan: scenario.adapter === null ? undefined : planAdapter(graph, scenario.adapter, world),
    quantization,
    training: settings,
    cublasWorkspaceBytes: 8_519_680,
    card: attentionCard((scenario.device?.compute_capability ?? 8).toFixed(1), {
      ...DEFAULT_WHEEL,
      // What the goldens of every world are traced with, unless they say otherwise.
      ...scenario.versions,
    }),
    liger: ligerUse(liger, model),
    // The judge's Liger runs on a CPU, which it takes for one.
    multiprocessors: 1,
    strategy: scenario.hardware?.["count"] === undefined ? "one_card" : "ddp",
  });
  return toLines(recording.events, (event) => {
    const allocation = tape.allocations[recording.origins[event < 0 ? ~event : event] ?? -1];
    const bytes = allocation?.bytes ?? 0;
    return event < 0 ? { released: bytes } : { allocated: bytes, name: toName(allocation?.tag ?? "") };
  });
}

/** As a stack has it, without Liger. */
function ofStack({ training: settings, quantization }: StepSettings) {
  return { settings, quantization, liger: undefined };
}

/**
 * Operators that make the same tensor in another release: a zero on the card by `torch.tensor(0.0)` or, from transformers
 * 5.24, by `torch.zeros(())`; and the mask of clamp's gradient, which torch 2.14 compares strictly.
 */
const SAME_TENSOR: ReadonlyMap<string, string> = new Map([
  ["lift_fresh", "zeros"],
  ["gt", "ge"],
  ["lt", "le"],
]);

function toName(tag: string): string {
  return SAME_TENSOR.get(tag) ?? tag;
}

type Step = { readonly released: number } | { readonly allocated: number; readonly name: string };

function toLines(events: Iterable<number>, read: (event: number) => Step): readonly Line[] {
  const lines: Line[] = [];
  let released: number[] = [];
  const close = (what: string): void => {
    const freed = released.sort((left, right) => left - right).join(" ");
    lines.push(freed === "" ? what : `free ${freed}; ${what}`);
    released = [];
  };
  for (const event of events) {
    const step = read(event);
    if ("released" in step) released.push(step.released);
    else close(`${step.name} ${step.allocated}`);
  }
  close("end");
  return lines;
}

export function readTapes(name: string): readonly TapeGolden[] {
  return readGoldens(name) as readonly TapeGolden[];
}

/** Every allocation, in order, with its size, and between any two of them the same storages released. */
export function compareTape(golden: TapeGolden): void {
  const { ours, real } = linesFor(golden);
  const first = real.findIndex((line, index) => line !== ours[index]);
  expect(ours.slice(first, first + 1), `first difference at allocation ${first}`).toEqual(
    real.slice(first, first + 1),
  );
  expect(ours).toHaveLength(real.length);
}

/** Ours beside the real ones. */
function linesFor(golden: TapeGolden): Readonly<Record<"ours" | "real", readonly Line[]>> {
  return { ours: recordedLines(golden), real: linesOf(golden) };
}
