/** Reads the headers of safetensors files: names, dtypes and shapes, never the weights. */

import { open, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isObject, MAX_TEXT_BYTES, parseJson, reject, rejectSize } from "lora-calc";
import { readText } from "./read-text.js";

/** A file begins with the length of its header, a little-endian uint64. */
const LENGTH_BYTES = 8;
/** What stands in a repository in place of a large file. */
const POINTER_START = "version ";
/** More files than any published model has. */
const MAX_FILES = 2000;

// A type, not an interface: it is handed on as any object of fields.
type ModelOfHeaders = Readonly<{
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
  const config = join(folder, "config.json");
  const facts = await stat(config).catch(() => undefined);
  if (facts?.isFile() !== true) return { safetensors };
  const { text, name } = await readText(config);
  const values = parseJson(text, name);
  return isObject(values) ? { safetensors, config: values } : { safetensors };
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
  const file = await open(path).catch(() => rejectFile(path, "cannot be read"));
  try {
    const { size: fileBytes } = await file.stat();
    const length = await readLength(file, path);
    if (length > MAX_TEXT_BYTES) rejectSize(`the header of ${path}`, Number(length));
    const bytes = Buffer.alloc(Number(length));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, LENGTH_BYTES);
    if (bytesRead < bytes.length) rejectFile(path, "ends inside its header");
    const header = parseJson(bytes.toString("utf8"), `the header of ${path}`);
    if (!isObject(header)) rejectFile(path, "has no header of tensors");
    return { header, headerBytes: LENGTH_BYTES + bytes.length, fileBytes };
  } finally {
    await file.close();
  }
}

async function readLength(file: Awaited<ReturnType<typeof open>>, path: string): Promise<bigint> {
  const bytes = Buffer.alloc(LENGTH_BYTES);
  const { bytesRead } = await file
    .read(bytes, 0, LENGTH_BYTES, 0)
    .catch(() => rejectFile(path, "cannot be read"));
  if (bytesRead < LENGTH_BYTES) rejectFile(path, "is too short");
  if (bytes.toString("latin1") === POINTER_START) {
    rejectFile(path, "is a Git LFS pointer, not the file itself (git lfs pull fetches it)");
  }
  return bytes.readBigUInt64LE();
}

function rejectFile(path: string, what: string): never {
  reject({
    code: "unreadable_file",
    path: "",
    message: `${path} ${what}; it should be a safetensors file`,
    received: path,
    expected: "a .safetensors file, or model.safetensors.index.json beside its files",
  });
}
