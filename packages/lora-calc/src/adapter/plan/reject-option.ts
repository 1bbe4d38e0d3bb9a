/** The problem of options that exclude each other, or that do not fit the model. */

import type { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";

/** Stops with the name of a field, its value and why PEFT refuses it. */
export function rejectOption(adapter: Fields, field: string, message: string): never {
  reject({
    code: "invalid_adapter_option",
    path: adapter.at(field),
    message: `${adapter.at(field)} ${message}`,
    received: adapter.get(field),
  });
}

/** Stops with a field that is below what PEFT takes. */
export function rejectBelow(adapter: Fields, field: string, least: number): never {
  reject({
    code: "invalid_adapter_option",
    path: adapter.at(field),
    message: `${adapter.at(field)} must be at least ${least}`,
    received: adapter.get(field),
    expected: `at least ${least}`,
    nearest: least,
  });
}
