/** Mixtures of experts as transformers holds them since 5: a router, and all experts in two parameters of three dimensions. */

import type { Config } from "../../model/config.js";
import type { BuildContext } from "../tree/blueprint.js";
import type {
  Activation,
  CorrectedRouterForward,
  GroupedRouterForward,
  RouterForward,
  SharesRouterForward,
  SparseMlpForward,
} from "../tree/forward.js";
import type { ModuleNode, Parameter } from "../tree/module-graph.js";
import { persistentBuffer, container } from "../tree/vocabulary.js";
import { activationModule, gatedMlp } from "./mlp.js";
import { singleExperts } from "./single-experts.js";
import type { ExpertsShape } from "./single-experts.js";

/** Whether the experts of a layer are two parameters; else each is a module. */
export function areFused({ world }: BuildContext): boolean {
  return world.rules.fusesExperts;
}

/** A router called `gate` and `experts`: how most blocks compute. */
export const ROUTED: SparseMlpForward = { kind: "sparse_mlp", router: "gate", experts: "experts" };

/**
 * The router of a configuration, where the step of its model can be run. Not run: the loss that balances experts
 * (`output_router_logits`), experts that are modules of their own, and more chosen than there are, where torch stops.
 */
export function topKRouter(
  config: Config,
  context: BuildContext,
  usual: { readonly chosen: number; readonly normalizes?: boolean },
): RouterForward | undefined {
  if (!areFused(context) || config.boolean("output_router_logits", false)) return undefined;
  const chosen = config.size("num_experts_per_tok", usual.chosen);
  const experts = config.optionalSize(["num_experts", "num_local_experts"]) ?? chosen;
  if (chosen > experts) return undefined;
  const normalizes = usual.normalizes ?? config.boolean("norm_topk_prob", false);
  return { kind: "router", chosen, normalizes };
}

/** Sigmoid scores with a correction, taken group by group. */
export function groupedRouter(
  config: Config,
  context: BuildContext,
  usual: {
    readonly chosen: number;
    readonly normalizes: boolean;
    /** Groups, and those taken. Default: 1 of 1. */
    readonly groups?: readonly [count: number, taken: number];
  },
): GroupedRouterForward | undefined {
  if (!areFused(context)) return undefined;
  return {
    kind: "grouped_router",
    chosen: config.size("num_experts_per_tok", usual.chosen),
    correction: "e_score_correction_bias",
    groups: config.size("n_group", usual.groups?.[0] ?? 1),
    groupsTaken: config.size("topk_group", usual.groups?.[1] ?? 1),
    normalizes: config.boolean("norm_topk_prob", usual.normalizes),
  };
}

type AnyRouterForward =
  RouterForward | GroupedRouterForward | SharesRouterForward | CorrectedRouterForward;

/** A score per expert: weight (experts, hidden). */
export function router(
  name: string,
  { type, experts, hiddenSize }: Omit<ExpertsShape, "intermediateSize">,
  {
    bias = false,
    corrects = false,
    keepsFp32,
    forward,
  }: {
    readonly bias?: boolean;
    /** There is a correction of the scores, which loading keeps in fp32. */
    readonly corrects?: boolean;
    /** The weight stays fp32 whatever dtype the model is loaded in. */
    readonly keepsFp32?: boolean;
    /** How it computes, where that is known. */
    readonly forward?: AnyRouterForward | undefined;
  } = {},
): ModuleNode {
  const weight = { name: "weight", shape: [experts, hiddenSize] };
  const parameters: Parameter[] = [keepsFp32 === true ? { ...weight, dtype: "float32" } : weight];
  if (bias) parameters.push({ name: "bias", shape: [experts] });
  return container(name, type, {
    parameters,
    buffers: corrects ? [persistentBuffer("e_score_correction_bias", [experts])] : [],
    ...(forward === undefined ? {} : { forward }),
  });
}

/** gate_up_proj (experts, 2 · intermediate, hidden) and down_proj (experts, hidden, intermediate). */
export function fusedExperts(
  { type, experts, hiddenSize, intermediateSize }: ExpertsShape,
  activation: Activation,
): ModuleNode {
  return container("experts", type, {
    forward: { kind: "experts", gateUp: "gate_up_proj", down: "down_proj", activation },
    parameters: [
      { name: "gate_up_proj", shape: [experts, 2 * intermediateSize, hiddenSize] },
      { name: "down_proj", shape: [experts, hiddenSize, intermediateSize] },
    ],
    children: [activationModule("act_fn", activation)],
  });
}

/** Router and experts as most classes hold them: `gate`, `experts`. */
export function routedMlp(
  prefix: string,
  sizes: Omit<ExpertsShape, "type">,
  activation: Activation,
  forward?: AnyRouterForward,
): ModuleNode {
  return container("mlp", `${prefix}SparseMoeBlock`, {
    ...(forward === undefined ? {} : { forward: ROUTED }),
    children: [
      router("gate", { ...sizes, type: `${prefix}TopKRouter` }, { forward }),
      fusedExperts({ ...sizes, type: `${prefix}Experts` }, activation),
    ],
  });
}

export interface SharedExperts {
  readonly prefix: string;
  /** Class of the whole: `DeepseekV3MoE`. */
  readonly type: string;
  readonly experts: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  /** Width of the expert that sees every token; 0 = none. */
  readonly sharedWidth: number;
  readonly activation: Activation;
  readonly gate: ModuleNode;
  /** The router is registered before the experts. */
  readonly gateFirst?: boolean;
  readonly bias?: boolean;
  /** Since transformers 5 the experts are two parameters, before they were modules. */
  readonly isFused: boolean;
}

/** Experts, a router and an expert that sees every token (deepseek and its kin). */
export function expertsWithShared(options: SharedExperts): ModuleNode {
  const { prefix, hiddenSize, sharedWidth, activation, gate } = options;
  const experts = options.isFused
    ? fusedExperts({ ...options, type: `${prefix}Experts` }, activation)
    : singleExperts({ ...options, type: `${prefix}MLP` }, activation, options.bias);
  const shared = gatedMlp({
    name: "shared_experts",
    type: `${prefix}MLP`,
    hiddenSize,
    intermediateSize: sharedWidth,
    bias: options.bias ?? false,
    activation,
  });
  const forward: SparseMlpForward = {
    ...ROUTED,
    ...(sharedWidth === 0 ? {} : { sharedLast: "shared_experts" }),
  };
  return container("mlp", options.type, {
    ...(options.isFused && gate.forward !== undefined ? { forward } : {}),
    children: [
      ...(options.gateFirst === true ? [gate, experts] : [experts, gate]),
      ...(sharedWidth === 0 ? [] : [shared]),
    ],
  });
}

/** The same with in and out exchanged, and biases (gpt_oss). */
export function transposedExperts({
  type,
  experts,
  hiddenSize,
  intermediateSize,
}: ExpertsShape): ModuleNode {
  return container("experts", type, {
    forward: {
      kind: "experts",
      gateUp: "gate_up_proj",
      down: "down_proj",
      activation: "clamped_swiglu",
      biased: true,
    },
    isTransposed: true,
    parameters: [
      { name: "gate_up_proj", shape: [experts, hiddenSize, 2 * intermediateSize] },
      { name: "gate_up_proj_bias", shape: [experts, 2 * intermediateSize] },
      { name: "down_proj", shape: [experts, intermediateSize, hiddenSize] },
      { name: "down_proj_bias", shape: [experts, hiddenSize] },
    ],
  });
}
