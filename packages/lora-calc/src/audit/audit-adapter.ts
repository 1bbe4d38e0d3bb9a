/** A published adapter, read and checked: configuration, tensors, size. */

import { adapterFileBytes, isFileKnown } from "../adapter/saved/file-bytes.js";
import type { AdapterPlan } from "../adapter/plan/plan.js";
import { planAdapter } from "../adapter/plan-adapter.js";
import { fileTensors } from "../adapter/saved/saved-tensors.js";
import type { ModuleGraph } from "../graph/tree/module-graph.js";
import { parameterCount } from "../graph/tree/sites.js";
import { Fields } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import { InputError } from "../problem/problem.js";
import type { ParameterCounts } from "../result.js";
import { elementCount } from "../units/dtype.js";
import { formatCount } from "../units/format.js";
import { USUAL_WORLD } from "../worlds/index.js";
import { parameterCounts } from "../exchange/write-result.js";
import type { Audit, AuditResult } from "./audit.js";
import { baseGraph } from "./base-graph.js";
import type { Base, Trained } from "./base-graph.js";
import { compareTensors } from "./compare-tensors.js";
import { describeFile } from "./describe-file.js";
import { dtypesOfRun } from "./dtypes-of-run.js";
import { worstFirst } from "./findings.js";
import type { Finding } from "./findings.js";
import { underCurrentNames } from "./old-names.js";
import { rejectOtherTool } from "./other-tools.js";
import { rankFindings } from "./rank-findings.js";
import { readConfig } from "./read-config.js";
import type { ReadConfig } from "./read-config.js";
import { isMlx, readMlx } from "./read-mlx.js";
import { readTensors, withPeftKeys } from "./read-tensors.js";
import type { FileTensors } from "./read-tensors.js";

/** What was published. */
export interface AdapterFiles {
  /** Content of adapter_config.json. */
  readonly config: unknown;
  /** Header of adapter_model.safetensors: tensor to dtype, shape and data_offsets. */
  readonly header?: unknown;
  /** Bytes before the data: the header and its length. */
  readonly headerBytes?: number;
  /** Size of adapter_model.safetensors on disk. Unit: bytes. */
  readonly fileBytes?: number;
  /** The base model as in a scenario; else what `base_model_name_or_path` names. */
  readonly model?: unknown;
}

/**
 * Recounts a published adapter from its configuration and from its tensors, compares the two and says what to know.
 *
 * Never throws for any input: what cannot be read comes back as `error`.
 * Example: auditAdapter({ config: { peft_type: "LORA", r: 8, target_modules: ["q_proj"], enable_lora: null } })
 *   .findings.map(({ code }) => code) // ["base_not_named", "removed_field"]
 */
export function auditAdapter(files: AdapterFiles): AuditResult {
  try {
    return { schema: 1, ...audit(files) };
  } catch (error) {
    if (error instanceof InputError) return { schema: 1, error: error.problem };
    throw error;
  }
}

function audit(files: AdapterFiles): Omit<Audit, "schema"> {
  const config = new Fields(files.config, "adapter").values;
  rejectOtherTool(config);
  const given = files.header === undefined ? undefined : readTensors(files.header);
  if (isMlx(config)) return readMlx(config, given, files.model);
  const read = readConfig(config);
  const { tensors, findings: keyFindings } =
    given === undefined ? { tensors: undefined, findings: [] } : withPeftKeys(given);
  const base = onBase(read, files.model, tensors);
  const fromPlan =
    base.plan === undefined || tensors === undefined ? [] : planFindings(base.plan, tensors);
  const isAsked = copiesOf(read.adapter);
  const facts = tensors === undefined ? undefined : describeFile(tensors, { ...files, isAsked });
  return {
    tool: "PEFT",
    peft_type: read.peftType,
    ...(read.writtenBy === undefined ? {} : { peft_version: read.writtenBy }),
    ...(base.name === undefined ? {} : { base: base.name }),
    ...(base.parameters === undefined ? {} : { parameters: base.parameters }),
    ...(facts === undefined ? {} : { file: facts.file }),
    ...expectedBytes(base.plan, tensors),
    findings: worstFirst([
      ...read.findings,
      ...base.findings,
      ...keyFindings,
      ...fromPlan,
      ...(base.plan === undefined && tensors !== undefined
        ? rankFindings(read.adapter, tensors)
        : []),
      ...(facts?.findings ?? []),
    ]),
  };
}

/** Whether `modules_to_save` trains the module of a key. */
function copiesOf(adapter: JsonObject): (key: string) => boolean {
  const fields = new Fields(adapter, "adapter");
  const names = fields.stringList("modules_to_save") ?? [];
  return (key) => names.some((name) => key.replace(/\.weight$/, "").endsWith(name));
}

