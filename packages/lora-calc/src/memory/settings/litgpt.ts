/** What LitGPT runs of a scenario, and what of it has no program. */

import type { AdapterPlan, AdaptedModule } from "../../adapter/plan/plan.js";
import type { ModuleGraph, ModuleNode } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import { missing } from "../../problem/missing.js";
import { LITGPT_TYPES } from "../../stacks/litgpt.js";
import type { LitgptLora, LitgptUse } from "./litgpt-use.js";
import type { WholeRun } from "./unsloth.js";

type Switch = Exclude<keyof LitgptLora, "rank" | "dropout">;

/** LitGPT's switches, by the modules of transformers that each adapts. */
const SWITCH_OF: Readonly<Record<string, Switch>> = {
  q_proj: "query",
  k_proj: "key",
  v_proj: "value",
  o_proj: "projection",
  gate_proj: "mlp",
  up_proj: "mlp",
  down_proj: "mlp",
  lm_head: "head",
};

/** Projections that `lora_mlp` adapts together. */
const OF_MLP = Object.keys(SWITCH_OF).filter((name) => SWITCH_OF[name] === "mlp");

/** A sentence that names it, or undefined. */
export function whyNotLitgpt(run: WholeRun): string | undefined {
  const { graph, plan, quantization, training, ranks } = run;
  if (training.litgpt === undefined) return undefined;
  const { modelType, className, root } = graph;
  if (ranks > 1)
    return "several cards under LitGPT, which shards and checkpoints there, have no program here; one has";
  if (!LITGPT_TYPES.includes(modelType) || root.forward?.kind !== "causal_lm") {
    return `LitGPT has models of its own; its ${className} has no program here, those of ${LITGPT_TYPES.join(", ")} have`;
  }
  if (plan === undefined)
    return "litgpt finetune_full has no program here; finetune_lora has: give an adapter";
  if (quantization?.kind === "8bit")
    return "bnb.int8-training of LitGPT has no program here; bnb.nf4, bnb.fp4 and their -dq have, and 16 bits";
  return whyNotBiased(graph) ?? whyNotAdapted(graph, plan);
}

function whyNotBiased(graph: ModuleGraph): string | undefined {
  const biased = [...OF_MLP, "o_proj"].find((name) => hasBias(nodeOf(graph, name)));
  return biased === undefined
    ? undefined
    : `a bias of ${biased}, which LitGPT's model of this type does not have, has no program here`;
}

function whyNotAdapted(graph: ModuleGraph, plan: AdapterPlan): string | undefined {
  const { peftType, modules, copies, unfrozen, tokens = [] } = plan;
  if (peftType !== "LORA") return `LitGPT trains LoRA; ${peftType} has no program there`;
  if (copies.length + unfrozen.length + tokens.length > 0)
    return "LitGPT trains LoRA's matrices alone; modules_to_save, trained tokens and biases have no program there";
  const odd = modules.find((module) => !isPlain(module, graph));
  if (odd !== undefined)
    return `LitGPT has no switch that adapts ${odd.site.pattern} as asked; it adapts queries, keys, values, the output of attention, the MLP as a whole and the head, each in all layers`;
  const [first] = modules;
  if (modules.some(({ lora }) => lora?.rank !== first?.lora?.rank))
    return "LitGPT has one rank for all layers (lora_r)";
  const names = modules.map(({ site }) => site.node.name);
  const ofMlp = OF_MLP.filter((name) => names.includes(name));
  return ofMlp.length === 0 || ofMlp.length === OF_MLP.length
    ? undefined
    : `lora_mlp of LitGPT adapts ${OF_MLP.join(", ")} together; name all of them or none`;
}

/** In every layer, on a module that has a switch, and nothing but A and B. */
function isPlain(
  { site, lora, parameterName, tensors }: AdaptedModule,
  graph: ModuleGraph,
): boolean {
  const isWhole = site.node.name === "lm_head" || site.count === (graph.decoder?.layers ?? 0);
  const isSwitched = SWITCH_OF[site.node.name] !== undefined;
  const isBare = lora?.useDora === false && parameterName === undefined && tensors.length === 2;
  return isWhole && isSwitched && isBare;
}

function nodeOf(graph: ModuleGraph, name: string): ModuleNode {
  return sitesOf(graph).find(({ node }) => node.name === name)?.node ?? missing();
}

function hasBias(node: ModuleNode): boolean {
  return node.parameters.some(({ name }) => name === "bias");
}

interface Asked {
  readonly graph: ModuleGraph;
  readonly plan: AdapterPlan | undefined;
  /** Positions of an untrained model: `block_size`. */
  readonly blockSize: number;
}

/** LitGPT's configuration of a model and an adapter that it can express. */
export function litgptUse({ graph, plan, blockSize }: Asked): LitgptUse {
  const attention = sitesOf(graph).find(({ node }) => node.forward?.kind === "attention")?.node
    .forward;
  if (attention?.kind !== "attention") throw new Error("a decoder has attention");
  const [vocabulary = 0, hidden = 0] = embeddingOf(graph).parameters[0]?.shape ?? [];
  const [intermediate = 0] = nodeOf(graph, "gate_proj").parameters[0]?.shape ?? [];
  return {
    ...{ layers: graph.decoder?.layers ?? 0, hidden, intermediate, vocabulary, blockSize },
    heads: attention.heads,
    groups: attention.keyValueHeads,
    headSize: attention.headDim,
    hasAttentionBias: hasBias(nodeOf(graph, "q_proj")),
    normsHeads: attention.queryKeyNorm !== undefined,
    isGemma: normsFromOne(graph),
    lora: loraOf(plan?.modules ?? []),
  };
}

/** Of the types that LitGPT has here Gemma alone, whose MLP and embeddings differ, too. */
function normsFromOne(graph: ModuleGraph): boolean {
  return sitesOf(graph).some(
    ({ node: { forward } }) => forward?.kind === "rms_norm" && forward.variant === "unit_offset",
  );
}

function embeddingOf(graph: ModuleGraph): ModuleNode {
  return sitesOf(graph).find(({ node }) => node.layer?.kind === "embedding")?.node ?? missing();
}

function loraOf(modules: readonly AdaptedModule[]): LitgptLora {
  const on = new Set(modules.map(({ site }) => SWITCH_OF[site.node.name]));
  const [first] = modules;
  return {
    rank: first?.lora?.rank ?? 0,
    dropout: first?.lora?.dropout ?? 0,
    query: on.has("query"),
    key: on.has("key"),
    value: on.has("value"),
    projection: on.has("projection"),
    mlp: on.has("mlp"),
    head: on.has("head"),
  };
}
