/** The commands and flags of lora-calc, and what each runs. A command is loaded when it is the one: help answers at once. */

import { Argument, Command, Option } from "commander";
import { nearestName, VERSION } from "lora-calc";
import { addAudit } from "./auditing.js";
import type { Finish, Options, OutputOf } from "./command-parts.js";
import { EXPORT_FORMATS, LIST_NAMES } from "./commands/names.js";
import type { ExportFormat, ListName } from "./commands/names.js";
import type { ExitCode } from "./exit-codes.js";
import { SCENARIO_FLAGS } from "./input/scenario-flags.js";
import { addScenarioFlags, flagValues } from "./input/scenario-options.js";
import { addMeasuring } from "./measuring.js";
import type { Output } from "./output.js";

const EXAMPLES = `
Examples:
  lora-calc estimate meta-llama/Llama-3.1-8B --rank 16 --target-modules all-linear
  lora-calc estimate Qwen/Qwen3-4B --qlora --max-length 4096 --gpu "RTX 4090"
  lora-calc estimate --batch < scenarios.jsonl > results.jsonl
  lora-calc fit path/to/config.json --rank 8 --gpu T4 --check
  lora-calc advise Qwen/Qwen3-4B --max-length 8192 --gpu "RTX 3090"
  lora-calc limits Qwen/Qwen3-4B --qlora --gpu "RTX 3060"
  lora-calc compare Qwen/Qwen3-4B Qwen/Qwen3-8B --qlora --gpu T4
  lora-calc compare Qwen/Qwen3-4B --qlora --cards
  lora-calc compare Qwen/Qwen3-4B --qlora --stacks trl-1.13,trl-1.16
  lora-calc explain Qwen/Qwen3-4B --qlora --gpu T4
  lora-calc explain meta-llama/Llama-3.1-8B --saw "41,943,040 / 4,582,543,360"
  lora-calc export Qwen/Qwen3-4B --rank 16 --to peft-python
  lora-calc export Qwen/Qwen3-4B --qlora --to axolotl > axolotl.yaml
  lora-calc measure Qwen/Qwen3-4B --qlora --gpu 4090 > measure.py
  lora-calc audit path/to/adapter
  lora-calc audit train.ipynb
  lora-calc estimate facebook/opt-1.3b@main --rank 8
`;

const EXIT_CODES = `
Exit codes: 0 ok, 1 a bug, 2 bad input, 3 does not fit (only with --check), 4 the network.
Sizes are in GiB (2^30 bytes) and MiB (2^20 bytes).
`;

/** Builds the program; the exit code of the command that ran goes to `finish`. */
export function buildProgram(
  output: (wantsColor: boolean, offline: boolean) => Output,
  finish: (code: ExitCode) => void,
): Command {
  const program = new Command("lora-calc")
    .description("Exact LoRA parameter counts and GPU memory of a training step.")
    .version(VERSION)
    .option("--no-color", "plain text (also NO_COLOR)")
    .option("--offline", "ask nothing of the network (also HF_HUB_OFFLINE)")
    .helpCommand(false)
    .showSuggestionAfterError(false)
    .configureOutput({
      outputError: (text, write) => {
        const meant = flagMeantBy(text);
        write(meant === undefined ? text : `${text}(Did you mean ${meant}?)\n`);
      },
    })
    .addHelpText("after", EXAMPLES + EXIT_CODES)
    .configureHelp({ showGlobalOptions: true });
  const outputOf = (options: Options): Output =>
    output(options["color"] !== false, options["offline"] === true);
  addEstimate(program, outputOf, finish);
  addFit(program, outputOf, finish);
  addAdvise(program, outputOf, finish);
  addLimits(program, outputOf, finish);
  addCompare(program, outputOf, finish);
  addExplain(program, outputOf, finish);
  addExport(program, outputOf, finish);
  addAudit(program, outputOf, finish);
  addMeasuring(program, outputOf, finish);
  addList(program, outputOf, finish);
  return program;
}

