/** Per-module values: `rank_pattern`, `alpha_pattern` and their kin. */

import { sharpestSight } from "../regex/layer-sight.js";
import type { LayerSight } from "../regex/layer-sight.js";
import { PythonRegex, stepBudget } from "../regex/python-regex.js";

type Form = (key: string) => string;

/** The key as the end of a path, from a dot on. */
const AS_ENDING: Form = (key) => `(.*\\.)?(${key})$`;

/**
 * Values by path ending or regular expression; the first key in the order of the file wins.
 *
 * Source: peft utils/other.py `get_pattern_key`.
 * Example: new PatternTable(new Map([["q_proj", 32]]), "adapter.rank_pattern").valueFor("model.layers.0.self_attn.q_proj") // 32
 */
export class PatternTable {
  readonly layerSight: LayerSight;
  private readonly rows: readonly { readonly regex: PythonRegex; readonly value: number }[];

  /** `forms`: the regular expressions that a key is tried as, all keys as the first, then all as the next. */
  constructor(
    values: ReadonlyMap<string, number>,
    place: string,
    forms: readonly Form[] = [AS_ENDING],
  ) {
    const budget = stepBudget();
    this.rows = forms.flatMap((form) =>
      Array.from(values, ([key, value]) => ({
        regex: new PythonRegex(form(key), place, budget),
        value,
      })),
    );
    this.layerSight = sharpestSight(this.rows.map(({ regex }) => regex.layerSight));
  }

  valueFor(path: string): number | undefined {
    return this.rows.find(({ regex }) => regex.matchStart(path))?.value;
  }
}
