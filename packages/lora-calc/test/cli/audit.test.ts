/** Adapters on disk: which files are read, and what the command says of them. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError } from "lora-calc";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runAudit } from "../../cli/commands/audit.js";
import { readAdapter } from "../../files/read-adapter.js";
import { caught } from "./caught-output.js";
import type { Caught } from "./caught-output.js";

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lora-calc-"));
});
afterEach(() => rm(folder, { recursive: true }));

const KEY = "base_model.model.transformer.h.0.attn.c_attn";
const CONFIG = {
  peft_type: "LORA",
  r: 8,
  target_modules: ["c_attn"],
  layers_to_transform: [0],
  base_model_name_or_path: "gpt2",
};
/** c_attn of gpt2 is 768 x 2304. */
const HEADER = {
  [`${KEY}.lora_A.weight`]: { dtype: "F32", shape: [8, 768], data_offsets: [0, 24_576] },
  [`${KEY}.lora_B.weight`]: { dtype: "F32", shape: [2304, 8], data_offsets: [24_576, 98_304] },
};

async function put(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

async function putTensors(header: unknown, dataBytes: number): Promise<string> {
  const text = JSON.stringify(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const path = join(folder, "adapter_model.safetensors");
  await writeFile(path, Buffer.concat([length, Buffer.from(text), Buffer.alloc(dataBytes)]));
  return path;
}

function audited(source: string, json = false): Promise<Caught> {
  return caught((output) => runAudit(source, { json }, output));
}

function codeOf(run: Promise<unknown>): Promise<unknown> {
  return run.catch((error: unknown) => (error instanceof InputError ? error.problem : error));
}

describe("audit", () => {
  it.each(["", "adapter_config.json", "adapter_model.safetensors"])(
    "reads a folder, or either of its files: %s",
    async (name) => {
      await put("adapter_config.json", CONFIG);
      await putTensors(HEADER, 98_304);
      const { code, text } = await audited(join(folder, name));
      expect(code).toBe(0);
      expect(text).toContain("Configuration, tensors and base agree.");
      expect(text).toContain("trainable params: 24,576 || all params: 124,464,384 ||");
    },
  );

  it("ends with 2 where PEFT could not load the files", async () => {
    await put("adapter_config.json", { ...CONFIG, r: 16 });
    await putTensors(HEADER, 98_304);
    const { code, text } = await audited(folder);
    expect(code).toBe(2);
    expect(text).toContain("error shape_differs");
  });

  it("sees that a download was cut", async () => {
    await put("adapter_config.json", CONFIG);
    await putTensors(HEADER, 98_000);
    expect((await audited(folder)).text).toMatch(/304\s+are missing/);
  });

  it("gives everything as JSON", async () => {
    await put("adapter_config.json", CONFIG);
    const { text } = await audited(folder, true);
    expect(JSON.parse(text)).toMatchObject({
      schema: 1,
      tool: "PEFT",
      base: "gpt2",
      parameters: { trainable: 24_576 },
    });
  });

  it("says that a pickle is not read, and counts the configuration", async () => {
    await put("adapter_config.json", CONFIG);
    await put("adapter_model.bin", "PK");
    const { code, talk } = await audited(folder);
    expect(code).toBe(0);
    expect(talk).toContain("adapter_model.bin is a pickle");
  });

  it("names what is wrong with the files", async () => {
    expect(await codeOf(readAdapter(folder))).toMatchObject({ code: "unreadable_file" });
    const config = await put("adapter_config.json", "[1]");
    expect(await codeOf(readAdapter(config))).toMatchObject({ code: "invalid_type" });
    await put("adapter_config.json", CONFIG);
    await put("adapter_model.safetensors", "version https://git-lfs.github.com/spec/v1\n");
    const problem = await codeOf(readAdapter(folder));
    expect(problem).toHaveProperty("message", expect.stringContaining("Git LFS pointer"));
  });
});
