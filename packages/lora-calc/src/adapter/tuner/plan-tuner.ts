/** From a method that adapts modules to the whole plan: targets, biases, heads, totals. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { parameterCount, sitesOf } from "../../graph/tree/sites.js";
import type { Site } from "../../graph/tree/sites.js";
import { reject } from "../../problem/problem.js";
import { elementCount } from "../../units/dtype.js";
import { headOutsideAllLinear } from "../targets/all-linear.js";
import { withCopiedAdapters } from "../beside/copied-adapters.js";
import { copiedModules } from "../beside/copy-modules.js";
import { missedNames, missedParameters } from "../targets/missed-names.js";
import type {
  AdaptedModule,
  AdapterPlan,
  AdapterTensor,
  CopiedModule,
  TrainedTokens,
} from "../plan/plan.js";
import { savedEmbeddings } from "../beside/saved-embeddings.js";
import { rejectIncompatible } from "../targets/incompatible-modules.js";
import { rootCopies } from "../beside/root-copies.js";
import type { RootCopies } from "../beside/root-copies.js";
import { rejectNoMatch, selectModules } from "../targets/select-modules.js";
import { silentReach } from "../targets/silent-reach.js";
import type { Targeting } from "../targets/targeting.js";
import { HEADS_BY_TASK } from "../plan/task-type.js";
import type { TaskType } from "../plan/task-type.js";
import { unfrozenBiases, unfrozenRoot } from "../beside/unfreeze-biases.js";

export interface Tuner {
  readonly peftType: string;
  readonly taskType: TaskType | undefined;
  /** With defaults looked up and rewrites done. */
  readonly targeting: Targeting;
  /** Targets by model_type, not by the user. */
  readonly hasDefaultTargets: boolean;
  readonly bias: string;
  /** Parameters of the model itself stay trainable. */
  readonly leavesRoot?: boolean;
  /** The modules of the targeted sites; several of one site where its occurrences differ. */
  readonly adapt: (sites: readonly Site[]) => readonly AdaptedModule[];
  /** Name under which adapted layers hold their dropouts. */
  readonly dropout?: string;
  /** Tensors that no single module has. */
  readonly modelTensors?: (adapted: readonly AdaptedModule[]) => readonly AdapterTensor[];
  /** Adapters on single parameters, given those on modules. */
  readonly adaptParameters?: (adapted: readonly AdaptedModule[]) => readonly AdaptedModule[];
  readonly isReplicated?: boolean;
  /** Its configuration has no modules_to_save, into which PEFT puts the heads of a task: they stay frozen. */
  readonly leavesHeads?: boolean;
  /** Nothing is targeted: what is trained stands beside the modules. */
  readonly adaptsNoModule?: boolean;
  /** Modules whose adapter or copy follows the tied embedding's. */
  readonly tied?: TiedModules;
  readonly tokens?: TokensOf;
}

export interface TiedModules {
  readonly adapted?: { readonly paths: readonly string[]; readonly adapt: AdaptLike };
  readonly copiedPaths?: readonly string[];
}

/** The adapter of a head in the shape of the embedding's. */
type AdaptLike = (head: Site, embedding: AdaptedModule) => AdaptedModule;

type TokensOf = (adapted: readonly AdaptedModule[]) => readonly TrainedTokens[];

