/** Writes what starts a run on an engine that exists: its file, and the script of TRL that it runs. */

import { findGpu } from "./catalogue/gpus.js";
import { ENGINES } from "./launch/engines.js";
import type { LaunchEngine } from "./launch/engines.js";
import type { Engine, Job } from "./launch/engine.js";
import { InputError, reject } from "./problem/problem.js";
import { isRefusal } from "./result.js";
import type { Refusal } from "./result.js";
import type { Scenario } from "./scenario.js";
import { findStack } from "./stacks/stacks.js";
import { comment } from "./writers/comment.js";
import { writeTrainerFile } from "./write-trainer-file.js";
import type { TrainerExport } from "./write-trainer-file.js";

/** Names of the engines whose files are written. */
export const LAUNCH_ENGINES = Object.keys(ENGINES) as readonly LaunchEngine[];

const STACK = "trl-1.16";
const FORMAT = "trl-python";

/**
 * A run as the file of an engine and the script that it starts, on the cards of `hardware` (`gpu`, `count`, `nodes`); what the script
 * cannot say is a warning, as in `writeTrainerFile`.
 *
 * Never throws; what an engine has no file of is an `error`.
 * Example: writeLaunch({ model: "gpt2", adapter: { r: 8 }, hardware: { gpu: "A100 80GB SXM" } }, "slurm").files[0].name // "train.sbatch"
 */
export function writeLaunch(scenario: Scenario, engine: LaunchEngine): TrainerExport | Refusal {
  const script = writeTrainerFile(scenario, FORMAT);
  if (isRefusal(script)) return script;
  try {
    return launched(ENGINES[engine], script, scenario);
  } catch (error) {
    if (error instanceof InputError) return { schema: 1, error: error.problem };
    throw error;
  }
}

function launched(engine: Engine, script: TrainerExport, scenario: Scenario): TrainerExport {
  const [main] = script.files;
  const job: Job = { ...placeOf(scenario), script: main.text, packages: packagesOf(scenario) };
  const why = engine.whyNone?.(job);
  if (why !== undefined) reject({ code: "unsupported", path: "hardware", message: why });
  const head = engine.scriptHead?.(job) ?? [];
  const text = headed(engine.write(job), [
    comment(`For ${engine.release}: ${engine.command}`),
    comment(`Yours to fill in: DATASET in train.py; ${engine.toFill}`),
    ...(engine.notes ?? []).map((note) => comment(`Mind: ${note}`)),
  ]);
  return {
    trainer: `${engine.release}, ${script.trainer}`,
    files: [
      { name: engine.fileName, text },
      { name: main.name, text: [...head, main.text].join("\n") },
    ],
    command: engine.command,
    scenario: script.scenario,
    warnings: [...script.warnings, ...(engine.notes ?? [])],
  };
}

/** Comments on top, behind the line that says who reads the file and what the engine reads there. */
function headed(text: string, comments: readonly string[]): string {
  const lines = text.split("\n");
  const first = lines.findIndex((line) => !line.startsWith("#"));
  return [...lines.slice(0, first), ...comments, ...lines.slice(first)].join("\n");
}

function placeOf({ hardware }: Scenario): Pick<Job, "card" | "cards" | "nodes"> {
  const { gpu, count, nodes } = hardware ?? {};
  const card = typeof gpu === "string" ? cardOf(gpu) : undefined;
  return { card, cards: count ?? 1, nodes: nodes ?? 1 };
}

/** A size of memory, `24GiB`, is no card. */
function cardOf(name: string): string | undefined {
  return /^\d[\d.]*\s*[KMGT]i?B$/i.test(name.trim()) ? undefined : findGpu(name).id;
}

/** What runs the script: the stack's own releases, and what packs weights where it does. */
function packagesOf({ quantization, training }: Scenario): readonly string[] {
  const { trl, transformers, peft } = findStack(STACK).releases;
  const optimizer = training?.["optim"] ?? "";
  const packs = quantization !== undefined && quantization !== null;
  const isOfBitsAndBytes = packs || /bnb|8bit|paged|lion|ademamix/.test(optimizer);
  return [
    ...[
      `trl==${trl ?? ""}`,
      `transformers==${transformers ?? ""}`,
      `peft==${peft ?? ""}`,
      "datasets",
      "accelerate",
    ],
    ...(isOfBitsAndBytes ? ["bitsandbytes"] : []),
    ...(training?.["use_liger_kernel"] === true ? ["liger-kernel"] : []),
  ];
}
