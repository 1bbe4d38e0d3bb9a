/**
 * What becomes of base weights between load and adapters. Each new copy exists before the old one goes.
 *
 * Source: peft utils/other.py `prepare_model_for_kbit_training`; llamafactory 0.9.5 model/adapter.py `_setup_full_tuning`; axolotl
 * 0.19 loaders/model.py `_configure_embedding_dtypes`, loaders/utils.py `get_linear_embedding_layers`.
 */

import type { AdapterPlan } from "../../adapter/plan/plan.js";
import type { Machine } from "../machine/machine.js";
import type { Tensor } from "../machine/tensor.js";
import type { Quantization } from "../settings/quantization.js";
import type { TrainingSettings } from "../settings/training.js";
import type { Dtype } from "../../units/dtype.js";
import type { BoundModule } from "./bound-module.js";

interface Walk {
  readonly m: Machine;
  readonly visit: (module: BoundModule, body: (child: BoundModule) => void) => void;
}

interface Asked {
  readonly plan: AdapterPlan | undefined;
  readonly quantization: Quantization | undefined;
  readonly training: TrainingSettings;
}

export function recast(
  walk: Walk,
  root: BoundModule,
  { plan, quantization, training }: Asked,
): void {
  const { prepare_kbit: preparesKbit, castsWhole, castsBack, dtype } = training;
  const isWhole = castsWhole === true && plan === undefined;
  if (preparesKbit || isWhole)
    castAll(walk, root, { wanted: () => "float32", freezes: preparesKbit });
  if (castsBack === true)
    castAndBack(walk, root, { dtype, isQuantized: quantization !== undefined });
}

/** Axolotl: norms and embeddings become float32, then whatever is not packed beside packed weights; norms and embeddings go back. */
function castAndBack(
  walk: Walk,
  root: BoundModule,
  { dtype, isQuantized }: { readonly dtype: Dtype; readonly isQuantized: boolean },
): void {
  const isGate = ({ path }: BoundModule): boolean => path.endsWith(".gate");
  const early = (module: BoundModule): Dtype | undefined =>
    isWide(module) || isGate(module) ? "float32" : undefined;
  castAll(walk, root, { wanted: early });
  if (isQuantized) castAll(walk, root, { wanted: () => "float32" });
  castAll(walk, root, { wanted: (module) => (isWide(module) ? dtype : undefined) });
}

/** Modules that are embeddings by their name. */
const EMBEDDINGS: readonly string[] = ["embed_tokens", "lm_head"];

function isWide({ path }: BoundModule): boolean {
  return path.includes("norm") || EMBEDDINGS.some((name) => path.includes(name));
}

interface Cast {
  /** Of a module and all within it. */
  readonly wanted: (module: BoundModule) => Dtype | undefined;
  /** Nothing of it trains any more. */
  readonly freezes?: boolean;
}

/** A tied weight is cast once. */
function castAll({ m, visit }: Walk, root: BoundModule, { wanted, freezes = false }: Cast): void {
  const done = new Map<Tensor, Tensor>();
  const into = (module: BoundModule, above: Dtype | undefined): void => {
    const target = above ?? wanted(module);
    if (target !== undefined) convert(m, module, { dtype: target, freezes, done });
    visit(module, (child) => into(child, target));
  };
  into(root, undefined);
}

const FLOATS: readonly Dtype[] = ["float32", "bfloat16", "float16"];

interface Conversion {
  readonly dtype: Dtype;
  readonly freezes: boolean;
  readonly done: Map<Tensor, Tensor>;
}

function convert(m: Machine, module: BoundModule, { dtype, freezes, done }: Conversion): void {
  for (const [name, tensor] of module.parameters) {
    if (tensor.dtype === dtype || !FLOATS.includes(tensor.dtype)) continue;
    let made = done.get(tensor);
    if (made === undefined) {
      made = m.retain(m.empty("_to_copy", tensor.shape, dtype));
      made.requiresGrad = tensor.requiresGrad && !freezes;
      made.section = tensor.section;
      done.set(tensor, made);
      m.release(tensor);
    }
    module.parameters.set(name, made);
  }
}
