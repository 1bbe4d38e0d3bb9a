/** Reads untrusted JSON objects field by field: right type, inside the limits, or a Problem that says where. */

import { reject } from "./problem.js";
import { missing } from "./missing.js";

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

interface Range {
  readonly min?: number;
  readonly max?: number;
}

/** One object of the input. Every getter returns a checked value or stops with a Problem at its path. */
export class Fields {
  readonly values: JsonObject;
  readonly path: string;

  constructor(values: unknown, path: string) {
    if (!isObject(values)) {
      reject({
        code: "invalid_type",
        path,
        message: `${path || "the input"} must be an object`,
        received: values,
        expected: "object",
      });
    }
    this.values = values;
    this.path = path;
  }

  at(name: string): string {
    return this.path ? `${this.path}.${name}` : name;
  }

  /** Value of a field, undefined when absent. Inherited names such as `__proto__` are never seen. */
  get(name: string): unknown {
    return Object.hasOwn(this.values, name) ? this.values[name] : undefined;
  }

  has(name: string): boolean {
    const value = this.get(name);
    return value !== undefined && value !== null;
  }

  integer(name: string, range: Range = {}): number | undefined {
    const value = this.number(name, range);
    if (value !== undefined && !Number.isSafeInteger(value)) {
      this.wrong(name, value, "whole number", Math.round(value));
    }
    return value;
  }

  number(name: string, { min, max }: Range = {}): number | undefined {
    if (!this.has(name)) return undefined;
    const value = this.get(name);
    if (typeof value !== "number" || !Number.isFinite(value)) {
      this.wrong(name, value, "number", numberIn(value));
    }
    if ((min !== undefined && value < min) || (max !== undefined && value > max)) {
      reject({
        code: "invalid_value",
        path: this.at(name),
        message: `${this.at(name)} must be ${describeRange({ min, max })}`,
        received: value,
        expected: describeRange({ min, max }),
        nearest: Math.min(Math.max(value, min ?? value), max ?? value),
      });
    }
    return value;
  }

  boolean(name: string): boolean | undefined {
    if (!this.has(name)) return undefined;
    const value = this.get(name);
    if (typeof value !== "boolean") this.wrong(name, value, "true or false");
    return value;
  }

  string(name: string): string | undefined {
    if (!this.has(name)) return undefined;
    const value = this.get(name);
    if (typeof value !== "string") this.wrong(name, value, "text");
    return value;
  }

  oneOf<Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const value = this.string(name);
    if (value === undefined) return undefined;
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) {
      reject({
        code: "invalid_value",
        path: this.at(name),
        message: `${this.at(name)} must be one of ${choices.join(", ")}`,
        received: value,
        expected: choices,
        ...nearestOf(value, choices),
      });
    }
    return choice;
  }

  stringList(name: string): readonly string[] | undefined {
    if (!this.has(name)) return undefined;
    const value = this.get(name);
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
      this.wrong(name, value, "list of texts");
    }
    return value;
  }

  integerList(name: string): readonly number[] | undefined {
    if (!this.has(name)) return undefined;
    const value = this.get(name);
    const isInteger = (item: unknown): item is number => Number.isSafeInteger(item);
    if (!Array.isArray(value) || !value.every(isInteger)) {
      this.wrong(name, value, "list of whole numbers");
    }
    return value;
  }

  object(name: string): Fields | undefined {
    return this.has(name) ? new Fields(this.get(name), this.at(name)) : undefined;
  }

  /** Stops at the first field that is not in `known`. */
  rejectUnknown(known: readonly string[]): void {
    for (const name of Object.keys(this.values)) {
      if (known.includes(name)) continue;
      reject({
        code: "unknown_field",
        path: this.at(name),
        message: `${this.at(name)} is not a known field${suggestion(name, known)}`,
        received: name,
        expected: known,
        ...nearestOf(name, known),
      });
    }
  }

  private wrong(name: string, received: unknown, expected: string, nearest?: number): never {
    reject({
      code: "invalid_type",
      path: this.at(name),
      message: `${this.at(name)} must be a ${expected}`,
      received,
      expected,
      ...(nearest === undefined ? {} : { nearest }),
    });
  }
}

function describeRange({ min, max }: { min: number | undefined; max: number | undefined }): string {
  if (min !== undefined && max !== undefined) return `between ${min} and ${max}`;
  return min !== undefined ? `at least ${min}` : `at most ${max}`;
}

/** The number that a text begins with: 16 for "16 " or "16 heads". */
function numberIn(value: unknown): number | undefined {
  const [, digits] = typeof value === "string" ? (/^\s*(-?\d+(?:\.\d+)?)/.exec(value) ?? []) : [];
  return digits === undefined ? undefined : Number(digits);
}

/** The nearest known name as a part of a Problem, or nothing. */
export function nearestOf(name: string, known: Iterable<string>): { readonly nearest?: string } {
  const nearest = nearestName(name, known);
  return nearest === undefined ? {} : { nearest };
}

/** " (did you mean …?)" for the nearest known name, or nothing when none is near. */
export function suggestion(name: string, known: Iterable<string>): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? "" : ` (did you mean ${nearest}?)`;
}

/** The known name with the smallest edit distance, if that is at most a third of the typed name. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let smallest = Math.max(1, Math.floor(name.length / 3));
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), smallest);
    if (distance <= smallest) {
      smallest = distance - 1;
      nearest = candidate;
    }
  }
  return nearest;
}

/** Optimal string alignment distance (swapped neighbours cost 1); gives up above `limit`. */
function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) > limit) return limit + 1;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1];
      let cost = Math.min(
        (previous[column] ?? missing()) + 1,
        (current[column - 1] ?? missing()) + 1,
        (previous[column - 1] ?? missing()) + (same ? 0 : 1),
      );
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (row > 1 && column > 1 && swapped)
        cost = Math.min(cost, (beforePrevious[column - 2] ?? missing()) + 1);
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[right.length] ?? missing();
}
