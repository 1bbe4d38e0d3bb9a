/** Reads a model's config.json: the given value, or the default of the transformers class, which is then listed. */

import { Fields, isObject } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import { reject } from "../problem/problem.js";

/** Larger sizes than any published model (vocabulary 10^6, hidden 10^5); they only stop absurd inputs. */
const MAX_SIZE = 2 ** 31;
const MAX_LAYERS = 4096;

/** A value the user did not give. */
export interface Assumption {
  readonly path: string;
  readonly value: unknown;
  readonly reason: string;
}

/**
 * The content of a config.json. Getters take the names of a field (aliases in order of preference) and the default that
 * the configuration class of transformers has.
 */
export class Config {
  readonly fields: Fields;
  readonly assumed: Assumption[];

  constructor(values: JsonObject, path = "model.config", assumed: Assumption[] = []) {
    this.fields = new Fields(values, path);
    this.assumed = assumed;
  }

  /** A size: whole number, at least 1. */
  size(names: string | readonly string[], fallback: number): number {
    return this.optionalSize(names) ?? this.assume(names, fallback);
  }

  /** A size that may be absent or null. */
  optionalSize(names: string | readonly string[]): number | undefined {
    const name = this.given(names);
    return name === undefined ? undefined : this.fields.integer(name, { min: 1, max: MAX_SIZE });
  }

  /** Number of layers: bounded, because every layer costs time. */
  layerCount(names: string | readonly string[], fallback: number): number {
    const name = this.given(names);
    if (name === undefined) return this.assume(names, fallback);
    return this.fields.integer(name, { min: 0, max: MAX_LAYERS }) ?? fallback;
  }

  /** Any whole number from 0. */
  integer(names: string | readonly string[], fallback: number): number {
    const name = this.given(names);
    if (name === undefined) return this.assume(names, fallback);
    return this.fields.integer(name, { min: 0, max: MAX_SIZE }) ?? fallback;
  }

  number(names: string | readonly string[], fallback: number): number {
    const name = this.given(names);
    return (name === undefined ? undefined : this.fields.number(name)) ?? fallback;
  }

  boolean(names: string | readonly string[], fallback: boolean): boolean {
    const name = this.given(names);
    return (name === undefined ? undefined : this.fields.boolean(name)) ?? fallback;
  }

  string(names: string | readonly string[], fallback: string): string {
    const name = this.given(names);
    return (name === undefined ? undefined : this.fields.string(name)) ?? fallback;
  }

  stringList(name: string): readonly string[] | undefined {
    return this.fields.stringList(name);
  }

  /** Whole numbers of any sign: indices of layers. */
  integerList(name: string): readonly number[] | undefined {
    return this.fields.integerList(name);
  }

  /** A size for each of several parts. */
  sizes(name: string): readonly number[] | undefined {
    const sizes = this.fields.integerList(name);
    const wrong = sizes?.find((size) => size < 1 || size > MAX_SIZE);
    if (wrong !== undefined) {
      reject({
        code: "invalid_value",
        path: this.fields.at(name),
        message: `${this.fields.at(name)} must hold whole numbers from 1 to ${MAX_SIZE}`,
        received: wrong,
      });
    }
    return sizes;
  }

  /** Sizes in lists of their own: height and width of several kernels. */
  sizeLists(name: string): readonly (readonly number[])[] | undefined {
    const value = this.fields.get(name);
    if (!Array.isArray(value)) return this.sizes(name)?.map((size) => [size]);
    const byIndex = Object.fromEntries(value.map((item: unknown, index) => [index, item]));
    const lists = new Config(byIndex, this.fields.at(name), this.assumed);
    return value.map((_, index) => lists.sizes(String(index)) ?? []);
  }

  /**
   * A nested configuration such as `text_config`; its defaults are listed together with these. `absent` is what the
   * class puts where there is none.
   */
  nested(name: string, absent: JsonObject = {}): Config {
    const value = this.fields.get(name);
    if (isObject(value)) return new Config(value, this.fields.at(name), this.assumed);
    if (Object.keys(absent).length > 0) this.note(name, absent);
    return new Config(absent, this.fields.at(name), this.assumed);
  }

  /** Written as null, which many classes treat differently from absent. */
  isNull(name: string): boolean {
    return this.fields.get(name) === null;
  }

  has(name: string): boolean {
    return this.fields.has(name);
  }

  /** Stops when `value` is not a multiple of `divisor`, as the model class would. */
  divide(name: string, value: number, divisor: number): number {
    if (value % divisor !== 0) {
      reject({
        code: "invalid_value",
        path: this.fields.at(name),
        message: `${this.fields.at(name)} must be a multiple of ${divisor}`,
        received: value,
      });
    }
    return value / divisor;
  }

  private given(names: string | readonly string[]): string | undefined {
    const list = typeof names === "string" ? [names] : names;
    return list.find((name) => this.fields.has(name));
  }

  private assume(names: string | readonly string[], value: number): number {
    this.note(typeof names === "string" ? names : (names[0] ?? ""), value);
    return value;
  }

  private note(name: string, value: unknown): void {
    const path = this.fields.at(name);
    const reason = "absent in config.json; the default of the transformers class";
    // A field that several parts of the tree need is asked for several times.
    if (!this.assumed.some((entry) => entry.path === path)) {
      this.assumed.push({ path, value, reason });
    }
  }
}
