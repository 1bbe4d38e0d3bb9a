/**
 * `lengths`: batches that are not all as long. A list is the micro-batches in turn; a histogram says how many there are of each
 * length, in no order.
 */

import { readField } from "../../fields/read.js";
import { MAX_LENGTH, MORE_STEP_FIELDS } from "../../fields/training.js";
import type { Assumption } from "../../model/config.js";
import type { Fields } from "../../problem/fields.js";
import type { Warning } from "../../problem/codes.js";
import { reject } from "../../problem/problem.js";

/** Different lengths that are run at most: each is a forward and a backward of its own. */
export const MAX_LENGTHS = 32;
/** Of a histogram: between its shortest and its longest batch more say little that is new, and each is a run. */
const MAX_OF_HISTOGRAM = 8;

export interface Lengths {
  /** Of the micro-batches in turn, repeated; the batch of every micro-batch where all are equal. Unit: tokens. */
  readonly turns: readonly number[];
  /** The order is not known, and with it what lies free between the blocks. */
  readonly isHistogram: boolean;
}

export interface ReadLengths {
  /** Undefined where every batch is as long as `max_length`. */
  readonly lengths: Lengths | undefined;
  /** Some batch is not as long as it is asked for. */
  readonly isPadded: boolean;
  readonly assumed: readonly Assumption[];
}

interface Cut {
  /** What batches are cut to: the scenario's own; undefined where only a default says so. */
  readonly maxLength: number | undefined;
  /** That default. */
  readonly usual: number;
  /** Up to what batches are padded. */
  readonly multiple: number;
}

export function readLengths(fields: Fields, { maxLength, usual, multiple }: Cut): ReadLengths {
  const { lengths: row } = MORE_STEP_FIELDS;
  const given = readField(fields, "lengths", row);
  if (given === undefined) return { lengths: undefined, isPadded: false, assumed: [] };
  const path = fields.at("lengths");
  const isHistogram = !isList(given);
  const asked = isHistogram ? lengthsOf(path, given) : given;
  checkRange(path, asked);
  const cut = asked.map((length) => Math.min(length, maxLength ?? length));
  const turns = cut.map((length) => Math.ceil(length / multiple) * multiple);
  const longest = Math.max(...asked);
  const reason = `the longest of lengths${longest > usual ? `; left out of the script, it is ${usual}, and longer batches are cut to that` : ""}`;
  return {
    lengths: { turns: isHistogram ? spread(turns) : turns, isHistogram },
    isPadded: cut.some((length) => length % multiple !== 0),
    assumed:
      maxLength === undefined ? [{ path: fields.at("max_length"), value: longest, reason }] : [],
  };
}

/** What a histogram does not say. */
export function lengthWarnings(lengths: Lengths | undefined): readonly Warning[] {
  if (lengths?.isHistogram !== true) return [];
  const message =
    "batches of several lengths leave free blocks of each behind; the order in which they come decides how many, and is not known: they are run from the shortest to the longest, and the band is that of drawn orders. PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True keeps what is reserved near what is allocated";
  return [{ code: "order_unknown", message }];
}

type Given = readonly number[] | Readonly<Record<string, number>>;

/** Array.isArray does not see lists that cannot be written to. */
function isList(given: Given): given is readonly number[] {
  return Array.isArray(given);
}

/** The lengths of a histogram that occur. */
function lengthsOf(path: string, counts: Readonly<Record<string, number>>): readonly number[] {
  return Object.entries(counts).flatMap(([text, count]) => {
    const length = /^\d+$/.test(text) ? Number(text) : undefined;
    if (length === undefined || count < 0) {
      reject({
        code: "invalid_value",
        path: `${path}.${text}`,
        message: `${path} as an object is {tokens: number of batches}, both whole numbers, such as {"512": 40, "2048": 3}`,
        received: { [text]: count },
        expected: "{tokens: number of batches}",
      });
    }
    return count === 0 ? [] : [length];
  });
}

function checkRange(path: string, lengths: readonly number[]): void {
  const wrong = lengths.find((length) => length < 1 || length > MAX_LENGTH);
  if (wrong !== undefined || lengths.length === 0) {
    const message =
      wrong === undefined
        ? `${path} names no batch; leave it out, or give at least one length`
        : `${path} must lie between 1 and ${MAX_LENGTH} tokens`;
    const expected = `1 to ${MAX_LENGTH} tokens`;
    reject({ code: "invalid_value", path, message, received: wrong ?? lengths, expected });
  }
}

/** Shortest to longest, thinned evenly; the longest stays. */
function spread(lengths: readonly number[]): readonly number[] {
  const sorted = [...new Set(lengths)].sort((left, right) => left - right);
  const last = sorted.length - 1;
  if (last < MAX_OF_HISTOGRAM) return sorted;
  const places = Array.from({ length: MAX_OF_HISTOGRAM }, (_, at) =>
    Math.round((at * last) / (MAX_OF_HISTOGRAM - 1)),
  );
  return sorted.filter((_, at) => places.includes(at));
}
