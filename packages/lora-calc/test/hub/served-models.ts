/** Small repositories for a Hub of tests. */

import { InputError } from "lora-calc";
import type { Problem } from "lora-calc";
import { afterEach } from "vitest";
import { json, safetensors, serveHub } from "./hub-server.js";
import type { HubServer, ServedRepository } from "./hub-server.js";

export const CONFIG = {
  ...{ model_type: "llama", architectures: ["LlamaForCausalLM"], vocab_size: 100 },
  ...{ hidden_size: 64, intermediate_size: 128, num_hidden_layers: 1, num_attention_heads: 4 },
  tie_word_embeddings: true,
};
export const HEADER = {
  "model.embed_tokens.weight": { dtype: "BF16", shape: [100, 64], data_offsets: [0, 12_800] },
  "lm_head.weight": { dtype: "BF16", shape: [100, 64], data_offsets: [12_800, 25_600] },
};

export const SMALL: ServedRepository = {
  files: {
    "config.json": json(CONFIG),
    "model.safetensors": { bytes: safetensors(HEADER), size: 25_900 },
  },
};
/** What a look-up was refused with. */
export async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof InputError) return error.problem;
  throw new Error(`no Problem: ${String(error)}`);
}

export const TOKEN = "hf_thisIsASecret";

/** Serves repositories until the test is over. */
export function hubOfEachTest(): (
  repositories: Readonly<Record<string, ServedRepository>>,
) => Promise<HubServer> {
  let server: HubServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });
  return async (repositories) => (server = await serveHub(repositories));
}
