/** The fields of a scenario, section by section: the one list of everything that can be asked. */

import type { Library } from "../worlds/world.js";
import { BASE_FIELDS, LORA_FIELDS, REMOVED_FIELDS, TARGET_FIELDS } from "./adapter-lora.js";
import { METHOD_FIELDS } from "./adapter-methods.js";
import { HARDWARE_FIELDS } from "./hardware.js";
import { FREE_FORM_FIELDS, MODEL_FIELDS } from "./model.js";
import {
  IGNORED_PREFERENCE_FIELDS,
  LOSS_TYPE,
  ONLY_PREFERENCE_FIELDS,
  PREFERENCE_FIELDS,
} from "./preference.js";
import { ONLY_QUANTIZATION_FIELDS, QUANTIZATION_FIELDS, UNPACKING_FIELDS } from "./quantization.js";
import { any, ownedBy, text } from "./row.js";
import type { FieldTable } from "./row.js";
import type { SectionName } from "./section-names.js";
import { MORE_STEP_FIELDS, STEP_FIELDS } from "./training.js";
import { IGNORED_FIELDS, ONLY_FIELDS, OTHER_TRAINER_FIELDS } from "./training-beside.js";

/** What DPO has beside SFT. */
export const DPO_FIELDS = {
  ...PREFERENCE_FIELDS,
  ...IGNORED_PREFERENCE_FIELDS,
  ...ONLY_PREFERENCE_FIELDS,
};

export const TRAINING_FIELDS = {
  ...STEP_FIELDS,
  ...MORE_STEP_FIELDS,
  ...LOSS_TYPE,
  ...DPO_FIELDS,
  ...ONLY_FIELDS,
  ...IGNORED_FIELDS,
  ...OTHER_TRAINER_FIELDS,
};

export const ADAPTER_FIELDS = {
  ...LORA_FIELDS,
  ...TARGET_FIELDS,
  ...BASE_FIELDS,
  ...METHOD_FIELDS,
  ...REMOVED_FIELDS,
};
/** A field of some method's configuration. */
export type AdapterField = keyof typeof ADAPTER_FIELDS;

/** Names of fields in one list. Example: adapterFields(["r"], ["alpha"]) // ["r", "alpha"] */
export function adapterFields(
  ...rows: readonly (readonly AdapterField[])[]
): readonly AdapterField[] {
  return rows.flat();
}

const VERSION_FIELDS = ownedBy("lora-calc", {
  peft: text("release of PEFT", { changes: "both" }),
  transformers: text("release of transformers", { changes: "both" }),
  torch: text("release of torch"),
  cuda: text("CUDA of the torch wheel, which decides a kernel on some cards"),
  bitsandbytes: text("release of bitsandbytes"),
} satisfies Readonly<Record<Library, unknown>>);

/** Sections of a scenario by name. */
export const SECTIONS = {
  model: { ...MODEL_FIELDS, ...FREE_FORM_FIELDS },
  adapter: ADAPTER_FIELDS,
  quantization: { ...QUANTIZATION_FIELDS, ...ONLY_QUANTIZATION_FIELDS, ...UNPACKING_FIELDS },
  training: TRAINING_FIELDS,
  hardware: HARDWARE_FIELDS,
  versions: VERSION_FIELDS,
} satisfies Readonly<Record<SectionName, FieldTable>>;

/** Fields at the top of a scenario that are no section. */
export const TOP_FIELDS = ownedBy("lora-calc", {
  schema: any("version of this form: 1", { changes: "nothing" }),
  id: text("any text; the result has it, too", { changes: "nothing" }),
  stack: text("trainer whose defaults hold, see list stacks", {
    flag: ["--stack"],
    argument: "stack",
  }),
});
