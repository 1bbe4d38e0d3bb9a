/** What advice looks at of a run, and what it changes of it. */

import type { TrainingSettings } from "../memory/settings/training.js";
import type { JsonObject } from "../problem/fields.js";
import type { Lever } from "../result.js";

/** What a lever looks at: the settings in force, explicit or taken from defaults. */
export interface Situation {
  readonly training: TrainingSettings;
  readonly adapter: JsonObject | null;
  readonly quantization: JsonObject | null;
  /** A batch is images: there is no sequence to cut. */
  readonly hasNoLength?: boolean;
  /** The same script may run under Unsloth: `training` as it is given there, which names what a move leaves behind. */
  readonly movable?: { readonly given: JsonObject };
}

/** Changed fields per section of the scenario, null takes one out; and the stack. */
export type Change = Lever["change"];
