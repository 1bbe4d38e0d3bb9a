/** The worlds there are, the usual first. To add one: a file here and its line. */

import { TRANSFORMERS_4_57 } from "./transformers-4.57.js";
import { TRANSFORMERS_5_18 } from "./transformers-5.18.js";
import { TRANSFORMERS_5_24 } from "./transformers-5.24.js";
import type { World } from "./world.js";

export const USUAL_WORLD = TRANSFORMERS_5_18;

const WORLDS: readonly World[] = [USUAL_WORLD, TRANSFORMERS_5_24, TRANSFORMERS_4_57];

/** Releases that are computed, the usual first. Example: listWorlds()[0]?.releases.peft // ["0.21.0"] */
export function listWorlds(): readonly World[] {
  return WORLDS;
}
