/** Other releases, ranks, targets and models under which PEFT prints the very number that was seen. */

import type { AdapterPlan } from "../../adapter/plan/plan.js";
import { planAdapter } from "../../adapter/plan-adapter.js";
import { isLinear } from "../../adapter/targets/all-linear.js";
import { listModels } from "../../catalogue/models.js";
import { buildModel } from "../../graph/read-model.js";
import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import type { JsonObject } from "../../problem/fields.js";
import { InputError } from "../../problem/problem.js";
import { listWorlds } from "../../worlds/index.js";
import type { World } from "../../worlds/world.js";
import { allReadings } from "./readings.js";
import { fits } from "./read-print.js";
import type { Printed } from "./read-print.js";

export interface OtherRun {
  readonly what: string;
  readonly trainable: number;
  readonly all: number;
  /** How the whole was counted, where that is not PEFT's way. */
  readonly reading?: string;
}

const RANKS = [1, 2, 4, 8, 16, 32, 64, 128, 256] as const;
/** Names that people target together. */
const GROUPS: readonly (readonly string[])[] = [
  ["q_proj", "v_proj"],
  ["q_proj", "k_proj", "v_proj"],
  ["q_proj", "k_proj", "v_proj", "o_proj"],
  ["gate_proj", "up_proj", "down_proj"],
  ["query_key_value"],
  ["qkv_proj"],
  ["c_attn"],
];
const MAX_RUNS = 5;

/** LoRA of other ranks and usual targets on the same model. */
export function otherAdapters(
  graph: ModuleGraph,
  adapter: JsonObject,
  world: World,
  printed: Printed,
): readonly OtherRun[] {
  if ((adapter["peft_type"] ?? "LORA") !== "LORA") return [];
  const names = new Set(sitesOf(graph).flatMap(({ node }) => (isLinear(node) ? [node.name] : [])));
  const groups = GROUPS.filter((group) => group.every((name) => names.has(name)));
  const own = adapter["target_modules"];
  const targets: readonly unknown[] = [own, ...groups, "all-linear"];
  const saves = adapter["modules_to_save"] === undefined ? savedTogether(graph) : [[]];
  const runs = saves.flatMap((saved) =>
    targets.flatMap((target) =>
      RANKS.map((rank): readonly [string, JsonObject] => [
        `r=${rank} on ${targetText(target)}${saved.length === 0 ? "" : `, with ${saved.join(" and ")} trained in full (modules_to_save)`}`,
        {
          ...adapter,
          r: rank,
          ...(target === undefined ? {} : { target_modules: target }),
          ...(saved.length === 0 ? {} : { modules_to_save: saved }),
        },
      ]),
    ),
  );
  const found = runs.flatMap(([what, changed]) =>
    matching(what, printed, () => planAdapter(graph, changed, world), graph),
  );
  const plain = found.filter(({ reading }) => reading === undefined);
  return onePerCount(plain.length > 0 ? plain : found).slice(0, MAX_RUNS);
}

/** Modules that people train in full beside an adapter: embeddings, head, both. */
function savedTogether({ inputEmbedding, outputEmbedding }: ModuleGraph): readonly string[][] {
  const [input, output] = [inputEmbedding, outputEmbedding].map((path) =>
    path?.slice(path.lastIndexOf(".") + 1),
  );
  const both = [input, output].filter((name) => name !== undefined);
  return [[], ...(both.length === 2 ? [both] : []), ...both.map((name) => [name])];
}

/** Targets that name the same modules give the same run: the first name of it stands for all. */
function onePerCount(runs: readonly OtherRun[]): readonly OtherRun[] {
  const seen = new Set<string>();
  return runs.filter(({ trainable, all, reading }) => {
    const key = `${trainable} ${all} ${reading ?? ""}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function targetText(target: unknown): string {
  if (target === undefined) return "PEFT's default targets";
  if (Array.isArray(target)) return target.join(", ");
  return typeof target === "string" ? target : JSON.stringify(target);
}

/** The same run in the other worlds: experts, for one, were modules of their own before transformers 5. */
export function otherRelease(
  model: unknown,
  adapter: JsonObject,
  world: World,
  printed: Printed,
): readonly OtherRun[] {
  return listWorlds()
    .filter((other) => other !== world)
    .flatMap((other) =>
      matching(`transformers ${other.releases.transformers[0]}`, printed, () =>
        planAdapter(buildModel(model, other).graph, adapter, other),
      ),
    );
}

/** Models of the catalogue on which the same adapter gives the number. */
export function otherModels(
  adapter: JsonObject,
  world: World,
  printed: Printed,
): readonly OtherRun[] {
  const runs: OtherRun[] = [];
  for (const { repo } of listModels()) {
    const build = (): AdapterPlan => planAdapter(buildModel(repo, world).graph, adapter, world);
    runs.push(...matching(repo, printed, build));
    if (runs.length >= MAX_RUNS) break;
  }
  return runs;
}

/** With the graph, a whole that was counted in another known way will do. */
function matching(
  what: string,
  printed: Printed,
  makePlan: () => AdapterPlan,
  graph?: ModuleGraph,
): readonly OtherRun[] {
  try {
    const plan = makePlan();
    const { trainable, all } = plan;
    const seen = printed.all;
    if (printed.percent !== undefined && !fits(printed.percent, (100 * trainable) / all)) return [];
    if (printed.trainable !== undefined && !fits(printed.trainable, trainable)) return [];
    if (seen === undefined || fits(seen, all)) return [{ what, trainable, all }];
    if (graph === undefined || printed.trainable === undefined) return [];
    const reading = allReadings(graph, plan).find(({ count }) => fits(seen, count));
    if (reading === undefined) return [];
    return [{ what, trainable, all: reading.count, reading: reading.message }];
  } catch (error) {
    if (error instanceof InputError) return [];
    throw error;
  }
}
