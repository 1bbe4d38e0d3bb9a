/** What an optimizer steps over. */

import { withinCopy } from "./bind-copy.js";
import type { Tensor } from "../machine/tensor.js";
import type { BoundModule } from "./bound-module.js";

export interface Trained {
  /** Everything with `requires_grad`, in the order of `model.parameters()`. */
  readonly parameters: readonly Tensor[];
  /** Those that are weights of embeddings. */
  readonly embeddings: ReadonlySet<Tensor>;
  /** Those that are copies of whole modules. */
  readonly copies: ReadonlySet<Tensor>;
}

/** What an optimizer is given whose copies are a group of their own, behind the others, and whose embeddings nobody registers. */
export function copiesApart({ parameters, copies }: Trained): Trained {
  const [first, last] = [parameters.filter((each) => !copies.has(each)), [...copies]];
  return { parameters: [...first, ...last], embeddings: new Set(), copies };
}

export function trainedOf(root: BoundModule): Trained {
  const parameters = new Set<Tensor>();
  const embeddings = new Set<Tensor>();
  const copies = new Set<Tensor>();
  const visit = (module: BoundModule): void => {
    const { lora, copy, tokens, parameterLoras = [] } = module;
    const copied = (copy === undefined ? [] : withinCopy(copy)).flatMap((each) => [
      ...each.parameters.values(),
    ]);
    for (const tensor of copied) copies.add(tensor);
    const own = [
      ...module.parameters.values(),
      ...[lora?.a, lora?.b, lora?.bias, lora?.magnitude],
      ...parameterLoras.toReversed().flatMap((each) => [each.lora.a, each.lora.b]),
      ...copied,
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
  return { parameters: [...parameters], embeddings, copies };
}
