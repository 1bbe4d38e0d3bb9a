/** What mixes the tokens of a sequence in a layer: attention, or a state that runs along them. */

import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import type { Tensor } from "../../machine/tensor.js";
import { callAttention } from "./attention.js";
import type { Attended } from "./attention.js";
import { callFloatTurnedAttention } from "./float-turned-attention.js";
import { callGatedDeltaNet } from "./gated-delta-net.js";
import { callLatentAttention } from "./latent-attention.js";
import { callMamba } from "./mamba.js";
import { callMamba2 } from "./mamba2.js";
import { callSharingAttention } from "./sharing-attention.js";
import { callSinusoidalAttention } from "./sinusoidal-attention.js";
import { callTabledAttention } from "./tabled-attention.js";
import { callUnmovedAttention } from "./unmoved-attention.js";
import { callShortConvolution } from "./short-convolution.js";

/** (b, s, hidden_size) → the same, and the scores of attention where the class returns them. */
export function callMixer(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  context: AttentionContext,
): Attended {
  const { forward } = module.node;
  const kind = forward?.kind;
  if (forward?.kind === "within") {
    return m.call<Attended>(module.path, [hidden], () =>
      callMixer(m, childOf(module, forward.inner), hidden, context),
    );
  }
  if (kind === "gated_delta_net") return [callGatedDeltaNet(m, module, hidden, context)];
  if (kind === "mamba") return [callMamba(m, module, hidden, context)];
  if (kind === "mamba2") return [callMamba2(m, module, hidden, context)];
  if (kind === "short_convolution") return [callShortConvolution(m, module, hidden, context)];
  if (kind === "sharing_attention") return callSharingAttention(m, module, hidden, context);
  if (kind === "sinusoidal_attention") return callSinusoidalAttention(m, module, hidden, context);
  if (kind === "unmoved_attention") return callUnmovedAttention(m, module, hidden, context);
  if (kind === "tabled_attention") return callTabledAttention(m, module, hidden, context);
  if (kind === "float_turned_attention") {
    return callFloatTurnedAttention(m, module, hidden, context);
  }
  if (kind === "latent_attention") return callLatentAttention(m, module, hidden, context);
  return callAttention(m, module, hidden, context);
}

/** Kinds that keep a state in place of keys and values, and are given no mask of pairs. */
export const WITH_STATE: ReadonlySet<string | undefined> = new Set([
  ...["gated_delta_net", "short_convolution", "mamba", "mamba2"],
]);
