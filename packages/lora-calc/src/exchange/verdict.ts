/** The answer in words: whether the run fits the card, and by how much. */

import type { Fit } from "../result.js";
import { formatBytes } from "../units/format.js";

/** Names whose first letter is spoken with a vowel: "an RTX", "an H100", "an L4"; and "a Titan", "a T4". */
const SPOKEN_WITH_VOWEL = /^(?:[AEFHILMNORSX](?=[A-Z0-9]|\b)|[aeio])/;

/** "an RTX 4090", "a T4". */
export function withArticle(name: string): string {
  return `${SPOKEN_WITH_VOWEL.test(name) ? "an" : "a"} ${name}`;
}

/**
 * One sentence about the fit. `card` is the name of the card with its article; `isFloor`: it speaks of a floor alone, which the
 * run exceeds.
 *
 * Example: verdictSentence({ verdict: "fits", capacity: 25757220864, headroom: 6549825126 }, "an RTX 4090")
 *   // "Fits an RTX 4090 with 6.10 GiB to spare."
 */
export function verdictSentence(fit: Fit, card: string, isFloor = false): string {
  const room = formatBytes(Math.abs(fit.headroom));
  switch (fit.verdict) {
    case "fits":
      return `Fits ${card} with ${room} to spare.`;
    case "tight":
      return fit.headroom >= 0
        ? `Tight: fits ${card} with only ${room} to spare.`
        : `Tight: ${room} over ${card}, within the error of the estimate.`;
    case "does_not_fit":
      return `Does not fit ${card}: ${isFloor ? "at least " : ""}${room} short.`;
  }
}
