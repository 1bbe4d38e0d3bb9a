/** `lora-calc audit`: a published adapter, recounted and checked; or the file of a trainer. */

import { auditAdapter, InputError, isObject, knownModel, reject } from "lora-calc";
import type { Scenario, TrainerFile } from "lora-calc";
import { EXIT } from "../exit-codes.js";
import type { ExitCode } from "../exit-codes.js";
import { existsSync } from "node:fs";
import { readAdapter, resolveAdapter, resolveModel } from "lora-calc/files";
import type { AdapterOnDisk } from "lora-calc/files";
import { looksLikePath, readScenario } from "../input/read-scenario.js";
import { readFoundFile } from "../input/read-trainer-file.js";
import type { FoundFile } from "../input/read-trainer-file.js";
import type { Output } from "../output.js";
import { renderAudit } from "../render/audit.js";
import { refuse } from "./answers.js";
import { runFileAudit } from "./audit-file.js";

export interface AuditOptions {
  readonly json: boolean;
  /** Of a trainer's file. */
  readonly sarif?: boolean;
  /** Base model: a catalogue id or a file. */
  readonly base?: string;
}

export async function runAudit(
  source: string,
  { json, sarif = false, base }: AuditOptions,
  output: Output,
): Promise<ExitCode> {
  const found = await trainerFileAt(source);
  if (found !== undefined) return runFileAudit(found.file, found, { json, sarif, output });
  if (sarif) rejectSarif(source);
  const { files, tensorsPath, talk } = await adapterOf(source, output);
  for (const line of talk) output.talk(line);
  const model =
    base === undefined ? await namedBase(files.config, output) : await modelOf(base, output);
  const result = auditAdapter({ ...files, ...(model === undefined ? {} : { model }) });
  if ("error" in result) return refuse(result.error, json, output);
  await output.result(
    json
      ? `${JSON.stringify(result, null, 2)}\n`
      : renderAudit(result, { tensorsPath }, output.style),
  );
  const isBroken = result.findings.some(({ level }) => level === "error");
  return isBroken ? EXIT.badInput : EXIT.ok;
}

function rejectSarif(source: string): never {
  reject({
    code: "unsupported",
    path: "",
    message: `--sarif is for the file of a trainer, which ${source} is not; an adapter's findings are there with --json`,
    received: source,
    expected: "a trainer's file, a training script or a notebook",
  });
}

/** The file of a trainer; undefined for a folder, a name, and what is something else. */
async function trainerFileAt(
  source: string,
): Promise<(FoundFile & { readonly file: TrainerFile }) | undefined> {
  // MLX-LM saves its adapters' configuration under PEFT's name, with its own keys: that is an adapter.
  if (!/\.(?:ya?ml|json|py|ipynb)$/i.test(source) || source.endsWith("adapter_config.json"))
    return undefined;
  if (!existsSync(source)) return undefined;
  const found = await readFoundFile(source);
  const { file } = found;
  return file === undefined ? undefined : { ...found, file };
}

/** A name that is no file is looked for where names are. */
async function adapterOf(source: string, output: Output): Promise<AdapterOnDisk> {
  if (looksLikePath(source) || existsSync(source)) return readAdapter(source);
  const { offline, talk } = output;
  return resolveAdapter(source, { offline, onProgress: talk });
}

/** The base that the file names, where the catalogue lacks it. Without it the audit counts less, and says so. */
async function namedBase(config: unknown, output: Output): Promise<Scenario["model"] | undefined> {
  const name = isObject(config) ? config["base_model_name_or_path"] : undefined;
  if (typeof name !== "string" || knownModel(name) !== undefined || looksLikePath(name)) {
    return undefined;
  }
  try {
    const { offline, talk } = output;
    return (await resolveModel(name, { offline, onProgress: talk })).model;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    output.talk(error.message);
    return undefined;
  }
}

/** The model of a source, without what is usually trained on one. */
async function modelOf(base: string, output: Output): Promise<Scenario["model"]> {
  const { model } = await readScenario(base, { ...output, talk: () => undefined });
  return model;
}
