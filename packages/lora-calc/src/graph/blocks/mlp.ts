/** Feed-forward modules. */

import type { Config } from "../../model/config.js";
import type { Activation, MlpForward } from "../tree/forward.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, leaf, linear } from "../tree/vocabulary.js";
import { activation } from "./activation.js";

interface MlpShape {
  readonly name?: string;
  readonly type: string;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly bias?: boolean;
  readonly activation: Activation;
  /** On the output, where the class has one. */
  readonly dropout?: number;
  readonly keepsParts?: "whole" | "cut";
  /** The gate and the output are multiplied by numbers. */
  readonly scales?: boolean;
}

/** `down_proj(act(gate_proj(x)) * up_proj(x))`. */
export function gatedMlp(shape: MlpShape): ModuleNode {
  const { name = "mlp", type, hiddenSize, intermediateSize, bias = false, activation } = shape;
  const { dropout, scales } = shape;
  return container(name, type, {
    forward: {
      kind: "gated_mlp",
      gate: "gate_proj",
      up: "up_proj",
      down: "down_proj",
      activation,
      ...(dropout === undefined ? {} : { dropout }),
      ...(scales === undefined ? {} : { scales }),
      ...(shape.keepsParts === undefined ? {} : { keepsParts: shape.keepsParts }),
    },
    children: [
      linear("gate_proj", hiddenSize, intermediateSize, { bias }),
      linear("up_proj", hiddenSize, intermediateSize, { bias }),
      linear("down_proj", intermediateSize, hiddenSize, { bias }),
      activationModule("act_fn", activation),
    ],
  });
}

/** `down_proj(up * act(gate))` with gate and up cut from one `gate_up_proj`. */
export function fusedGatedMlp(shape: MlpShape & { readonly activationName?: string }): ModuleNode {
  const { name = "mlp", type, hiddenSize, intermediateSize, bias = false, activation } = shape;
  return container(name, type, {
    forward: { kind: "fused_gated_mlp", gateUp: "gate_up_proj", down: "down_proj", activation },
    children: [
      linear("gate_up_proj", hiddenSize, 2 * intermediateSize, { bias }),
      linear("down_proj", intermediateSize, hiddenSize, { bias }),
      activationModule(shape.activationName ?? "activation_fn", activation),
    ],
  });
}

export interface PlainMlp {
  readonly name?: string;
  readonly type: string;
  readonly up: string;
  readonly down: string;
  readonly bias?: boolean;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  /** The activation as the class registers it, before (phi) or behind the projections. */
  readonly activation: ModuleNode;
  readonly activationFirst?: boolean;
  /** How it computes, where that is known: the function, and the dropout on the output. */
  readonly program?: Pick<
    Extract<MlpForward, { kind: "mlp" }>,
    "activation" | "activationName" | "dropout"
  >;
  /** Children behind all of these. */
  readonly behind?: readonly ModuleNode[];
}

/** `down(act(up(x)))`. */
export function plainMlp(shape: PlainMlp): ModuleNode {
  const { name = "mlp", type, up, down, bias = false, hiddenSize, intermediateSize } = shape;
  const projections = [
    linear(up, hiddenSize, intermediateSize, { bias }),
    linear(down, intermediateSize, hiddenSize, { bias }),
  ];
  return container(name, type, {
    ...(shape.program === undefined
      ? {}
      : { forward: { kind: "mlp", up, down, ...shape.program } }),
    children: [
      ...(shape.activationFirst === true
        ? [shape.activation, ...projections]
        : [...projections, shape.activation]),
      ...(shape.behind ?? []),
    ],
  });
}

const ACTIVATION_CLASSES: Readonly<Record<Activation, string>> = {
  silu: "SiLUActivation",
  gelu: "GELUActivation",
  gelu_tanh: "GELUTanh",
  gelu_new: "NewGELUActivation",
  relu: "ReLU",
  relu2: "ReLUSquaredActivation",
  tanh: "Tanh",
};

/** The activation as a module: no parameters, but a name that `modules_to_save` or a regex can hit. */
export function activationModule(name: string, activation: Activation): ModuleNode {
  return leaf(name, ACTIVATION_CLASSES[activation]);
}

/** Activations that only models without a program have. */
const COUNTED_CLASSES: ReadonlyMap<string, string> = new Map([
  ["quick_gelu", "QuickGELUActivation"],
  ["tanh", "Tanh"],
]);

/** The activation that a field names, for models that are counted only. */
export function activationOf(
  name: string,
  config: Config,
  field: string,
  fallback: string,
): ModuleNode {
  const counted = COUNTED_CLASSES.get(config.string(field, fallback));
  return counted === undefined
    ? activationModule(name, activation(config, field, fallback))
    : leaf(name, counted);
}
