/** Adapters of MLX, whose file has the same name: the same low-rank matrices, counted by MLX's rules. */

import type { AdapterPlan } from "../adapter/plan/plan.js";
import { planAdapter } from "../adapter/plan-adapter.js";
import { isLinear } from "../adapter/targets/all-linear.js";
import type { ModuleGraph } from "../graph/tree/module-graph.js";
import { parameterCount, sitesOf } from "../graph/tree/sites.js";
import { Fields } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import { reject } from "../problem/problem.js";
import { formatCount } from "../units/format.js";
import { USUAL_WORLD } from "../worlds/index.js";
import { parameterCounts } from "../exchange/write-result.js";
import type { Audit } from "./audit.js";
import { baseGraph } from "./base-graph.js";
import { describeFile } from "./describe-file.js";
import type { Finding } from "./findings.js";
import type { FileTensors } from "./read-tensors.js";

export function isMlx(config: JsonObject): boolean {
  return !Object.hasOwn(config, "peft_type") && Object.hasOwn(config, "lora_parameters");
}

/** Source: mlx-lm@0.32.0 mlx_lm/lora.py `CONFIG_DEFAULTS`. */
const DEFAULTS = { layers: 16, rank: 8, scale: 20 } as const;

/**
 * LoRA on the named modules of the last `num_layers` layers. MLX prints its share of the base alone, PEFT of the base
 * and the adapter.
 *
 * Source: mlx-lm@0.32.0 mlx_lm/tuner/utils.py `linear_to_lora_layers`, `print_trainable_parameters`.
 */
export function readMlx(
  config: JsonObject,
  tensors: FileTensors | undefined,
  given: unknown,
): Omit<Audit, "schema"> {
  const fields = new Fields(config, "adapter");
  const kind = fields.string("fine_tune_type") ?? "lora";
  if (kind !== "lora" && kind !== "dora") rejectFull(kind);
  const base = baseGraph(given, fields.string("model"));
  const described = tensors === undefined ? undefined : describeFile(tensors, {});
  const shared = {
    tool: "MLX",
    peft_type: "LORA",
    ...(base.name === undefined ? {} : { base: base.name }),
    ...(described === undefined ? {} : { file: described.file }),
  } as const;
  const findings: Finding[] = [
    {
      code: "other_tool",
      level: "note",
      message:
        "the file is MLX's (lora_parameters, num_layers), not PEFT's: PEFT stops at it for want of peft_type, and MLX keeps its matrices transposed, as lora_a and lora_b",
    },
    ...base.findings,
  ];
  if (base.graph === undefined) return { ...shared, findings };
  const { plan, note } = planOf(base.graph, fields, kind === "dora");
  const parameters = parameterCounts(plan, parameterCount(base.graph));
  return { ...shared, parameters, findings: [...findings, ...note, printed(parameters)] };
}

function planOf(
  graph: ModuleGraph,
  fields: Fields,
  isDora: boolean,
): { readonly plan: AdapterPlan; readonly note: readonly Finding[] } {
  if (
    sitesOf(graph).some(({ node }) => node.parameters.some(({ name }) => name === "gate_up_proj"))
  ) {
    reject({
      code: "unsupported",
      path: "model",
      message: `MLX adapters of models with experts (${graph.modelType}) are not counted`,
    });
  }
  const lora = fields.object("lora_parameters");
  const rank = lora?.integer("rank", { min: 1 }) ?? DEFAULTS.rank;
  const keys = lora?.stringList("keys");
  const all = graph.decoder?.layers ?? 0;
  const wanted = fields.integer("num_layers") ?? DEFAULTS.layers;
  // Python's `layers[-max(n, 0):]`: none given means all of them.
  const count = wanted <= 0 ? all : Math.min(wanted, all);
  const onKeys = (names: readonly string[]): AdapterPlan =>
    planAdapter(
      graph,
      {
        r: rank,
        lora_alpha: rank * (lora?.number("scale") ?? DEFAULTS.scale),
        target_modules: names,
        layers_to_transform: Array.from({ length: count }, (_, index) => all - count + index),
        use_dora: isDora,
      },
      USUAL_WORLD,
    );
  if (keys !== undefined) return { plan: onKeys(keys), note: [] };
  const plan = onKeys(linearNames(graph));
  return { plan, note: olderKeys(graph, plan, onKeys) };
}

/** Last names of the linear layers inside the layers. */
function linearNames(graph: ModuleGraph): readonly string[] {
  const inLayers = sitesOf(graph).filter(
    ({ node, pattern }) => isLinear(node) && pattern.includes("*"),
  );
  return [...new Set(inLayers.map(({ node }) => node.name))];
}

/** Before 0.28.2 no keys meant two of the attention, for most models. */
function olderKeys(
  graph: ModuleGraph,
  plan: AdapterPlan,
  onKeys: (names: readonly string[]) => AdapterPlan,
): readonly Finding[] {
  const usual = ["q_proj", "v_proj"];
  const names = linearNames(graph);
  if (!usual.every((name) => names.includes(name))) return [];
  const older = formatCount(onKeys(usual).trainable);
  return [
    {
      code: "other_tool",
      level: "note",
      message: `lora_parameters has no keys: mlx-lm since 0.28.2 takes every linear layer (${formatCount(plan.trainable)} parameters), before that q_proj and v_proj alone (${older})`,
    },
  ];
}

function printed({ trainable, base }: { trainable: number; base: number }): Finding {
  const millions = (parameters: number): string => (parameters / 1e6).toFixed(3);
  return {
    code: "other_tool",
    level: "note",
    message: `MLX prints “Trainable parameters: ${((100 * trainable) / base).toFixed(3)}% (${millions(trainable)}M/${millions(base)}M)”: its whole is the base without the adapter`,
  };
}

function rejectFull(kind: string): never {
  reject({
    code: "unsupported",
    path: "adapter.fine_tune_type",
    message: `fine_tune_type ${kind} of MLX holds no adapter to count`,
    received: kind,
    expected: ["lora", "dora"],
  });
}
