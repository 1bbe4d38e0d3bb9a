/** Reads a file or stdin as text, never more of it than the limit. */

import { createReadStream, existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { MAX_TEXT_BYTES, reject, rejectSize } from "lora-calc";

/** A text and the name of its source for messages. */
export interface SourceText {
  readonly name: string;
  readonly text: string;
}

/** The file at `path`, config.json or adapter_config.json in it when it is a folder, or stdin for "-". */
export async function readText(path: string): Promise<SourceText> {
  if (path === "-") return { name: "stdin", text: await readStream(process.stdin, "stdin") };
  const facts = await stat(path).catch((error: unknown) => rejectFile(path, error));
  if (facts.isDirectory()) return readText(join(path, fileOf(path)));
  if (facts.size > MAX_TEXT_BYTES) rejectSize(path, facts.size);
  const stream = createReadStream(path, { end: MAX_TEXT_BYTES });
  return { name: path, text: await readStream(stream, path) };
}

/** A model's folder has config.json, the folder of an adapter alone adapter_config.json. */
function fileOf(folder: string): string {
  const files = ["config.json", "adapter_config.json"];
  return files.find((name) => existsSync(join(folder, name))) ?? "config.json";
}

async function readStream(stream: AsyncIterable<unknown>, name: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      const bytes = typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
      if (!(bytes instanceof Uint8Array)) continue;
      chunks.push(bytes);
      size += bytes.length;
      if (size > MAX_TEXT_BYTES) break;
    }
  } catch (error) {
    rejectFile(name, error);
  }
  if (size > MAX_TEXT_BYTES) rejectSize(name);
  return decode(Buffer.concat(chunks), name);
}

function decode(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    reject({
      code: "unreadable_file",
      path: "",
      message: `${name} is not UTF-8 text; is it the right file?`,
      expected: "JSON or YAML in UTF-8",
    });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  EACCES: "may not be read",
  ENOTDIR: "does not exist",
};

function rejectFile(name: string, error: unknown): never {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  reject({
    code: "unreadable_file",
    path: "",
    message: `${name} ${REASONS[code] ?? `cannot be read (${code})`}`,
    received: name,
    expected: "a file, a folder with config.json, or - for stdin",
  });
}
