/** The names at the top of a scenario. They stand apart from the table, which a link does not need. */

/** Sections whose fields a link gives one by one. */
export const FLAT_SECTIONS = [
  "adapter",
  "quantization",
  "training",
  "hardware",
  "versions",
] as const;

export type SectionName = "model" | (typeof FLAT_SECTIONS)[number];

/** Every name at the top of a scenario. */
export const SCENARIO_NAMES: readonly string[] = [
  ...["schema", "id", "model", "adapter", "quantization", "training", "hardware", "stack"],
  "versions",
];
