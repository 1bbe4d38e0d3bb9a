/** A tree in the classes of another model: transformers writes such models as copies with other names. */

import { isRepeat } from "../tree/module-graph.js";
import type { Child } from "../tree/module-graph.js";

/** Every class whose name begins with `from` begins with `to`. */
export function renamedClasses<Part extends Child>(part: Part, from: string, to: string): Part {
  if (isRepeat(part)) return { ...part, element: renamedClasses(part.element, from, to) };
  const { type, children } = part;
  return {
    ...part,
    type: type.startsWith(from) ? `${to}${type.slice(from.length)}` : type,
    children: children.map((child) => renamedClasses(child, from, to)),
  };
}
