/** Reads a published adapter: its configuration, and the header of its tensors where they lie beside it. */

import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isObject, parseJson, reject } from "lora-calc";
import type { AdapterFiles } from "lora-calc";
import { readHeader } from "./read-safetensors.js";
import { readText } from "./read-text.js";

const CONFIG = "adapter_config.json";
/** PEFT's, then MLX's. */
const TENSORS = ["adapter_model.safetensors", "adapters.safetensors"];
/** Pickles, which are programs: their tensors are not read. */
const PICKLES = ["adapter_model.bin", "adapter_model.pt", "pytorch_model.bin"];

export interface AdapterOnDisk {
  readonly files: AdapterFiles;
  /** File of the tensors, if there is one. */
  readonly tensorsPath?: string;
  /** What the reader should know about the files themselves. */
  readonly talk: readonly string[];
}

/** The adapter in a folder, or of one of its two files. */
export async function readAdapter(source: string): Promise<AdapterOnDisk> {
  const isFolder = (await stat(source).catch(() => undefined))?.isDirectory() === true;
  const folder = isFolder ? source : dirname(source);
  const isTensors = source.endsWith(".safetensors");
  const configPath = isFolder || isTensors ? join(folder, CONFIG) : source;
  const config = await readConfig(configPath);
  const tensorsPath = isTensors ? source : await firstOf(folder, TENSORS);
  if (tensorsPath !== undefined && source !== "-") {
    return { files: { config, ...(await readHeader(tensorsPath)) }, tensorsPath, talk: [] };
  }
  const pickle = await firstOf(folder, PICKLES);
  const talk =
    pickle === undefined || source === "-"
      ? []
      : [
          `${pickle} is a pickle and is not read; save with safe_serialization=True to have it checked.`,
        ];
  return { files: { config }, talk };
}

async function readConfig(path: string): Promise<unknown> {
  const { text, name } = await readText(path);
  const config = parseJson(text, name);
  if (isObject(config)) return config;
  reject({
    code: "invalid_type",
    path: "adapter",
    message: `${name} is not an object; is it ${CONFIG}?`,
    received: config,
    expected: "an object with peft_type",
  });
}

async function firstOf(folder: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    const path = join(folder, name);
    if ((await stat(path).catch(() => undefined))?.isFile() === true) return path;
  }
  return undefined;
}
