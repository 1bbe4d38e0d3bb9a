/** The tensors of a file beside those that its configuration asks for. */

import { elementCount } from "../units/dtype.js";
import { formatCount } from "../units/format.js";
import type { Finding } from "./findings.js";
import type { FileTensor, FileTensors } from "./read-tensors.js";

type Shapes = ReadonlyMap<string, { readonly shape: readonly number[] }>;

/** Keys of the weights of embeddings: frozen ones of the base, unless the configuration asks for a trained copy. */
const EMBEDDING = /(?:^|\.)(?:embed_tokens|lm_head)\.weight$/;
/** The weight under an adapted embedding, which PEFT saves with it. */
const UNDER_ADAPTER = ".base_layer.weight";

/** Whether a key is a frozen weight of the base; `isAsked` says whether the configuration trains what has this key. */
export function isSavedBase(key: string, isAsked: (key: string) => boolean): boolean {
  return key.endsWith(UNDER_ADAPTER) || (EMBEDDING.test(key) && !isAsked(key));
}

const MAX_NAMED = 3;

/** What differs, by name and by shape. */
export function compareTensors(file: FileTensors, expected: Shapes): readonly Finding[] {
  const missing = [...expected.keys()].filter((key) => !file.has(key));
  const beyond = [...file].filter(([key]) => !expected.has(key));
  const [bases, unexpected] = [true, false].map((isBase) =>
    beyond.filter(([key]) => isSavedBase(key, () => false) === isBase),
  );
  const differing = [...file].flatMap(([key, { shape }]) => {
    const wanted = expected.get(key)?.shape;
    return wanted === undefined || sameShape(wanted, shape) || elementCount(shape) === 0
      ? []
      : [`${key} is ${shapeText(shape)}, not ${shapeText(wanted)}`];
  });
  const empty = [...file].filter(([key, { shape }]) => isEmptied(shape, expected.get(key)?.shape));
  return [
    ...differingFinding(differing),
    ...missingFinding(missing, expected.size),
    ...unexpectedFinding((unexpected ?? []).map(([key]) => key)),
    ...baseFinding(bases ?? []),
    ...emptyFinding(empty.map(([key]) => key)),
  ];
}

function isEmptied(shape: readonly number[], wanted: readonly number[] | undefined): boolean {
  return elementCount(shape) === 0 && (wanted === undefined || elementCount(wanted) > 0);
}

function differingFinding(texts: readonly string[]): readonly Finding[] {
  if (texts.length === 0) return [];
  return [
    {
      code: "shape_differs",
      level: "error",
      message: `${countOf(texts, "tensor")} of other shapes than the configuration asks for, at which PEFT stops (size mismatch): ${listed(texts)}`,
    },
  ];
}

function missingFinding(keys: readonly string[], all: number): readonly Finding[] {
  if (keys.length === 0) return [];
  return [
    {
      code: "missing_tensors",
      level: keys.length === all ? "error" : "warning",
      message: `${keys.length} of ${all} tensors are not in the file; PEFT warns and leaves them as they start, where LoRA adds nothing: ${listed(keys)}`,
    },
  ];
}

function unexpectedFinding(keys: readonly string[]): readonly Finding[] {
  if (keys.length === 0) return [];
  return [
    {
      code: "unexpected_tensors",
      level: "warning",
      message: `${countOf(keys, "tensor")} that the configuration does not ask for, which PEFT leaves unread: ${listed(keys)}`,
    },
  ];
}

function baseFinding(bases: readonly (readonly [string, FileTensor])[]): readonly Finding[] {
  if (bases.length === 0) return [];
  const parameters = bases.reduce((sum, [, { shape }]) => sum + elementCount(shape), 0);
  const keys = bases.map(([key]) => key);
  return [
    {
      code: "saved_base",
      level: "note",
      message: `${formatCount(parameters)} parameters are frozen embeddings of the base, saved because the vocabulary was resized or save_embedding_layers asked for it; they are not counted as trained: ${listed(keys)}`,
    },
  ];
}

function emptyFinding(keys: readonly string[]): readonly Finding[] {
  if (keys.length === 0) return [];
  return [
    {
      code: "empty_tensors",
      level: "error",
      message: `${countOf(keys, "tensor")} without elements: a sharded model (ZeRO-3, FSDP) was saved without gathering its weights: ${listed(keys)}`,
    },
  ];
}

/** "1 tensor", "12 tensors". */
function countOf(items: readonly unknown[], name: string): string {
  return `${items.length} ${name}${items.length === 1 ? "" : "s"}`;
}

/** The first names, and how many more there are. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMED).join(", ");
  const more = names.length - MAX_NAMED;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function sameShape(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((size, axis) => size === right[axis]);
}

function shapeText(shape: readonly number[]): string {
  return `(${shape.join(", ")})`;
}
