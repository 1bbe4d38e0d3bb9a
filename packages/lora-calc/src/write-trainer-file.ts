/** Writes a run as the file of a trainer, reads it back by the trainer's own table, and says what the file cannot say. */

import { estimate } from "./estimate.js";
import { checkLoraFields } from "./exchange/adapter-config.js";
import { asScenario } from "./exchange/as-scenario.js";
import { peaksOf } from "./exchange/peaks.js";
import { withAssumed } from "./exchange/with-assumed.js";
import type { JsonObject } from "./problem/fields.js";
import { situationOf } from "./price.js";
import { InputError, reject } from "./problem/problem.js";
import type { Problem } from "./problem/problem.js";
import { isRefusal } from "./result.js";
import type { Estimate, Refusal } from "./result.js";
import type { Scenario } from "./scenario.js";
import { formatBytes, formatTrainableLine } from "./units/format.js";
import { comment } from "./writers/comment.js";
import { lostIn } from "./writers/lost.js";
import type { Given, Said } from "./writers/lost.js";
import { runOf } from "./writers/run.js";
import type { Writer, WrittenFile } from "./writers/writer.js";
import { WRITERS } from "./writers/writers.js";
import type { TrainerFileFormat } from "./writers/writers.js";

/** Names of the trainers whose files are written. */
export const TRAINER_FILE_FORMATS = Object.keys(WRITERS) as readonly TrainerFileFormat[];

export interface TrainerExport {
  /** The trainer and the release that the file is written for. */
  readonly trainer: string;
  /** The file that is run first; what it needs beside it follows. */
  readonly files: readonly [WrittenFile, ...WrittenFile[]];
  /** How the file is run. */
  readonly command: string;
  /** What the file says, read back: the run as the trainer has it. */
  readonly scenario: Scenario;
  /** What of the run the file cannot say, one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * A run as the file of a trainer, with what its stack decided spelled out where the trainer would decide otherwise. The file is
 * read back as the trainer reads it, and whatever comes out otherwise is a warning; it ends in the line that PEFT prints for it.
 *
 * Never throws; what has no file of this kind is an `error`.
 * Example: writeTrainerFile({ model: "gpt2", adapter: { r: 8 } }, "axolotl").files[0].name // "axolotl.yaml"
 */
export function writeTrainerFile(
  scenario: Scenario,
  format: TrainerFileFormat,
): TrainerExport | Refusal {
  const result = estimate(scenario, { expandable: false });
  if (isRefusal(result)) return result;
  try {
    if (scenario.adapter !== null && scenario.adapter !== undefined)
      checkLoraFields(scenario.adapter);
    return written(WRITERS[format], scenario, result);
  } catch (error) {
    if (error instanceof InputError) return { schema: 1, error: error.problem };
    throw error;
  }
}

function written(writer: Writer, scenario: Scenario, result: Estimate): TrainerExport {
  const own = saidBy(scenario, result);
  const modules = result.parameters.by_module ?? [];
  const sides = { inForce: own.training, usual: usualUnder(scenario, writer) };
  const run = runOf({ scenario, quantization: own.quantization, modules, ...sides });
  const why = writer.whyNone?.(run);
  if (why !== undefined) reject({ code: "unsupported", path: "adapter", message: why });
  const body = writer.body(run);
  const back = asScenario({ ...body.scenario, model: scenario.model });
  const answer = estimate(back, { expandable: false });
  const lost = isRefusal(answer)
    ? [stopSentence(writer, answer.error)]
    : lostIn(writer.trainer, {
        ...{ run: own, file: saidBy(back, answer) },
        given: givenBy(scenario, writer),
      });
  const found = body.findings.filter(({ code }) => code !== "not_computed");
  const warnings = [
    ...found.map(({ message }) => message),
    ...lost,
    ...(writer.notes?.(run) ?? []),
  ];
  const text = [
    ...headOf(writer, run, warnings),
    body.text.trimEnd(),
    ...footOf(answer, peaksOf(result)?.process_peak),
  ];
  const main = { name: writer.fileName, text: `${text.join("\n")}\n` };
  return {
    trainer: writer.release,
    files: [main, ...(writer.beside?.(run) ?? [])],
    command: writer.command(run),
    scenario: back,
    warnings,
  };
}

/** What is known and has no program is no fault of the file. */
function stopSentence({ release }: Writer, { code, message }: Problem): string {
  return code === "unsupported"
    ? `no estimate of it under ${release}: ${message}`
    : `${release} would stop: ${message}`;
}

/** What the trainer sets where its file says nothing. */
function usualUnder(scenario: Scenario, { stack }: Writer): JsonObject {
  if (stack === undefined) return {};
  try {
    return { ...situationOf({ ...scenario, stack, training: {} }).training };
  } catch (error) {
    if (error instanceof InputError) return {};
    throw error;
  }
}

function saidBy(scenario: Scenario, result: Estimate): Said {
  const packing = result.assumed.filter(({ path }) => path.startsWith(PACKING));
  const packed = packing.map(({ path, value }) => [path.slice(PACKING.length), value] as const);
  return {
    adapter: { ...scenario.adapter },
    quantization: { ...Object.fromEntries(packed), ...scenario.quantization },
    training: { ...withAssumed(scenario, result).training },
    trainable: result.parameters.trainable,
  };
}

const PACKING = "quantization.";

/** What the run itself says, and the trainer has a word for: of one whose memory is not computed, the adapter. */
function givenBy(scenario: Scenario, { stack }: Writer): Given {
  const names = (fields: object | null | undefined): readonly string[] => Object.keys(fields ?? {});
  const adapter = names(scenario.adapter);
  if (stack === undefined) return { adapter, quantization: [], training: [] };
  return {
    adapter,
    quantization: names(scenario.quantization),
    training: names(scenario.training),
  };
}

function headOf(
  writer: Writer,
  run: Parameters<Writer["command"]>[0],
  warnings: readonly string[],
): readonly string[] {
  return [
    comment(`For ${writer.release}: ${writer.command(run)}`),
    comment(`Yours to fill in: ${writer.toFill}`),
    ...warnings.map((warning) => comment(`Mind: ${warning}`)),
  ];
}

/** The line that PEFT prints, and the peak under this trainer beside that of the run. Unit: bytes. */
function footOf(answer: Estimate | Refusal, before: number | undefined): readonly string[] {
  if (isRefusal(answer)) return [];
  const { trainable, all } = answer.parameters;
  const peak = peaksOf(answer)?.process_peak;
  const other =
    before === undefined || before === peak
      ? ""
      : `; the run it is written from ${formatBytes(before)}`;
  return [
    comment(formatTrainableLine(trainable, all)),
    ...(peak === undefined
      ? []
      : [comment(`GPU memory at the peak: ${formatBytes(peak)}${other}`)]),
  ];
}