interface OnBase {
  readonly name?: string;
  readonly plan?: AdapterPlan;
  readonly parameters?: ParameterCounts;
  readonly findings: readonly Finding[];
}

/** What the configuration makes of its base, or why that cannot be said. */
function onBase(
  { adapter, base: named }: ReadConfig,
  given: unknown,
  tensors: FileTensors | undefined,
): OnBase {
  const labels = tensors === undefined ? undefined : trainedLabels(tensors);
  const { graph, ...base } = namedBase(given, named, {
    classOf: (built) => trainedClass(adapter, built),
    ...(labels === undefined ? {} : { labels }),
  });
  if (graph === undefined) return base;
  try {
    const plan = planAdapter(graph, adapter, USUAL_WORLD);
    const warnings = plan.warnings.map(({ message }): Finding => ({
      code: "reach",
      level: "warning",
      message,
    }));
    const parameters = parameterCounts(plan, parameterCount(graph));
    return { ...base, plan, parameters, findings: [...base.findings, ...warnings] };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const refused: Finding = { code: "refused", level: "error", message: error.message };
    return { ...base, findings: [...base.findings, refused] };
  }
}

/** What the file says of its base may be beyond us; what the reader gives has to be right. */
function namedBase(given: unknown, named: string | undefined, trained: Trained): Base {
  try {
    return baseGraph(given, named, trained);
  } catch (error) {
    if (!(error instanceof InputError) || given !== undefined) throw error;
    const message = `nothing is counted on the base: ${error.message}`;
    return {
      ...(named === undefined ? {} : { name: named }),
      findings: [{ code: "base_unknown", level: "warning", message }],
    };
  }
}

/** The class that the adapter was trained on: PEFT writes it where there is no task, else the task means one. */
function trainedClass(adapter: JsonObject, graph: ModuleGraph): string | undefined {
  const fields = new Fields(adapter, "adapter");
  const task = fields.string("task_type");
  if (task !== undefined) return graph.classOfTask?.[task];
  return fields.object("auto_mapping")?.string("base_model_class");
}

/** A head of classification has a row per label, which config.json of the base does not know. */
function trainedLabels(tensors: FileTensors): number | undefined {
  for (const [key, { shape }] of tensors) {
    if (/(?:^|\.)(?:score|classifier|classifier\.out_proj)\.weight$/.test(key)) return shape[0];
  }
  return undefined;
}

/** Every tensor by name where PEFT's file is known, and why sums differ. */
function planFindings(plan: AdapterPlan, tensors: FileTensors): readonly Finding[] {
  if (!isFileKnown(plan)) return sumFindings(plan);
  const current = underCurrentNames(tensors, fileTensors(plan, { base: "float32" }));
  const differences = compareTensors(current.tensors, current.expected);
  return [...current.findings, ...differences, ...sumFindings(plan)];
}

/** Why the parameters of the file are not those that are trained. */
function sumFindings({
  copies,
  savedPrompt,
  savedBases = [],
  modelTensors,
}: AdapterPlan): readonly Finding[] {
  const findings: Finding[] = [];
  if (copies.some(({ tiedToPath }) => tiedToPath !== undefined)) {
    findings.push({
      code: "saved_twice",
      level: "note",
      message:
        "a trained copy that two tied modules share is in the file under both names and is counted once",
    });
  }
  if (savedBases.length > 0) {
    findings.push({
      code: "saved_base",
      level: "note",
      message: `PEFT saves the frozen ${savedBases.map(({ pattern }) => pattern).join(" and ")} too, because target_modules names an embedding; they are not counted as trained`,
    });
  }
  const saved = savedPrompt === undefined ? 0 : elementCount(savedPrompt);
  const trained = modelTensors.reduce(
    (sum, { shape, isSaved }) => sum + (isSaved === true ? 0 : elementCount(shape)),
    0,
  );
  if (savedPrompt !== undefined && trained !== saved) {
    findings.push({
      code: "saved_in_part",
      level: "note",
      message: `only the finished prompt is saved (${formatCount(saved)} parameters); what made it (${formatCount(trained)}) is not, so training cannot go on from the file`,
    });
  }
  return findings;
}

const FLOAT32 = { base: "float32" } as const;

function expectedBytes(
  plan: AdapterPlan | undefined,
  tensors: FileTensors | undefined,
): Pick<Audit, "expected_file_bytes"> {
  if (plan === undefined || !isFileKnown(plan)) return {};
  const dtypes = tensors === undefined ? FLOAT32 : dtypesOfRun(plan, tensors);
  return { expected_file_bytes: adapterFileBytes(plan, dtypes) };
}
