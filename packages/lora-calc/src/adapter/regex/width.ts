/** How many characters a part of a pattern takes: look-behinds need one fixed number. */

import type { Syntax } from "./syntax.js";
import { MAX_REPEAT } from "./syntax.js";

export interface Width {
  readonly min: number;
  /** MAX_REPEAT when unbounded. */
  readonly max: number;
}

const NOTHING: Width = { min: 0, max: 0 };

/** Width of a tree; `groups` has the widths of the groups it refers to, by number. */
export function widthOf(syntax: Syntax, groups: readonly (Width | undefined)[]): Width {
  switch (syntax.kind) {
    case "character":
      return { min: 1, max: 1 };
    case "anchor":
    case "look":
      return NOTHING;
    case "sequence":
      return bounded(
        syntax.items
          .map((item) => widthOf(item, groups))
          .reduce((sum, { min, max }) => ({ min: sum.min + min, max: sum.max + max }), NOTHING),
      );
    case "alternation":
      return eitherOf(syntax.options.map((option) => widthOf(option, groups)));
    case "repeat": {
      const { min, max } = widthOf(syntax.item, groups);
      return bounded({ min: min * syntax.min, max: max * syntax.max });
    }
    case "capture":
    case "atomic":
      return widthOf(syntax.item, groups);
    case "reference":
      return groups[syntax.group] ?? NOTHING;
    case "conditional":
      return eitherOf([widthOf(syntax.yes, groups), widthOf(syntax.no, groups)]);
  }
}

function bounded({ min, max }: Width): Width {
  return { min: Math.min(min, MAX_REPEAT - 1), max: Math.min(max, MAX_REPEAT) };
}

function eitherOf(widths: readonly Width[]): Width {
  return {
    min: Math.min(...widths.map(({ min }) => min)),
    max: Math.max(...widths.map(({ max }) => max)),
  };
}