/** The nearest of all spellings of flags, by its name in the help. */
function flagMeantBy(message: string): string | undefined {
  const typed = /unknown option '(--?[^']+)'/.exec(message)?.[1];
  const spellings = SCENARIO_FLAGS.flatMap(({ name, aliases }) => [name, ...aliases]);
  const nearest = typed === undefined ? undefined : nearestName(typed, spellings);
  if (nearest === undefined) return undefined;
  return SCENARIO_FLAGS.find(({ name, aliases }) => [name, ...aliases].includes(nearest))?.name;
}

function addEstimate(program: Command, outputOf: OutputOf, finish: Finish): void {
  const command: Command = program
    .command("estimate")
    .summary("count parameters and memory of one scenario, or of many with --batch")
    .description("Trainable parameters and GPU memory of a scenario. Flags win over the file.")
    .argument(
      "[source]",
      "model (name, name@revision or address; of the catalogue, the cache of huggingface_hub, or the Hub), folder, config.json, adapter_config.json, safetensors (header or index), scenario (JSON or YAML), or - for stdin",
    )
    .option("--json", "the whole result as JSON")
    .option("--check", "exit with 3 when it does not fit the card")
    .option("--batch", "one scenario per line on stdin, one result per line on stdout")
    .option("--full", "with --batch: keep the modules and the timeline")
    .addHelpText("after", EXAMPLES);
  addScenarioFlags(command);
  command.action(async (source: string | undefined) => {
    const options: Options = command.optsWithGlobals();
    const check = options["check"] === true;
    const output = outputOf(options);
    if (options["batch"] === true) {
      const { runBatch } = await import("./commands/batch.js");
      finish(await runBatch(process.stdin, { full: options["full"] === true, check }, output));
      return;
    }
    if (source === undefined)
      command.error("error: a model or a file is missing: lora-calc estimate MODEL");
    const json = options["json"] === true;
    const { runEstimate } = await import("./commands/estimate.js");
    finish(await runEstimate(source, flagValues(options), { json, check }, output));
  });
}

function addFit(program: Command, outputOf: OutputOf, finish: Finish): void {
  const command: Command = program
    .command("fit")
    .summary("does it fit the card, by how much, and which cards would do")
    .argument("<source>", "as for estimate")
    .option("--json", "verdict, interval and cards as JSON")
    .option("--check", "exit with 3 when it does not fit the card");
  addScenarioFlags(command);
  command.action(async (source: string) => {
    const options: Options = command.optsWithGlobals();
    const asked = { json: options["json"] === true, check: options["check"] === true };
    const { runFit } = await import("./commands/fit.js");
    finish(await runFit(source, flagValues(options), asked, outputOf(options)));
  });
}

function addAdvise(program: Command, outputOf: OutputOf, finish: Finish): void {
  const command: Command = program
    .command("advise")
    .summary("every switch with its price on this run, and the way to a fit")
    .argument("<source>", "as for estimate")
    .option("--json", "levers, ladder, raises and cards as JSON");
  addScenarioFlags(command);
  command.action(async (source: string) => {
    const options: Options = command.optsWithGlobals();
    const { runAdvise } = await import("./commands/advise.js");
    finish(
      await runAdvise(source, flagValues(options), options["json"] === true, outputOf(options)),
    );
  });
}

function addLimits(program: Command, outputOf: OutputOf, finish: Finish): void {
  const command: Command = program
    .command("limits")
    .summary("the largest batch, length and rank that the card holds, and the smallest cards")
    .argument("<source>", "as for estimate")
    .option("--json", "limits and cards as JSON");
  addScenarioFlags(command);
  command.action(async (source: string) => {
    const options: Options = command.optsWithGlobals();
    const { runLimits } = await import("./commands/limits.js");
    finish(
      await runLimits(source, flagValues(options), options["json"] === true, outputOf(options)),
    );
  });
}

