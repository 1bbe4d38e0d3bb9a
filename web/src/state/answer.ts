/** Everything the page shows that is computed: in workers while the reader works, at build time for the first view. */

import {
  advise,
  compareStacks,
  countHeadline,
  estimate,
  floorOf,
  InputError,
  isRefusal,
  memoryRows,
  mendsOf,
  neighbourOf,
  peaksOf,
  taskClasses,
  timelineRows,
  verdictSentence,
  withArticle,
  withAssumed,
  writeAdapterConfig,
  writeCsv,
  writeMarkdown,
  writePeftPython,
} from "lora-calc";
import { modelSizes, targetChoices } from "lora-calc/teach";
import type {
  Advice,
  GpuRow,
  CountHeadline,
  Estimate,
  MemoryRow,
  Mend,
  Problem,
  Result,
  RowBytes,
  Scenario,
  StackComparison,
} from "lora-calc";
import type { ModelSizes, TargetChoice } from "lora-calc/teach";

export interface Answer {
  readonly result: Result;
  /** Modules to choose from; none when the model cannot be read. */
  readonly targets: readonly TargetChoice[];
  /** By which the model is told from others; absent when it cannot be read. */
  readonly sizes?: ModelSizes;
  /** What would mend a refused scenario. */
  readonly mends: readonly Mend[];
  /** Class of transformers per task of PEFT. */
  readonly tasks: Readonly<Record<string, string>>;
  readonly headline?: CountHeadline;
  readonly rows: readonly MemoryRow[];
  readonly timeline: readonly RowBytes[];
  readonly files: readonly OfferedFile[];
}

/** A file to take away, or why it cannot be written for this scenario. */
interface OfferedFile {
  readonly name: string;
  readonly text?: string;
  readonly problem?: Problem;
}

/** The page does not show it, and a slider moves a fifth faster. */
const WITHOUT_EXPANDABLE = { expandable: false };

export function answerTo(scenario: Scenario): Answer {
  const result = estimate(scenario, WITHOUT_EXPANDABLE);
  const targets = targetChoices(scenario);
  const tasks = taskClasses(scenario);
  const sizes = modelSizes(scenario);
  const model = { targets, tasks, ...(sizes === undefined ? {} : { sizes }) };
  if (isRefusal(result)) {
    const mends = mendsOf({ ...scenario });
    return { result, ...model, mends, rows: [], timeline: [], files: [] };
  }
  const memory = peaksOf(result);
  return {
    result,
    ...model,
    mends: memory === undefined ? mendsOf({ ...scenario }) : [],
    headline: countHeadline(result.parameters),
    rows: memory === undefined ? [] : memoryRows(memory),
    timeline: memory === undefined ? [] : timelineRows(memory),
    files: filesOf(withAssumed(scenario, result), result),
  };
}

/** Advice with what is said of a card. */
interface ShownAdvice extends Omit<Advice, "cards"> {
  readonly cards: readonly Pick<GpuRow, "name" | "memoryBytes">[];
}

/** What takes many estimates, and therefore follows the answer. */
export interface Counsel {
  readonly advice: ShownAdvice;
  /** Process peak of the same run training every weight; absent where it cannot be computed. Unit: bytes. */
  readonly fullPeak?: number;
  /** The configuration under the release of the stack beside its own; absent for a stack with one release. */
  readonly otherStack?: StackComparison;
}

export function counselOn(scenario: Scenario): Counsel | undefined {
  const result = estimate(scenario, WITHOUT_EXPANDABLE);
  if (isRefusal(result)) return undefined;
  const advice = advise(scenario, result);
  const full = estimate({ ...scenario, adapter: null, quantization: null }, WITHOUT_EXPANDABLE);
  const fullPeak = isRefusal(full) ? undefined : peaksOf(full)?.process_peak;
  const other = scenario.stack === undefined ? undefined : neighbourOf(scenario.stack);
  const cards = advice.cards.map(({ name, memoryBytes }) => ({ name, memoryBytes }));
  return {
    advice: { ...advice, cards },
    ...(fullPeak === undefined ? {} : { fullPeak }),
    ...(other === undefined || scenario.stack === undefined
      ? {}
      : { otherStack: compareStacks(scenario, scenario.stack, other) }),
  };
}

function filesOf(scenario: Scenario, result: Estimate): readonly OfferedFile[] {
  return [
    offer("peft.py", () => writePeftPython(scenario, result.parameters)),
    ...(scenario.adapter === null
      ? []
      : [offer("adapter_config.json", () => writeAdapterConfig(scenario))]),
    offer("scenario.json", () => `${JSON.stringify(scenario, null, 2)}\n`),
    offer("report.md", () => writeMarkdown(scenario, result, verdictOf(scenario, result))),
    offer("report.csv", () => writeCsv(result)),
  ];
}

function offer(name: string, write: () => string): OfferedFile {
  try {
    return { name, text: write() };
  } catch (error) {
    if (error instanceof InputError) return { name, problem: error.problem };
    throw error;
  }
}

function verdictOf({ hardware }: Scenario, answer: Estimate): string | undefined {
  const { fit } = answer;
  const gpu = hardware?.["gpu"];
  return fit === undefined || typeof gpu !== "string"
    ? undefined
    : verdictSentence(fit, withArticle(gpu), floorOf(answer) !== undefined);
}
