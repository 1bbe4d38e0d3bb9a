/**
 * An encoder without positions in its embeddings: distances between tokens are a table that all layers attend to.
 *
 * Source: transformers models/deberta_v2/modeling_deberta_v2.py `DebertaV2Model`, `DebertaV2Embeddings`, `DebertaV2Encoder`.
 */

import { missing } from "../../../problem/missing.js";
import type { BoundModule } from "../../load/bound-module.js";
import { childOf, parameterOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { dropout } from "../../machine/ops/dropout.js";
import { mul, pointwise } from "../../machine/ops/elementwise.js";
import { unsqueeze } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { Batch, ForwardOptions } from "./batch.js";
import { callConvolutionLayer } from "./convolution-layer.js";
import { callEmbedding } from "./embedding.js";
import { runLayers } from "./layers.js";
import { callNorm } from "./norm.js";

/** `encoder(input_ids)`: (b, s) → (b, s, hidden_size). */
export function callDisentangledEncoder(
  m: Machine,
  module: BoundModule,
  batch: Batch,
  options: ForwardOptions,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "disentangled_encoder") throw new Error(`${module.path} is another`);
  return m.call(module.path, [], (frame) => {
    const { inputIds, attentionMask } = batch;
    const mask = frame.hold(attentionMask ?? m.empty("ones", inputIds.shape, "float32"));
    frame.hold(m.empty("zeros", inputIds.shape, "int64"));
    const embeddings = childOf(module, forward.embeddings);
    const embedded = frame.hold(embedMasked(m, embeddings, { inputIds, mask }, options));
    return callRelativeLayers(m, childOf(module, forward.encoder), { embedded, mask }, options);
  });
}

interface Embedding {
  readonly inputIds: Tensor;
  readonly mask: Tensor;
}

function embedMasked(
  m: Machine,
  module: BoundModule,
  { inputIds, mask }: Embedding,
  options: ForwardOptions,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "masked_embeddings") throw new Error(`${module.path} embeds no text`);
  return m.call(module.path, [inputIds, mask], (frame) => {
    const words = frame.hold(callEmbedding(m, childOf(module, forward.words), inputIds));
    if (options.inputRequiresGrad && words.isLeaf) words.requiresGrad = true;
    // Zeros stand for positions that are not added.
    frame.hold(m.empty("zeros_like", words.shape, words.dtype));
    const normed = frame.hold(callNorm(m, childOf(module, forward.norm), words));
    const factors = frame.hold(cast(m, unsqueeze(m, mask, 2), normed.dtype));
    const masked = frame.rebind(normed, mul(m, normed, factors));
    return frame.rebind(masked, dropout(m, masked, forward.dropout));
  });
}

interface LayersInput {
  readonly embedded: Tensor;
  readonly mask: Tensor;
}

/** All hidden states have names until the encoder returns. */
function callRelativeLayers(
  m: Machine,
  module: BoundModule,
  { embedded, mask }: LayersInput,
  options: ForwardOptions,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "relative_layers") throw new Error(`${module.path} has no layers`);
  return m.call(module.path, [embedded, mask], (frame) => {
    const [rows = 1, length = 1] = mask.shape;
    const pairs = m.empty("mul", [rows, 1, length, length], mask.dtype);
    frame.hold(pairs);
    const places = frame.hold(distancesBetween(m, module, length));
    const rowsOf = parameterOf(childOf(module, forward.table), "weight");
    const { norm } = forward;
    const table = norm === undefined ? rowsOf : callNorm(m, childOf(module, norm), rowsOf);
    frame.hold(table);
    const context = {
      ...{ implementation: options.attention, card: options.card, mask: pairs },
      distances: { places, table },
    };
    frame.hold(embedded);
    const layers = childOf(module, forward.layers);
    const contexts = () => context;
    const { convolution } = forward;
    const afterFirst = (residual: Tensor): Tensor =>
      convolution === undefined
        ? residual
        : callConvolutionLayer(m, childOf(module, convolution), {
            hidden: embedded,
            residual,
            mask,
          });
    const run = { contexts, options, afterFirst, keepsStates: true };
    return runLayers({ m, frame, layers }, embedded, run);
  });
}

/** (s, s) differences of positions; in buckets, far ones by their logarithm. */
function distancesBetween(m: Machine, { node, kernels }: BoundModule, length: number): Tensor {
  const { forward } = node;
  const countsBuckets = forward?.kind === "relative_layers" && forward.countsBuckets;
  return m.frame((frame) => {
    const [queries, keys] = [0, 1].map(() => frame.hold(m.empty("arange", [length], "int64")));
    const shape = [queries?.size(0) ?? missing(), keys?.size(0) ?? missing()];
    const between = frame.hold(m.empty("sub", shape, "int64"));
    if (!countsBuckets) return between;
    const buckets = frame.rebind(between, inBuckets(m, between, kernels.scriptsDistances));
    return frame.rebind(buckets, pointwise(m, "_to_copy", [m.alias(buckets)], "int64"));
  });
}

/** Source: `make_log_bucket_position`: as a script its tensors end with their last use, as a function with it. */
function inBuckets(m: Machine, between: Tensor, isScript: boolean): Tensor {
  return m.frame((frame: Frame) => {
    const of = (tag: string, inputs: readonly Tensor[], dtype: Tensor["dtype"]): Tensor =>
      pointwise(m, tag, inputs, dtype);
    const seen = (x: Tensor): Tensor => m.alias(x);
    const sign = frame.hold(of("sign", [seen(between)], "int64"));
    const below = of("lt", [seen(between)], "bool");
    const above = of("gt", [seen(between)], "bool");
    const near = frame.hold(of("bitwise_and", [below, above], "bool"));
    const bound = isScript ? undefined : frame.hold(m.empty("lift_fresh", [], "int64"));
    const size = of("abs", [seen(between)], "int64");
    const far = frame.hold(of("where", [seen(near), size], "int64"));
    frame.drop(near);
    if (bound !== undefined) frame.drop(bound);
    const logarithm = of("log", [of("div", [seen(far)], "float32")], "float32");
    const one = logOfNumber(m, isScript);
    const share = of("mul", [of("div", [logarithm, one], "float32")], "float32");
    const whole = frame.hold(of("add", [of("ceil", [share], "float32")], "float32"));
    const isNear = frame.hold(of("le", [seen(far)], "bool"));
    if (isScript) frame.drop(far);
    const plain = frame.hold(of("_to_copy", [seen(between)], "float32"));
    const signed = frame.hold(of("mul", [seen(whole), seen(sign)], "float32"));
    if (isScript) {
      frame.drop(whole);
      frame.drop(sign);
    }
    return of("where", [seen(isNear), seen(plain), seen(signed)], "float32");
  });
}

function logOfNumber(m: Machine, isScript: boolean): Tensor {
  return isScript
    ? m.empty("log", [], "float32")
    : pointwise(m, "log", [m.empty("lift_fresh", [], "float32")], "float32");
}
