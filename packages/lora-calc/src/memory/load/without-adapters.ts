/** A PEFT model with its adapters switched off (`disable_adapter`): the same weights, without what was added to them. */

import type { BoundModule } from "./bound-module.js";

export function withoutAdapters(module: BoundModule): BoundModule {
  const { path, node, parameters, buffers, quantization, dtype, kernels, loop } = module;
  return {
    ...{ path, node, parameters, buffers, dtype, kernels },
    ...(quantization === undefined ? {} : { quantization }),
    ...(loop === undefined ? {} : { loop }),
    children: new Map([...module.children].map(([name, child]) => [name, withoutAdapters(child)])),
    elements: module.elements.map(withoutAdapters),
  };
}
