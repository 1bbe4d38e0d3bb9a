/** Starts the experiment in a worker, or on the page where workers may not start. */

import { trainBoth } from "lora-calc/teach";
import type { AdapterSettings } from "lora-calc/teach";
import type { Told } from "./experiment-worker.js";

/** Tells of every step; what comes back stops it. */
export function startExperiment(
  settings: AdapterSettings,
  tell: (told: Told) => void,
  fail: () => void,
): () => void {
  if (typeof Worker === "undefined" || location.protocol === "file:") {
    return trainHere(settings, tell);
  }
  const worker = new Worker(new URL("./experiment-worker.ts", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<Told>) => tell(data);
  worker.onerror = fail;
  worker.postMessage(settings);
  return () => worker.terminate();
}

/** A few steps at a time, so that the page stays answerable. */
function trainHere(settings: AdapterSettings, tell: (told: Told) => void): () => void {
  const training = trainBoth(settings);
  let timer = setTimeout(goOn);
  function goOn(): void {
    const next = training.next();
    if (next.done === true) {
      tell({ kind: "outcome", outcome: next.value });
      return;
    }
    tell({ kind: "progress", progress: next.value });
    timer = setTimeout(goOn);
  }
  return () => clearTimeout(timer);
}
