/** A state that cannot be. */

/**
 * Stands where an element must be there: a missing one is a fault of ours and stops, where a 0 in its place would become
 * a wrong number in silence. Read as `values[index] ?? missing()`.
 */
export function missing(): never {
  throw new Error("an element that must be there is missing");
}
