/** Launchers that people train with, and the releases they pin. */

export interface Launcher {
  readonly id: string;
  readonly name: string;
  /** A release, or the bound that a launcher sets: "<=5.6.0" means at most that. */
  readonly pins: Readonly<
    Partial<Record<"transformers" | "peft" | "trl" | "torch" | "accelerate", string>>
  >;
  /** File that the pins were read in. */
  readonly source: string;
}

const LAUNCHERS: readonly Launcher[] = [
  {
    id: "unsloth-2026.10",
    name: "Unsloth 2026.10.9",
    pins: { transformers: "<=5.17.0", trl: "<=1.15.0", torch: "<2.15" },
    source: "unsloth 2026.10.9 wheel, METADATA",
  },
];

/** What launchers pin. Example: listLaunchers()[0]?.pins.transformers // "<=5.17.0" */
export function listLaunchers(): readonly Launcher[] {
  return LAUNCHERS;
}

/** "transformers <=5.17.0, trl <=1.15.0, torch <2.15". */
export function pinText({ pins }: Launcher): string {
  return Object.entries(pins)
    .map(([library, pin]) => `${library} ${pin}`)
    .join(", ");
}
