/** LitGPT's model from token ids to logits. Source: litgpt 0.5.13 model.py `GPT.forward`. */

import { embedding } from "../../machine/ops/embedding.js";
import { cast } from "../../machine/ops/cast.js";
import { mulScalar } from "../../machine/ops/elementwise.js";
import { splitInto } from "../../machine/ops/split.js";
import type { Tensor } from "../../machine/tensor.js";
import { callBlock, rmsNorm } from "./block.js";
import type { BlockCall } from "./block.js";
import { callStable } from "./packed.js";
import { callLinear } from "./linear.js";
import type { Gpt } from "./weights.js";

/** Ids (b, s) → logits of `chunk` positions at a time, (b, chunk, vocabulary) each, the last of fewer. */
export function callGpt(call: BlockCall, gpt: Gpt, ids: Tensor, chunk: number): readonly Tensor[] {
  const { m, use } = call;
  return m.frame<readonly Tensor[]>((frame) => {
    const { stable } = gpt;
    const looked =
      stable === undefined ? embedding(m, ids, gpt.embedding) : callStable(m, stable, ids);
    let x = frame.hold(looked);
    if (use.isGemma) x = frame.rebind(x, mulScalar(m, x));
    gpt.blocks.forEach((block, position) => {
      m.enterSection(gpt.loop, position);
      const path = `transformer.h.${String(gpt.loop.indices[position])}`;
      x = frame.rebind(x, callBlock(call, block, x, path));
    });
    m.leaveSection();
    const normed = frame.rebind(x, rmsNorm(call, gpt.finalNorm, x));
    const parts = chunk < ids.size(1) ? splitInto(m, normed, 1, chunk) : [normed];
    for (const part of parts) frame.hold(part);
    return m.withKind("logits", () =>
      parts.map((part) => frame.hold(callLinear(call, gpt.head, part))),
    );
  });
}

/** Fabric gives outputs in float32; those in 16 bits are all there until the last is cast. */
export function inFloat32({ m }: BlockCall, logits: readonly Tensor[]): readonly Tensor[] {
  return m.withKind("logits", () =>
    m.frame<readonly Tensor[]>((frame) => {
      for (const each of logits) frame.hold(each);
      return logits.map((each) => frame.hold(cast(m, each, "float32")));
    }),
  );
}
