/** Headers of the weights of a repository: names, dtypes and shapes by range requests, never the weights. */

import { HEADER_LENGTH_BYTES, headerEnd, isObject, parseHeader } from "lora-calc";
import { readJson, readPart } from "./repository-file.js";
import type { Place } from "./repository-file.js";
import type { Session } from "./session.js";

export type Header = Readonly<Record<string, unknown>>;

/** A header, and what it says about the size of its file. */
export interface FileHeader {
  readonly header: Header;
  /** Bytes before the data. */
  readonly headerBytes: number;
  readonly fileBytes: number;
}

/** The header of a file, or undefined where the repository has none of this name. */
export async function readFileHeader(
  session: Session,
  place: Place,
  file: string,
): Promise<FileHeader | undefined> {
  const name = `${file} of ${place.repository}`;
  const part = { file, start: 0, length: HEADER_LENGTH_BYTES };
  const start = await readPart(session, place, part);
  if (start === undefined) return undefined;
  // A file of unknown size is believed: what is read of it is bounded all the same.
  const fileBytes = start.fileBytes ?? Number.MAX_SAFE_INTEGER;
  const headerBytes = headerEnd(start.bytes, name, fileBytes);
  const length = headerBytes - HEADER_LENGTH_BYTES;
  const text = await readPart(session, place, { file, start: HEADER_LENGTH_BYTES, length });
  const header = parseHeader(new TextDecoder().decode(text?.bytes), name);
  return { header, headerBytes, fileBytes };
}

const SINGLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";
/** Files of the largest models whose headers are read; beyond, config.json alone answers. */
const MAX_FILES = 100;
const AT_ONCE = 8;

export interface WeightHeaders {
  /** All headers as one; undefined where there is none to read. */
  readonly tensors: Header | undefined;
  /** Why not, as a sentence. */
  readonly why?: string;
}

/** Headers of all files of a model. */
export async function readWeightHeaders(session: Session, place: Place): Promise<WeightHeaders> {
  const index = await readJson(session, place, INDEX);
  if (index === undefined) {
    const single = await readFileHeader(session, place, SINGLE);
    if (single !== undefined) return { tensors: single.header };
    return {
      tensors: undefined,
      why: `${place.repository} has no safetensors: config.json alone says its sizes`,
    };
  }
  const files = filesOf(index.value);
  if (files.length === 0 || files.length > MAX_FILES) {
    const why = `the headers of ${files.length} files of ${place.repository} are not read: config.json alone says its sizes`;
    return { tensors: undefined, why };
  }
  const headers: Header[] = [];
  for (let at = 0; at < files.length; at += AT_ONCE) {
    session.progress(`headers of ${place.repository}: ${at} of ${files.length} files`);
    const some = files.slice(at, at + AT_ONCE);
    const read = await Promise.all(some.map((file) => readFileHeader(session, place, file)));
    headers.push(...read.flatMap((found) => (found === undefined ? [] : [found.header])));
  }
  return { tensors: Object.assign({}, ...headers) as Header };
}

/** Files that an index names, in its folder. */
function filesOf(index: unknown): readonly string[] {
  const map = isObject(index) ? index["weight_map"] : undefined;
  const files = new Set(isObject(map) ? Object.values(map) : []);
  return [...files].filter(
    (file): file is string => typeof file === "string" && /^[\w.-]+\.safetensors$/.test(file),
  );
}
