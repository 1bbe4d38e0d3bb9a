/** Files of weights as the model of a scenario: their headers are read, nothing else. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError } from "lora-calc";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readSafetensors } from "../../files/read-safetensors.js";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lora-calc-"));
});
afterAll(() => rm(folder, { recursive: true }));

const TENSOR = { dtype: "BF16", shape: [8, 4], data_offsets: [0, 64] };

async function write(name: string, header: unknown): Promise<string> {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
  const path = join(folder, name);
  await writeFile(path, Buffer.concat([length, Buffer.from(text), Buffer.alloc(64)]));
  return path;
}

function messageOf(read: Promise<unknown>): Promise<unknown> {
  return read.catch((error: unknown) => (error instanceof InputError ? error.problem.code : error));
}

it("reads the header of one file", async () => {
  const path = await write("one.safetensors", { __metadata__: {}, "a.weight": TENSOR });
  expect(await readSafetensors(path)).toEqual({
    safetensors: { __metadata__: {}, "a.weight": TENSOR },
  });
});

it("reads all files of an index", async () => {
  await write("model-1.safetensors", { "a.weight": TENSOR });
  await write("model-2.safetensors", { "b.weight": TENSOR });
  const index = join(folder, "model.safetensors.index.json");
  const map = { "a.weight": "model-1.safetensors", "b.weight": "model-2.safetensors" };
  await writeFile(index, JSON.stringify({ weight_map: map }));
  expect(await readSafetensors(index)).toEqual({
    safetensors: { "a.weight": TENSOR, "b.weight": TENSOR },
  });
});

it("takes the config.json beside it", async () => {
  const config = { model_type: "llama" };
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  const path = await write("with.safetensors", { "a.weight": TENSOR });
  expect(await readSafetensors(path)).toMatchObject({ config });
});

it("names what is wrong with a file", async () => {
  const short = join(folder, "short.safetensors");
  await writeFile(short, "abc");
  expect(await messageOf(readSafetensors(short))).toBe("unreadable_file");
  const broken = await write("broken.safetensors", "{");
  expect(await messageOf(readSafetensors(broken))).toBe("invalid_json");
  const huge = join(folder, "huge.safetensors");
  await writeFile(huge, Buffer.alloc(8, 0xff));
  expect(await messageOf(readSafetensors(huge))).toBe("limit_exceeded");
  const missing = join(folder, "missing.safetensors");
  expect(await messageOf(readSafetensors(missing))).toBe("unreadable_file");
  const outside = join(folder, "outside.safetensors.index.json");
  await writeFile(outside, JSON.stringify({ weight_map: { a: "../secret.safetensors" } }));
  expect(await messageOf(readSafetensors(outside))).toBe("invalid_value");
});