/** Source: peft tuners/tuners_utils.py `BaseTuner.inject_adapter`. */
export function planTuner(graph: ModuleGraph, tuner: Tuner): AdapterPlan {
  const { taskType, peftType, tied, targeting } = tuner;
  const modules = tuner.adaptsNoModule === true ? [] : adaptedModules(graph, tuner);
  const { modulesToSave = [] } = targeting;
  const heads =
    taskType === undefined || tuner.leavesHeads === true ? [] : (HEADS_BY_TASK[taskType] ?? []);
  const root = rootCopies(graph, modulesToSave, taskType);
  const biases = [
    ...unfrozenBiases(graph, tuner.bias, modules),
    ...(tuner.leavesRoot === true ? unfrozenRoot(graph) : []),
  ];
  const wrapsTwice = isWrappedTwice(tuner);
  const { dropout } = tuner;
  const copying = { wrapsTwice, ...(dropout === undefined ? {} : { dropout }) };
  // Heads that the wrapper adds itself come after single tokens, so what is wrong with tokens is said first.
  if (wrapsTwice) copiedModules(graph, modulesToSave, modules, copying);
  const earlyTokens = wrapsTwice ? tuner.tokens?.(modules) : undefined;
  const followers = tied?.copiedPaths ?? [];
  // The heads of a model that was copied as a whole lie in the copy.
  const names = wrapsTwice && root !== undefined ? modulesToSave : [...modulesToSave, ...heads];
  const copied = copiedModules(graph, names, modules, copying).filter(
    ({ site }) => !followers.includes(site.path),
  );
  const copies = [
    ...copied,
    ...(wrapsTwice && root === undefined ? copiedAgain(copied) : []),
    ...tiedCopies(graph, followers, modules),
  ];
  const tokens = earlyTokens ?? tuner.tokens?.(modules) ?? [];
  const unfrozen = biases.filter(({ site }) => !isUnderCopy(site, copies));
  const all = withCopiedAdapters(modules, copies);
  const modelTensors = tuner.modelTensors?.(modules) ?? [];
  const parts = { modules: all, copies, tokens, unfrozen, modelTensors };
  const trainsTokens = peftType === "TRAINABLE_TOKENS" || tokens.length > 0;
  rejectWithoutGeneration(graph, taskType);
  return {
    peftType,
    ...parts,
    savedBases: trainsTokens ? [] : savedEmbeddings(graph, targeting.targets, modules),
    ...(tied?.adapted === undefined ? {} : { tiedAdapters: tied.adapted.paths }),
    ...(tuner.isReplicated === true ? { isReplicated: true } : {}),
    ...withRootCopies(totals(graph, parts), root),
    warnings: [
      ...missedNames(graph, targeting.targets, tuner.hasDefaultTargets),
      ...missedParameters(graph, targeting.targetParameters ?? []),
      ...silentReach(graph, targeting, modules),
    ],
  };
}

/** Targeted modules; those tied to an adapted embedding come last and are never chosen by their name. */
function adaptedModules(
  graph: ModuleGraph,
  { peftType, targeting, taskType, adapt, adaptParameters, tied }: Tuner,
): readonly AdaptedModule[] {
  const selection = selectModules(graph, targeting, headOutsideAllLinear(graph, taskType));
  const tiedPaths = new Set(tied?.adapted?.paths);
  const sites = selection.sites.filter(({ path }) => !tiedPaths.has(path));
  rejectIncompatible(graph, peftType, sites);
  const targeted = adapt(sites);
  const modules = [...targeted, ...(adaptParameters?.(targeted) ?? [])];
  if (sites.length === 0 && modules.length === 0 && tiedPaths.size === 0) {
    rejectNoMatch(graph, targeting, selection);
  }
  const followers = sitesOf(graph).filter(({ path }) => tiedPaths.has(path));
  const [first] = followers;
  if (first === undefined || tied?.adapted === undefined) return modules;
  const embedding = modules.find(({ site }) => site.path === graph.inputEmbedding);
  if (embedding === undefined) rejectUnadaptedEmbedding(first);
  const { adapt: adaptLike } = tied.adapted;
  return [...modules, ...followers.map((site) => adaptLike(site, embedding))];
}

function rejectUnadaptedEmbedding({ path }: Site): never {
  reject({
    code: "missing_attribute",
    path: "adapter.ensure_weight_tying",
    message: `${path} is tied to the input embedding, which other options keep from being adapted; let both in or leave ensure_weight_tying out`,
    received: true,
  });
}

/** Source: peft peft_model.py `PeftModelForTokenClassification.__init__`, `PeftModelForQuestionAnswering.__init__`. */
function isWrappedTwice({ taskType, adaptsNoModule = false }: Tuner): boolean {
  if (taskType === "SEQ_CLS") return adaptsNoModule;
  return taskType === "TOKEN_CLS" || taskType === "QUESTION_ANS";
}

/**
 * For these tasks PEFT wraps `modules_to_save` a second time and then finds what lies inside the frozen originals.
 */
