/** The part of a model between token ids and hidden states: a decoder, or what stands around one. */

import type { VisionLanguageForward } from "../../../graph/tree/forward.js";
import { missing } from "../../../problem/missing.js";
import type { BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { pointwise } from "../../machine/ops/elementwise.js";
import type { Tensor } from "../../machine/tensor.js";
import type { Batch, ForwardOptions } from "./batch.js";
import { callAlibiDecoder } from "./alibi-decoder.js";
import { callDecoder, decoderOf, embedTokens } from "./decoder.js";
import { buildMasks } from "./masks.js";
import { embedSenses } from "./sense-embedders.js";
import { lookUpPerLayer } from "./per-layer-inputs.js";

/** `backbone(input_ids)`: (b, s) → (b, s, hidden_size); of a model that sees, what a batch of text alone runs. */
export function callBackbone(
  m: Machine,
  module: BoundModule,
  batch: Batch,
  options: ForwardOptions,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind === "within") {
    return m.call(module.path, [], () =>
      callBackbone(m, childOf(module, forward.inner), batch, options),
    );
  }
  if (forward?.kind === "alibi_decoder") return callAlibiDecoder(m, module, batch, options);
  if (forward?.kind !== "vision_language") return callDecoder(m, module, { batch, options });
  const language = childOf(module, forward.language);
  if (forward.embedsInside === true) {
    return m.call(module.path, [], () => callDecoder(m, language, { batch, options }));
  }
  return m.call(module.path, [], (frame) => {
    const decoder = decoderOf(language);
    const inputIds = frame.hold(withoutPlaceholders(m, frame, forward, batch.inputIds));
    const looked = { batch: { ...batch, inputIds }, options };
    const ofText = embedTokens(m, language, looked);
    const senses = forward.senses?.map((name) => childOf(module, name));
    const { embedded, ...perLayer } =
      senses === undefined
        ? withPerLayer(m, frame, language, { inputIds, embedded: frame.hold(ofText) })
        : embedSenses({ m, frame, senses, language }, { inputIds, embedded: ofText });
    const inputs = { batch, options, dtype: embedded.dtype };
    const call = { m, frame, module: language, forward: decoder };
    const positions =
      forward.countsFrom === undefined
        ? undefined
        : frame.hold(positionsFrom(m, language, batch, forward.countsFrom));
    const masks = forward.makesMasks === true ? buildMasks(call, inputs) : undefined;
    return callDecoder(
      m,
      language,
      { batch, options },
      { embedded, positions, masks, ...perLayer },
    );
  });
}

/** Tokens with others in the place of those that stand for pictures, where the class replaces them. */
function withoutPlaceholders(
  m: Machine,
  frame: Frame,
  { replacesTokens, placeholders = 0 }: VisionLanguageForward,
  inputIds: Tensor,
): Tensor {
  const { shape } = inputIds;
  if (replacesTokens === true) {
    frame.hold(m.empty("eq", shape, "bool"));
    return m.empty("clone", shape, "int64");
  }
  if (placeholders === 0) return inputIds;
  const kinds = Array.from({ length: placeholders }, () =>
    frame.hold(m.empty("eq", shape, "bool")),
  );
  kinds
    .slice(1)
    .reduce(
      (all, kind) => frame.rebind(all, pointwise(m, "bitwise_or", [all, kind], "bool")),
      frame.hold(kinds[0] ?? missing()),
    );
  return m.frame((inner) => {
    inner.hold(m.empty("clone", shape, "int64"));
    inner.hold(m.empty("scalar_tensor", [], "int64"));
    return m.empty("where", shape, "int64");
  });
}

/** Vectors per layer, of tokens without placeholders. The embedding of padding takes the place of those, too; nothing uses it. */
function withPerLayer(
  m: Machine,
  frame: Frame,
  language: BoundModule,
  { inputIds, embedded }: { readonly inputIds: Tensor; readonly embedded: Tensor },
): { readonly embedded: Tensor; readonly perLayer?: Tensor } {
  const { perLayerInputs: names } = decoderOf(language);
  if (names === undefined) return { embedded };
  frame.hold(m.empty("where", embedded.shape, embedded.dtype));
  return { embedded, perLayer: frame.hold(lookUpPerLayer(m, language, names, inputIds)) };
}

/** `position_ids + first`. Source: transformers models/paligemma/modeling_paligemma.py, models/gemma4/modeling_gemma4.py. */
function positionsFrom(m: Machine, language: BoundModule, batch: Batch, first: 0 | 1): Tensor {
  const positions = language.kernels.positionIds(m, batch.inputIds.size(-1));
  if (first === 0) return positions;
  return m.frame((frame) => pointwise(m, "add", [frame.hold(positions)], "int64"));
}
