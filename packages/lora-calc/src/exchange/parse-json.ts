/** Reads JSON that a person gave: within limits, or a Problem that says where it breaks. */

import { reject } from "../problem/problem.js";

/** Largest text that is read; a config.json has some 2 kB, a merged safetensors header of a large model 2 MB. */
export const MAX_TEXT_BYTES = 5_000_000;
/** Deeper than any known file; bounds every recursion over the value. */
export const MAX_DEPTH = 64;

/**
 * The value of a JSON text. `what` names the text in messages.
 *
 * Example: parseJson('{"r": 16}', "adapter") // { r: 16 }
 */
export function parseJson(text: string, what: string): unknown {
  if (text.length > MAX_TEXT_BYTES) rejectSize(what, text.length);
  const source = text.startsWith("\uFEFF") ? text.slice(1) : text;
  if (depthOf(source) > MAX_DEPTH) {
    reject({
      code: "limit_exceeded",
      path: "",
      message: `${what} is nested deeper than ${MAX_DEPTH} levels`,
      expected: `at most ${MAX_DEPTH} levels`,
    });
  }
  try {
    return JSON.parse(source) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : "";
    reject({
      code: "invalid_json",
      path: "",
      message: `${what} is not JSON${placeOf(reason, source)}${hintFor(source)}`,
      received: source,
      expected: "JSON",
    });
  }
}

/** Stops with `limit_exceeded` for a text of `bytes` bytes, or of a size that nobody counted to its end. */
export function rejectSize(what: string, bytes?: number): never {
  const size = bytes === undefined ? "more" : `${bytes} bytes`;
  reject({
    code: "limit_exceeded",
    path: "",
    message: `${what} has ${size}; at most ${MAX_TEXT_BYTES} bytes (5 MB) are read`,
    ...(bytes === undefined ? {} : { received: bytes }),
    expected: `at most ${MAX_TEXT_BYTES} bytes`,
  });
}

/** Deepest nesting of brackets outside strings, without building the value. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (inString) {
      if (character === "\\") index += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{" || character === "[") deepest = Math.max(deepest, (depth += 1));
    else if (character === "}" || character === "]") depth -= 1;
  }
  return deepest;
}

/** ": line 3, column 5" or ": near …", taken from the engine's message, whose wording differs between engines. */
function placeOf(reason: string, source: string): string {
  const offset = /position (\d+)/.exec(reason)?.[1];
  if (offset !== undefined) {
    const before = source.slice(0, Number(offset)).split("\n");
    return `: line ${before.length}, column ${(before.at(-1) ?? "").length + 1}`;
  }
  const place = /line (\d+) column (\d+)/.exec(reason);
  if (place !== null) return `: line ${place[1]}, column ${place[2]}`;
  const excerpt = /, (.+) is not valid JSON$/s.exec(reason)?.[1];
  if (excerpt !== undefined) return `: near ${excerpt}`;
  return reason.includes("end") ? ": it ends too early" : "";
}

function hintFor(source: string): string {
  const start = source.trimStart();
  if (start === "") return " (it is empty)";
  if (start.startsWith("<")) return " (it looks like a web page: download the raw file)";
  return "";
}
