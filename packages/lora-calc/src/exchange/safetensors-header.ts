/** The start of a safetensors file: where its header ends, and what stands in it. Callers read the bytes. */

import { isObject } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import { reject } from "../problem/problem.js";
import { MAX_TEXT_BYTES, parseJson, rejectSize } from "./parse-json.js";

/** A file begins with the length of its header, a little-endian uint64. */
export const HEADER_LENGTH_BYTES = 8;
/** What stands in a repository in place of a large file. */
const POINTER_START = "version ";

/**
 * Offset at which the header ends and the data begin, from the first 8 bytes. Unit: bytes.
 *
 * Errors: `unreadable_file` for a file that is none, `limit_exceeded` for a header beyond 5 MB.
 * Example: headerEnd(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0), "a.safetensors", 100) // 10
 */
export function headerEnd(start: Uint8Array, name: string, fileBytes: number): number {
  if (start.length < HEADER_LENGTH_BYTES) rejectFile(name, "is too short");
  if (String.fromCharCode(...start.subarray(0, HEADER_LENGTH_BYTES)) === POINTER_START) {
    rejectFile(name, "is a Git LFS pointer, not the file itself (git lfs pull fetches it)");
  }
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  if (length > MAX_TEXT_BYTES) rejectSize(`the header of ${name}`, Number(length));
  const end = HEADER_LENGTH_BYTES + Number(length);
  if (end > fileBytes) rejectFile(name, "ends inside its header");
  return end;
}

/**
 * Tensor to dtype, shape and data_offsets, from the text between the length and the data.
 *
 * Example: parseHeader('{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}', "a.safetensors").a.shape // [2]
 */
export function parseHeader(text: string, name: string): JsonObject {
  const header = parseJson(text, `the header of ${name}`);
  if (!isObject(header)) rejectFile(name, "has no header of tensors");
  return header;
}

function rejectFile(name: string, what: string): never {
  reject({
    code: "unreadable_file",
    path: "",
    message: `${name} ${what}; it should be a safetensors file`,
    received: name,
    expected: "a .safetensors file, or model.safetensors.index.json beside its files",
  });
}
