/** What an optimizer steps over. */

import { withinCopy } from "./bind-copy.js";
import type { Tensor } from "../machine/tensor.js";
import type { BoundModule } from "./bound-module.js";

export interface Trained {
  /** Everything with `requires_grad`, in the order of `model.parameters()`. */
  readonly parameters: readonly Tensor[];
  /** Those that are weights of embeddings. */
  readonly embeddings: ReadonlySet<Tensor>;
}

export function trainedOf(root: BoundModule): Trained {
  const parameters = new Set<Tensor>();
  const embeddings = new Set<Tensor>();
  const visit = (module: BoundModule): void => {
    const { lora, copy, tokens, parameterLoras = [] } = module;
    const own = [
      ...module.parameters.values(),
      ...[lora?.a, lora?.b, lora?.bias, lora?.magnitude],
      ...parameterLoras.toReversed().flatMap((each) => [each.lora.a, each.lora.b]),
      ...(copy === undefined ? [] : withinCopy(copy)).flatMap(({ parameters: copied }) => [
        ...copied.values(),
      ]),
    ];
    for (const tensor of own) {
      if (tensor?.requiresGrad !== true) continue;
      parameters.add(tensor);
      if (module.node.layer?.kind === "embedding") embeddings.add(tensor);
    }
    if (tokens !== undefined) parameters.add(tokens.delta);
    for (const child of [...module.children.values(), ...module.elements]) visit(child);
  };
  visit(root);
  return { parameters: [...parameters], embeddings };
}
