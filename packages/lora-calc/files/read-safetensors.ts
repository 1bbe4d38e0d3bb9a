/** Reads the headers of safetensors files: names, dtypes and shapes, never the weights. */

import { open, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  HEADER_LENGTH_BYTES,
  headerEnd,
  InputError,
  isObject,
  parseHeader,
  parseJson,
  reject,
} from "lora-calc";
import { readText } from "./read-text.js";

/** More files than any published model has. */
const MAX_FILES = 2000;

// A type, not an interface: it is handed on as any object of fields.
export type ModelOfHeaders = Readonly<{
  safetensors: Readonly<Record<string, unknown>>;
  config?: Readonly<Record<string, unknown>>;
}>;

/** The model of a file, or of all files that an index names, with the config.json in the same folder if there is one. */
export async function readSafetensors(path: string): Promise<ModelOfHeaders> {
  const folder = dirname(path);
  const files = path.endsWith(".json") ? await filesOfIndex(path) : [path];
  const headers = [];
  for (const file of files) headers.push((await readHeader(file)).header);
  const safetensors = Object.assign({}, ...headers) as Record<string, unknown>;
  const config = await configIn(folder);
  return config === undefined ? { safetensors } : { safetensors, config };
}

/** What lies in the folder of a snapshot: a part of the repository, for only what was asked for is downloaded. */
export async function readSnapshot(folder: string): Promise<Partial<ModelOfHeaders>> {
  const config = await configIn(folder);
  if (config === undefined) return {};
  for (const name of ["model.safetensors.index.json", "model.safetensors"]) {
    try {
      const { safetensors } = await readSafetensors(join(folder, name));
      return { config, safetensors };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  }
  return { config };
}

async function configIn(folder: string): Promise<ModelOfHeaders["config"]> {
  const path = join(folder, "config.json");
  const facts = await stat(path).catch(() => undefined);
  if (facts?.isFile() !== true) return undefined;
  const { text, name } = await readText(path);
  const values = parseJson(text, name);
  return isObject(values) ? values : undefined;
}

async function filesOfIndex(path: string): Promise<readonly string[]> {
  const { text, name } = await readText(path);
  const index = parseJson(text, name);
  const map = isObject(index) ? index["weight_map"] : undefined;
  const files = [...new Set(isObject(map) ? Object.values(map) : [])];
  const isName = (file: unknown): file is string =>
    typeof file === "string" && !/[\\/]/.test(file) && file.endsWith(".safetensors");
  if (files.length === 0 || files.length > MAX_FILES || !files.every(isName)) {
    reject({
      code: "invalid_value",
      path: "weight_map",
      message: `${path} has no weight_map from tensors to safetensors files in its folder; is it model.safetensors.index.json?`,
      expected: '{ "weight_map": { tensor: file } }',
    });
  }
  return files.map((file) => join(dirname(path), file));
}

/** A header, and what it says about the size of its file. */
export interface HeaderOfFile {
  readonly header: Readonly<Record<string, unknown>>;
  /** Bytes before the data. */
  readonly headerBytes: number;
  readonly fileBytes: number;
}

export async function readHeader(path: string): Promise<HeaderOfFile> {
  const file = await open(path).catch(() => rejectFile(path));
  try {
    const { size: fileBytes } = await file.stat();
    const start = await readAt(file, path, { offset: 0, length: HEADER_LENGTH_BYTES });
    const headerBytes = headerEnd(start, path, fileBytes);
    const length = headerBytes - HEADER_LENGTH_BYTES;
    const text = await readAt(file, path, { offset: HEADER_LENGTH_BYTES, length });
    return { header: parseHeader(text.toString("utf8"), path), headerBytes, fileBytes };
  } finally {
    await file.close();
  }
}

async function readAt(
  file: Awaited<ReturnType<typeof open>>,
  path: string,
  { offset, length }: { readonly offset: number; readonly length: number },
): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, offset).catch(() => rejectFile(path));
  return bytes.subarray(0, bytesRead);
}

function rejectFile(path: string): never {
  reject({
    code: "unreadable_file",
    path: "",
    message: `${path} cannot be read; it should be a safetensors file`,
    received: path,
    expected: "a .safetensors file, or model.safetensors.index.json beside its files",
  });
}
