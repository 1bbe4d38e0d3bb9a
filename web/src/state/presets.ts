/** Ways to train that people choose by name: what each changes in a run, whatever the model and the card. */

import type { Scenario } from "lora-calc";
import { DEFAULT_SCENARIO } from "./default-scenario.js";
import { sameValue, withField } from "./scenario-fields.js";

export interface Preset {
  readonly id: "qlora" | "lora" | "lora-8bit" | "dora" | "rslora" | "full";
  readonly adapter: Scenario["adapter"];
  readonly quantization: Scenario["quantization"];
}

/** The worked example is QLoRA; the other ways differ from it in what their names say. */
const { adapter: ADAPTER, quantization: NF4 } = DEFAULT_SCENARIO;

/** Source of QLoRA's settings: arXiv:2305.14314; of rsLoRA's high rank: arXiv:2312.03732. */
export const PRESETS: readonly Preset[] = [
  { id: "qlora", adapter: ADAPTER, quantization: NF4 },
  { id: "lora", adapter: ADAPTER, quantization: undefined },
  { id: "lora-8bit", adapter: ADAPTER, quantization: { load_in_8bit: true } },
  { id: "dora", adapter: { ...ADAPTER, use_dora: true }, quantization: undefined },
  { id: "rslora", adapter: { ...ADAPTER, r: 64, use_rslora: true }, quantization: undefined },
  { id: "full", adapter: null, quantization: undefined },
];

/** The preset that a run is, as far as adapter and precision go. */
export function presetOf({ adapter, quantization }: Scenario): Preset | undefined {
  return PRESETS.find(
    (preset) =>
      sameValue(preset.adapter, adapter) &&
      sameValue(preset.quantization ?? null, quantization ?? null),
  );
}

/** What a run without a name started from. */
const STANDARD: Preset["id"] = "qlora";

/** The preset that a run started from, changed since or not; undefined for a recipe. */
export function startOf({ id }: Scenario): Preset | undefined {
  return PRESETS.find((preset) => preset.id === (id ?? STANDARD));
}

/** The run with another way to train: model, card, batch and length stay. */
export function withPreset(scenario: Scenario, { id, adapter, quantization }: Preset): Scenario {
  const bare = withField(scenario, "id", id === STANDARD ? undefined : id);
  return withField(withField(bare, "adapter", adapter), "quantization", quantization);
}
