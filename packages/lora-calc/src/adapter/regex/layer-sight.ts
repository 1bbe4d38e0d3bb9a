/** What a rule on module paths can see of the layer index; layers that look alike to it are decided once. */

export type LayerSight =
  /** Nothing: a path ending without digits. */
  | "none"
  /** How many digits it has: a regular expression such as `.*`. */
  | "length"
  /** The index itself. */
  | "index";

/** The sight of several rules together. */
export function sharpestSight(sights: readonly LayerSight[]): LayerSight {
  if (sights.includes("index")) return "index";
  return sights.includes("length") ? "length" : "none";
}
