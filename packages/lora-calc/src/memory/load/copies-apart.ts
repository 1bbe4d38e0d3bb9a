/**
 * Trained copies of embeddings and head as Unsloth brings them to the card: behind the adapters, their originals on the disk before.
 *
 * Source: unsloth models/llama.py `get_peft_model`, `_offload_frozen_module_for_training`, models/_utils.py `offload_to_disk`.
 */

import type { Machine } from "../machine/machine.js";
import type { Tensor } from "../machine/tensor.js";
import type { Dtype } from "../../units/dtype.js";
import { bindCopy } from "./bind-copy.js";
import type { BoundModule } from "./bound-module.js";

export interface CopiesApart {
  /** Originals wait on the disk, and copies are made on the host. */
  readonly movesOriginals: boolean;
  /** What becomes float32 in a copy. */
  readonly widens: readonly Dtype[];
}

/** A module and all within it. */
export function withinModule(
  module: BoundModule,
  visit: (module: BoundModule, body: (child: BoundModule) => void) => void,
): readonly BoundModule[] {
  const found = [module];
  visit(module, (child) => found.push(...withinModule(child, visit)));
  return found;
}

/** Takes the weights that copies replace off the card, but for those that another module has, too. */
export function moveOriginals(
  m: Machine,
  modules: readonly BoundModule[],
  copied: readonly BoundModule[],
): void {
  const weightsOf = (some: readonly BoundModule[]): ReadonlySet<Tensor> =>
    new Set(some.flatMap(({ parameters }) => [...parameters.values()]));
  const stays = weightsOf(modules.filter((module) => !copied.includes(module)));
  for (const tensor of weightsOf(copied)) if (!stays.has(tensor)) m.release(tensor);
}

/** What comes back from the disk is torch's own embedding, which has no buffers. */
function bindPlainCopy(m: Machine, module: BoundModule, dtype: Dtype | "auto"): BoundModule {
  return bindCopy(m, { ...module, buffers: new Map() }, dtype);
}

/**
 * A copy is widened on the card: also one that comes from the host, from a 16-bit tensor beside it.
 *
 * Source: torch aten/src/ATen/native/cuda/Copy.cu `copy_kernel_cuda` ("If non_blocking is true - type conversions are performed on the GPU").
 */
export function bindApart(
  m: Machine,
  module: BoundModule,
  { movesOriginals, widens }: CopiesApart,
): BoundModule {
  const [original] = module.parameters.values();
  if (original === undefined || !widens.includes(original.dtype))
    return bindPlainCopy(m, module, "auto");
  const narrow = (): Tensor => m.empty("empty", original.shape, original.dtype);
  const before = movesOriginals ? undefined : narrow();
  const copy = bindPlainCopy(m, module, "float32");
  m.consume(before ?? narrow());
  return copy;
}