function copiedAgain(copies: readonly CopiedModule[]): readonly CopiedModule[] {
  return copies
    .filter(({ isNested }) => isNested === true)
    .map(({ site, parameterCount: size }) => ({ site, parameterCount: size }));
}

/** The copies that tied modules share with the embedding. */
function tiedCopies(
  graph: ModuleGraph,
  paths: readonly string[],
  modules: readonly AdaptedModule[],
): readonly CopiedModule[] {
  const tiedToPath = graph.inputEmbedding;
  if (tiedToPath === undefined || paths.length === 0) return [];
  return copiedModules(graph, paths, modules).map((copy) => ({ ...copy, tiedToPath }));
}

/**
 * The wrapper of a causal model borrows `prepare_inputs_for_generation` from the model.
 * Source: peft peft_model.py `PeftModelForCausalLM.__init__`.
 */
function rejectWithoutGeneration(graph: ModuleGraph, taskType: TaskType | undefined): void {
  const isGenerative = taskType === "CAUSAL_LM" || taskType === "SEQ_2_SEQ_LM";
  const generative = ["CAUSAL_LM", "SEQ_2_SEQ_LM"].map((task) => graph.classOfTask?.[task]);
  if (!isGenerative || generative.includes(graph.className)) return;
  const named = generative.filter((name) => name !== undefined);
  reject({
    code: "missing_attribute",
    path: "adapter.task_type",
    message: `${graph.className} cannot generate, which task_type ${taskType} needs; use the task of the class${named.map((name) => `, or ${name}`).join("")}`,
    received: taskType,
  });
}

/** The original of a copied module stays frozen, its bias too. */
function isUnderCopy(site: Site, copies: readonly CopiedModule[]): boolean {
  return copies.some(
    (copy) =>
      site.pattern === copy.site.pattern || site.pattern.startsWith(`${copy.site.pattern}.`),
  );
}

interface Totals {
  readonly trainable: number;
  readonly all: number;
}

function withRootCopies(
  { trainable, all }: Totals,
  root: RootCopies | undefined,
): Pick<AdapterPlan, "trainable" | "all" | "rootCopies"> {
  if (root === undefined) return { trainable, all };
  const { count, trained } = root;
  return { trainable: trained * all, all: (count + 1) * all, rootCopies: count };
}

type Parts = Pick<AdapterPlan, "modules" | "copies" | "tokens" | "unfrozen" | "modelTensors">;

/** What `get_nb_trainable_parameters()` returns. Source: peft peft_model.py. */
function totals(
  graph: ModuleGraph,
  { modules, copies, tokens = [], unfrozen, modelTensors }: Parts,
): Totals {
  const added = modelTensors.map((tensor): Added => ({ ...sizeOf(tensor), count: 1 }));
  for (const { site, tensors } of modules) {
    for (const tensor of tensors) added.push({ ...sizeOf(tensor), count: site.count });
  }
  for (const { site, tokens: rows, dim } of tokens) {
    added.push({ elements: rows * dim, trainable: true, count: site.count });
  }
  for (const { site, parameterCount: elements, tiedToPath, isNested } of copies) {
    if (tiedToPath !== undefined) continue;
    // An inner copy freezes what it replaces in the outer copy: together they train as much as the outer one alone.
    added.push({ elements, trainable: isNested !== true, count: site.count });
  }
  const existing = unfrozen
    .filter(({ isTied }) => isTied !== true)
    .reduce((sum, { site, elements }) => sum + site.count * elements, 0);
  return {
    trainable: sum(added, ({ trainable: isTrained }) => isTrained) + existing,
    all: parameterCount(graph) + sum(added, () => true),
  };
}

interface Added {
  readonly elements: number;
  readonly count: number;
  readonly trainable: boolean;
}

function sizeOf({ shape, trainable, isBuffer, shared }: AdapterTensor): Omit<Added, "count"> {
  const isCounted = isBuffer !== true && shared !== true;
  return { elements: isCounted ? elementCount(shape) : 0, trainable };
}

function sum(added: readonly Added[], isCounted: (tensor: Added) => boolean): number {
  return added.reduce(
    (total, tensor) => total + (isCounted(tensor) ? tensor.elements * tensor.count : 0),
    0,
  );
}
