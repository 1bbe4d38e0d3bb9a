/** Trains the experiment's networks beside the page. */

import { trainBoth } from "lora-calc/teach";
import type { AdapterSettings, Outcome, Progress } from "lora-calc/teach";

export type Told =
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "outcome"; readonly outcome: Outcome };

addEventListener("message", ({ data }: MessageEvent<AdapterSettings>) => {
  const training = trainBoth(data);
  let next = training.next();
  while (next.done !== true) {
    postMessage({ kind: "progress", progress: next.value } satisfies Told);
    next = training.next();
  }
  postMessage({ kind: "outcome", outcome: next.value } satisfies Told);
});
