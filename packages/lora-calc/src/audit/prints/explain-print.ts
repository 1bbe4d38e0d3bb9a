/** Why a tool printed another number of parameters than PEFT does for the same run. */

import { planAdapter } from "../../adapter/plan-adapter.js";
import type { AdapterPlan } from "../../adapter/plan/plan.js";
import { readModel } from "../../graph/read-model.js";
import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { parameterCount } from "../../graph/tree/sites.js";
import { Fields } from "../../problem/fields.js";
import { InputError, reject } from "../../problem/problem.js";
import type { Problem } from "../../problem/problem.js";
import type { ParameterCounts } from "../../result.js";
import type { Scenario } from "../../scenario.js";
import { formatCount, formatFixed } from "../../units/format.js";
import { parameterCounts } from "../../exchange/write-result.js";
import { otherAdapters, otherModels, otherRelease } from "./other-adapters.js";
import type { OtherRun } from "./other-adapters.js";
import { allReadings, resizedReading, trainableReadings } from "./readings.js";
import type { Reading, ReadingCode } from "./readings.js";
import { fits, readPrint } from "./read-print.js";
import type { Figure, Printed } from "./read-print.js";

export interface PrintReason {
  readonly code:
    ReadingCode | "other_transformers" | "other_adapter" | "other_model" | "unexplained";
  readonly message: string;
}

export interface PrintExplanation {
  readonly schema: 1;
  /** The numbers in the text, as whole parameters. */
  readonly printed: {
    readonly trainable?: number;
    readonly all?: number;
    readonly percent?: number;
  };
  /** What PEFT prints for the scenario. */
  readonly parameters: ParameterCounts;
  /** One sentence per number that differs; several where more than one reading fits. */
  readonly reasons: readonly PrintReason[];
}

export type PrintResult = PrintExplanation | { readonly schema: 1; readonly error: Problem };

/**
 * Names the number that a person saw: read from a line of a log, explained as the count of the scenario, a known other
 * way of counting it, another rank or target, or another model. A number that nothing explains is said to be that.
 *
 * Never throws for any input.
 * Example: explainPrint({ model: "gpt2", adapter: { r: 8 } }, "294,912 / 124,734,720").reasons[0].code // "same"
 */
export function explainPrint(scenario: Scenario, text: string): PrintResult {
  try {
    return { schema: 1, ...explain(scenario, text) };
  } catch (error) {
    if (error instanceof InputError) return { schema: 1, error: error.problem };
    throw error;
  }
}

function explain(scenario: Scenario, text: string): Omit<PrintExplanation, "schema"> {
  const printed = readPrint(text) ?? rejectText(text);
  const fields = new Fields(scenario, "");
  const { graph, world } = readModel(fields);
  const adapter = fields.object("adapter")?.values ?? null;
  const plan = planAdapter(graph, adapter, world);
  const found = {
    printed: valuesOf(printed),
    parameters: parameterCounts(plan, parameterCount(graph)),
  };
  const readings =
    printed.percent === undefined
      ? byReadings(graph, plan, printed)
      : byPercent(plan, printed.percent);
  // Half of a number is a share of two processes and half of the rank: both are said, the rank first.
  const isShare = readings.length > 0 && readings.every(({ code }) => code === "sharded");
  if (readings.length > 0 && (!isShare || adapter === null)) return { ...found, reasons: readings };
  if (adapter === null) return { ...found, reasons: [unexplained(printed, plan)] };
  const releases = otherRelease(fields.get("model"), adapter, world, printed);
  if (releases.length > 0) return { ...found, reasons: releases.map(otherTransformers) };
  const adapters = otherAdapters(graph, adapter, world, printed);
  if (adapters.length > 0 || isShare) {
    return { ...found, reasons: [...adapters.map(otherAdapter), ...readings] };
  }
  const models = otherModels(adapter, world, printed);
  if (models.length > 0) return { ...found, reasons: models.map(otherModel) };
  return { ...found, reasons: [unexplained(printed, plan)] };
}

/** A share says less than a number: it is this run's, or another's. */
function byPercent({ trainable, all }: AdapterPlan, percent: Figure): readonly PrintReason[] {
  return fits(percent, (100 * trainable) / all)
    ? [{ code: "same", message: "this is the share that PEFT prints for this run" }]
    : [];
}