function addCompare(program: Command, outputOf: OutputOf, finish: Finish): void {
  const command: Command = program
    .command("compare")
    .summary("scenarios side by side, each with its difference from the first")
    .argument("<sources...>", "two or more, each as for estimate; the flags hold for all")
    .option(
      "--cards [names]",
      "behind one scenario: it on these cards, as A,B (eight kinds of card)",
    )
    .option(
      "--stacks [names]",
      "behind one scenario: it under two stacks, as A,B, and why they differ",
    )
    .option("--json", "one result per line");
  addScenarioFlags(command);
  command.action(async (sources: readonly string[]) => {
    const options: Options = command.optsWithGlobals();
    const { cards, stacks, json } = options;
    const [source = ""] = sources;
    const alone = cards !== undefined ? "--cards" : stacks !== undefined ? "--stacks" : undefined;
    if (alone !== undefined && sources.length > 1) {
      command.error(
        `error: ${alone} compares them for one scenario; give one with names as A,B, or leave ${alone} out`,
      );
    }
    if (stacks !== undefined) {
      const { runOnStacks } = await import("./commands/on-stacks.js");
      const run = { flags: flagValues(options), json: json === true };
      const names = typeof stacks === "string" ? stacks.split(",") : [];
      if (names.length > 2) {
        command.error(
          `error: --stacks says why two stacks differ, and got ${names.length}; name two as A,B`,
        );
      }
      finish(await runOnStacks(source, names, run, outputOf(options)));
      return;
    }
    if (cards !== undefined) {
      const { runOnCards } = await import("./commands/on-cards.js");
      const names = typeof cards === "string" ? cards.split(",") : undefined;
      finish(
        await runOnCards(
          source,
          names,
          { flags: flagValues(options), json: json === true },
          outputOf(options),
        ),
      );
      return;
    }
    if (sources.length < 2) {
      command.error("error: compare needs at least two scenarios, or one and --cards or --stacks");
    }
    const { runCompare } = await import("./commands/compare.js");
    finish(
      await runCompare(sources, flagValues(options), options["json"] === true, outputOf(options)),
    );
  });
}

function addExplain(program: Command, outputOf: OutputOf, finish: Finish): void {
  const command: Command = program
    .command("explain")
    .summary("show parts of a result with formula, numbers and certainty")
    .argument("<source>", "as for estimate")
    .argument(
      "[parts...]",
      "names of parts (weights, parameters, experts, …), all when none is given",
    )
    .option(
      "--saw <text>",
      "numbers of parameters that a tool printed: why they are what they are",
    );
  addScenarioFlags(command);
  command.action(async (source: string, parts: readonly string[]) => {
    const options: Options = command.optsWithGlobals();
    const saw = options["saw"];
    const asked = { parts, ...(typeof saw === "string" ? { saw } : {}) };
    const { runExplain } = await import("./commands/explain.js");
    finish(await runExplain(source, asked, flagValues(options), outputOf(options)));
  });
}

function addExport(program: Command, outputOf: OutputOf, finish: Finish): void {
  const command: Command = program
    .command("export")
    .summary("write code, configuration or a report")
    .argument("<source>", "as for estimate")
    .addOption(
      new Option("--to <format>", "what to write").choices(EXPORT_FORMATS).makeOptionMandatory(),
    )
    .option("--out <folder>", "write files there, not to standard output");
  addScenarioFlags(command);
  command.action(async (source: string) => {
    const options: Options = command.optsWithGlobals();
    const folder = typeof options["out"] === "string" ? options["out"] : undefined;
    const asked = { source, format: options["to"] as ExportFormat, folder };
    const { runExport } = await import("./commands/export.js");
    finish(await runExport(asked, flagValues(options), outputOf(options)));
  });
}

function addList(program: Command, outputOf: OutputOf, finish: Finish): void {
  const command: Command = program
    .command("list")
    .summary("list what is known by name")
    .addArgument(new Argument("<what>", "which list").choices(LIST_NAMES))
    .option("--json", "with sources and dates");
  command.action(async (what: ListName) => {
    const options: Options = command.optsWithGlobals();
    const { runList } = await import("./commands/list.js");
    finish(await runList(what, options["json"] === true, outputOf(options)));
  });
}
