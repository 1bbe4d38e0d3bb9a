/**
 * Every token embedded as text and as each other sense, and the right one chosen: what a batch of text alone runs, too.
 *
 * Source: transformers models/gemma3n/modeling_gemma3n.py `Gemma3nModel.forward`, `Gemma3nMultimodalEmbedder`.
 */

import type { BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { pointwise } from "../../machine/ops/elementwise.js";
import { where } from "../../machine/ops/masked.js";
import { unsqueeze } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { decoderOf } from "./decoder.js";
import { callEmbedding } from "./embedding.js";
import { callLinear } from "./linear.js";
import { callNorm } from "./norm.js";
import { lookUpPerLayer } from "./per-layer-inputs.js";

interface SensesCall {
  readonly m: Machine;
  /** Of the model: its variables live until it returns. */
  readonly frame: Frame;
  /** In the order in which they are chosen. */
  readonly senses: readonly BoundModule[];
  readonly language: BoundModule;
}

interface Tokens {
  readonly inputIds: Tensor;
  /** As text. */
  readonly embedded: Tensor;
}

/** (b, s, hidden_size), and the vectors per layer of the text, where there are any. */
export function embedSenses(
  { m, frame, senses, language }: SensesCall,
  { inputIds, embedded }: Tokens,
): { readonly embedded: Tensor; readonly perLayer?: Tensor } {
  const { perLayerInputs: names } = decoderOf(language);
  const perLayer =
    names === undefined
      ? undefined
      : frame.hold(
          lookUpPerLayer(
            m,
            language,
            names,
            names.checksTokens === true ? inputIds : ofText(m, frame, inputIds),
          ),
        );
  let chosen = frame.hold(embedded);
  senses.forEach((sense, index) => {
    const isLast = index === senses.length - 1;
    const mask = frame.hold(isLast ? above(m, inputIds) : between(m, inputIds));
    const ids = frame.hold(
      m.frame((inner) => {
        inner.hold(m.empty("scalar_tensor", [], "int64"));
        return m.empty("where", inputIds.shape, "int64");
      }),
    );
    const felt = frame.hold(cast(m, callSense(m, sense, ids), chosen.dtype));
    chosen = frame.rebind(chosen, where(m, frame.hold(unsqueeze(m, mask, -1)), [felt, chosen]));
  });
  return { embedded: chosen, ...(perLayer === undefined ? {} : { perLayer }) };
}

/** Tokens, with zeros in the place of those of other senses; the mask and they keep their variables. */
function ofText(m: Machine, frame: Frame, inputIds: Tensor): Tensor {
  frame.hold(between(m, inputIds));
  const tokens = m.frame((inner) => {
    inner.hold(m.empty("zeros_like", inputIds.shape, "int64"));
    return m.empty("where", inputIds.shape, "int64");
  });
  return frame.hold(tokens);
}

function above(m: Machine, inputIds: Tensor): Tensor {
  return m.empty("ge", inputIds.shape, "bool");
}

function between(m: Machine, inputIds: Tensor): Tensor {
  const bounds = [above(m, inputIds), m.empty("lt", inputIds.shape, "bool")];
  return pointwise(m, "logical_and", bounds, "bool");
}

function callSense(m: Machine, module: BoundModule, ids: Tensor): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "sense_embedder") throw new Error(`${module.path} embeds no sense`);
  return m.call(module.path, [ids], (frame) => {
    const shifted = m.empty("sub", ids.shape, "int64");
    const hard = m.frame((inner) =>
      callEmbedding(m, childOf(module, forward.embedding), inner.hold(shifted)),
    );
    const kept = frame.hold(hard);
    const normed = frame.hold(callNorm(m, childOf(module, forward.norm), kept));
    const wide = frame.hold(callLinear(m, childOf(module, forward.projection), normed));
    return callNorm(m, childOf(module, forward.postNorm), wide);
  });
}