/** The readings that need the fewest deviations from PEFT's own. */
function byReadings(
  graph: ModuleGraph,
  plan: AdapterPlan,
  printed: Printed,
): readonly PrintReason[] {
  const trainable = matches(trainableReadings(graph, plan), printed.trainable);
  const [first] = trainable;
  if (first === undefined) return [];
  // Without its head a model is smaller as a whole, too.
  const headless = first.code === "without_head" ? plan.trainable - first.count : 0;
  const all = matches(allReadings(graph, { ...plan, all: plan.all - headless }), printed.all);
  const resized =
    printed.all === undefined || all.length > 0 || printed.all.tolerance > 0
      ? undefined
      : resizedReading(graph, plan.all - headless, printed.all.value);
  const whole = resized === undefined ? all : [resized];
  const [firstWhole] = whole;
  if (firstWhole === undefined) return [];
  if (first.code === "same" && firstWhole.code === "same") {
    return [{ code: "same", message: "this is what PEFT prints for this run" }];
  }
  return [
    ...(printed.trainable === undefined ? [] : sentences("the trainable number", trainable)),
    ...(printed.all === undefined ? [] : sentences("the whole", whole)),
  ];
}

/** PEFT's own reading alone where it fits. */
function matches(readings: readonly Reading[], printed: Figure | undefined): readonly Reading[] {
  const fitting = readings.filter(({ count }) => printed === undefined || fits(printed, count));
  const own = fitting.find(({ code }) => code === "same");
  return own === undefined ? fitting : [own];
}

function sentences(what: string, readings: readonly Reading[]): readonly PrintReason[] {
  const reasons = readings.map(({ code, count, message }) => ({
    code,
    message: code === "same" ? `${what} is PEFT's` : `${what}, ${formatCount(count)}: ${message}`,
  }));
  return [...new Map(reasons.map((reason) => [reason.message, reason])).values()];
}

function otherTransformers({ what, trainable, all }: OtherRun): PrintReason {
  return {
    code: "other_transformers",
    message: `PEFT prints these numbers under ${what} (${formatCount(trainable)} of ${formatCount(all)}), where experts are other modules`,
  };
}

function otherAdapter({ what, trainable, all, reading }: OtherRun): PrintReason {
  const numbers = `${formatCount(trainable)} of ${formatCount(all)}`;
  return {
    code: "other_adapter",
    message:
      reading === undefined
        ? `PEFT prints these numbers for ${what}: ${numbers}`
        : `they are those of ${what}, ${numbers}: ${reading}`,
  };
}

function otherModel({ what, trainable, all }: OtherRun): PrintReason {
  return {
    code: "other_model",
    message: `the same adapter on ${what} gives these numbers (${formatCount(trainable)} of ${formatCount(all)}): the run was on that model, or on one of its sizes`,
  };
}

function unexplained(printed: Printed, { trainable, all }: AdapterPlan): PrintReason {
  const share = (100 * trainable) / all;
  if (printed.percent !== undefined) {
    return {
      code: "unexplained",
      message: `no run that is known here trains that share; this one trains ${formatFixed(share, 4)} %`,
    };
  }
  const differences = [
    ["the trainable number", printed.trainable, trainable],
    ["the whole", printed.all, all],
  ] as const;
  const parts = differences.flatMap(([what, figure, own]) =>
    figure === undefined || fits(figure, own)
      ? []
      : [`${what} differs by ${formatCount(Math.round(Math.abs(figure.value - own)))}`],
  );
  return {
    code: "unexplained",
    message: `no reading that is known here gives these numbers: ${parts.join(", ")}`,
  };
}

function valuesOf({ trainable, all, percent }: Printed): PrintExplanation["printed"] {
  return {
    ...(percent === undefined ? {} : { percent: percent.value }),
    ...(trainable === undefined ? {} : { trainable: Math.round(trainable.value) }),
    ...(all === undefined ? {} : { all: Math.round(all.value) }),
  };
}

function rejectText(text: string): never {
  reject({
    code: "invalid_value",
    path: "print",
    message: "no numbers of parameters were found in the text",
    received: text,
    expected:
      "trainable params: 1,536 || all params: 125,376 || trainable%: 1.2251, or 1,536 / 125,376",
  });
}
