/** Names that the catalogue lacks, at the command line: looked for in the cache and on a Hub of this machine. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runAudit } from "../../cli/commands/audit.js";
import { refuse } from "../../cli/commands/answers.js";
import { runBatch } from "../../cli/commands/batch.js";
import { runEstimate } from "../../cli/commands/estimate.js";
import type { Output } from "../../cli/output.js";
import { json, safetensors, serveHub } from "../hub/hub-server.js";
import type { HubServer } from "../hub/hub-server.js";
import { caught } from "./caught-output.js";
import type { Caught } from "./caught-output.js";

const CONFIG = {
  ...{ model_type: "llama", vocab_size: 1000, hidden_size: 64, intermediate_size: 128 },
  ...{ num_hidden_layers: 2, num_attention_heads: 4, tie_word_embeddings: false },
};
const LORA = {
  peft_type: "LORA",
  r: 4,
  target_modules: ["q_proj"],
  base_model_name_or_path: "owner/new",
};
const TOKEN = "hf_thisIsASecret";

let server: HubServer;
let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "lora-calc-"));
  const names = [0, 1].flatMap((index) =>
    ["A", "B"].map(
      (which) => `base_model.model.model.layers.${index}.self_attn.q_proj.lora_${which}.weight`,
    ),
  );
  // Each of 4 · 64 numbers of 4 bytes, one behind the other.
  const tensors = names.map((name, index) => {
    const shape = name.includes("lora_A") ? [4, 64] : [64, 4];
    return [
      name,
      { dtype: "F32", shape, data_offsets: [1024 * index, 1024 * (index + 1)] },
    ] as const;
  });
  const bytes = safetensors(Object.fromEntries(tensors));
  server = await serveHub({
    "owner/new": { files: { "config.json": json(CONFIG) } },
    "owner/lora": {
      files: {
        "adapter_config.json": json(LORA),
        "adapter_model.safetensors": { bytes, size: bytes.length + 4096 },
      },
    },
  });
  vi.stubEnv("HF_ENDPOINT", server.endpoint);
  vi.stubEnv("HF_HOME", home);
  vi.stubEnv("HF_HUB_CACHE", join(home, "hub"));
  vi.stubEnv("XDG_CACHE_HOME", home);
  vi.stubEnv("HF_TOKEN", TOKEN);
  for (const name of ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "http_proxy", "HTTP_PROXY"])
    vi.stubEnv(name, undefined);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
  await rm(home, { recursive: true });
});

const online = (run: (output: Output) => Promise<number>): Promise<Caught> =>
  caught((output) => run({ ...output, offline: false }));

describe("a name that the catalogue lacks", () => {
  it("is looked up, says so, and never says the token", async () => {
    const flags = new Map([["--rank", "8"]]);
    const { code, text, talk } = await online((output) =>
      runEstimate("owner/new", flags, { json: false, check: false }, output),
    );
    expect(code).toBe(0);
    // Rank 8 on two layers: 8 · (4 · 128 + 3 · 192) each.
    expect(text).toContain("trainable params: 17,408");
    expect(talk).toContain("for owner/new");
    expect(talk).toContain("owner/new has no safetensors");
    expect(text + talk).not.toContain(TOKEN);
    expect(server.asked.every(({ authorization }) => authorization === `Bearer ${TOKEN}`)).toBe(
      true,
    );
  });

  it("of an adapter brings its fields", async () => {
    const { text } = await online((output) =>
      runEstimate("owner/lora", new Map(), { json: false, check: false }, output),
    );
    // Rank 4 on q_proj of two layers: 4 · 128 each.
    expect(text).toContain("trainable params: 1,024");
  });

  it("in a batch is asked for once, and a line without an answer keeps its id", async () => {
    const lines = [
      { id: "a", model: "owner/new", adapter: { r: 8 } },
      { id: "b", model: "owner/nothing", adapter: { r: 8 } },
      { id: "c", model: "owner/new", adapter: { r: 16 } },
    ];
    const input = (async function* () {
      await Promise.resolve();
      yield Buffer.from(lines.map((line) => JSON.stringify(line)).join("\n"));
    })();
    const { text } = await online((output) =>
      runBatch(input, { full: false, check: false }, output),
    );
    const results = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(results.map(({ id, error }) => [id, error === undefined])).toEqual([
      ["a", true],
      ["b", false],
      ["c", true],
    ]);
    expect(server.asked.filter(({ url }) => url.endsWith("main/config.json"))).toHaveLength(2);
  });
});

describe("audit NAME", () => {
  it("recounts a published adapter on the base that it names", async () => {
    const { code, text } = await online((output) => runAudit("owner/lora", { json: true }, output));
    expect(code).toBe(0);
    expect(JSON.parse(text)).toMatchObject({ findings: [] });
    expect(server.asked.some(({ url }) => url.startsWith("/owner/new/"))).toBe(true);
  });

  it("that is nowhere is bad input", async () => {
    await expect(
      online((output) => runAudit("owner/nothing", { json: true }, output)),
    ).rejects.toThrow("has no model owner/nothing");
  });
});

it.each([
  ["network_error", 4],
  ["rate_limited", 4],
  ["access_denied", 2],
  ["unknown_model", 2],
  ["internal", 1],
] as const)("%s ends with %d", async (code, exit) => {
  const problem = { code, path: "model", message: "why" };
  expect((await online((output) => refuse(problem, true, output))).code).toBe(exit);
});
