/** `lora-calc export`: a scenario and its result in a format of the field. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  encodeLink,
  estimate,
  isRefusal,
  LAUNCH_ENGINES,
  TRAINER_FILE_FORMATS,
  writeAdapterConfig,
  writeCsv,
  writeMarkdown,
  writePeftPython,
  writeLaunch,
  writeTrainerFile,
} from "lora-calc";
import type { Estimate, LaunchEngine, Scenario, TrainerExport, TrainerFileFormat } from "lora-calc";
import { EXIT } from "../exit-codes.js";
import type { ExitCode } from "../exit-codes.js";
import type { FlagValues } from "../input/apply-flags.js";
import { readFlagged } from "../input/read-flagged.js";
import type { Output } from "../output.js";
import { verdictOf } from "../render/answer.js";
import { refuse } from "./answers.js";
import type { ExportFormat } from "./names.js";

type Writer = (scenario: Scenario, result: Estimate) => string;

const WRITERS: Readonly<Record<Exclude<ExportFormat, TrainerFileFormat | LaunchEngine>, Writer>> = {
  "peft-python": (scenario, result) => writePeftPython(scenario, result.parameters),
  "adapter-config": (scenario) => `${writeAdapterConfig(scenario)}\n`,
  markdown: (scenario, result) => writeMarkdown(scenario, result, verdictOf(scenario, result)),
  csv: (_, result) => writeCsv(result),
  json: (_, result) => `${JSON.stringify(result, null, 2)}\n`,
  link: (scenario) => `${encodeLink(scenario)}\n`,
};

/** As they are called in a folder. */
const NAMES: Readonly<Record<keyof typeof WRITERS, string>> = {
  "peft-python": "peft.py",
  "adapter-config": "adapter_config.json",
  markdown: "report.md",
  csv: "report.csv",
  json: "result.json",
  link: "link.txt",
};

/** A script is not told in a line. Unit: characters. */
const LONG = 400;

interface Asked {
  readonly source: string;
  readonly format: ExportFormat;
  /** Folder that what is written goes to; standard output where absent. */
  readonly folder: string | undefined;
}

export async function runExport(
  { source, format, folder }: Asked,
  flags: FlagValues,
  output: Output,
): Promise<ExitCode> {
  const scenario = await readFlagged(source, flags, output);
  if (isTrainerFile(format) || isLaunch(format)) {
    const written = isLaunch(format)
      ? writeLaunch(scenario, format)
      : writeTrainerFile(scenario, format);
    if (isRefusal(written)) return refuse(written.error, false, output);
    await writeFiles(written, folder, output);
    return EXIT.ok;
  }
  const result = estimate(scenario);
  if (isRefusal(result)) return refuse(result.error, false, output);
  const text = WRITERS[format](scenario, result);
  if (folder === undefined) await output.result(text);
  else await writeAll([{ name: NAMES[format], text }], folder, output);
  return EXIT.ok;
}

function isTrainerFile(format: ExportFormat): format is TrainerFileFormat {
  return TRAINER_FILE_FORMATS.some((each) => each === format);
}

function isLaunch(format: ExportFormat): format is LaunchEngine {
  return LAUNCH_ENGINES.some((each) => each === format);
}

/** The first file on standard output, or all of them in a folder; what is to be known on standard error. */
async function writeFiles(
  { files, command, warnings }: TrainerExport,
  folder: string | undefined,
  output: Output,
): Promise<void> {
  const [main, ...beside] = files;
  if (folder === undefined) {
    await output.result(main.text);
    for (const { name, text } of beside)
      output.talk(
        text.length > LONG
          ? `It needs ${name} beside it: --out FOLDER writes both`
          : `It needs ${name} beside it (--out FOLDER writes both): ${text.trim()}`,
      );
  } else await writeAll(files, folder, output);
  output.talk(`Run it with: ${command}`);
  for (const warning of warnings) output.talk(`Not said there: ${warning}`);
}

async function writeAll(
  files: readonly TrainerExport["files"][0][],
  folder: string,
  output: Output,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { name, text } of files) {
    await writeFile(join(folder, name), text);
    output.talk(`Wrote ${join(folder, name)}`);
  }
}
