/** What is said where the answer needs a way round, and of how sure a figure is. */

import type { Certainty, Fit } from "lora-calc";

export const CERTAINTY: Readonly<Record<Certainty, string>> = {
  exact: "equal to PyTorch to the byte",
  traced: "compared with traces of the real code",
  read: "from source that no judge runs",
  fitted: "a constant from measurements",
  assumed: "a guess nobody measured here",
};

/** Behind a setting or a card: that the run fits with it. */
export const VERDICTS: Readonly<Record<Fit["verdict"], string>> = {
  fits: "fits",
  tight: "tight",
  does_not_fit: "does not fit",
};

export const RULER = {
  parts: "Parts of the process; arrow keys name them",
  share: (share: string) => `${share} of the process`,
  free: (size: string) => `${size} to spare`,
  /** Their unit stands once where both have the same. */
  processBetween: (low: string, high: string) => {
    const unit = high.slice(high.indexOf(" "));
    return `${low.endsWith(unit) ? low.slice(0, -unit.length) : low} to ${high} in nvidia-smi`;
  },
} as const;

export const PICTURE = {
  copy: "Copy picture",
  copied: "Picture copied.",
  saved: "Saved as lora-calc.png: this browser takes no pictures into the clipboard.",
} as const;

/** Where the step has no program. */
export const FLOOR = {
  label: "What the run takes in any case",
  verdict: (size: string) => `Takes at least ${size}; how much more is not known here.`,
  parts: {
    weights: "Weights",
    adapter_other: "Trained",
    optimizer: "Optimizer",
    gradients: "Gradients",
  } as Readonly<Record<string, string>>,
  total: "At least",
  onTop: "activations, the loss and workspaces come on top",
  tooMuch: "more than the card gives, before any activation",
} as const;

/** The release of the trainer beside the one that is chosen. */
export const BESIDE_STACK = {
  differs: (name: string, size: string, why: string) => `Under ${name}: ${size}, because ${why}.`,
  same: (name: string) => `Under ${name}: the same peak.`,
  refused: (name: string, why: string) => `Under ${name} this run is refused: ${why}.`,
  take: "Switch",
  taken: (name: string) => `Computed under ${name}`,
} as const;

export const TIMELINE = {
  axis: "Where the axis begins",
  above: "Above the weights",
  zero: "From zero",
  cut: "axis cut",
  play: "Play the step",
  pause: "Pause",
  playKeys: "On the slider: Space plays, P goes to the peak, arrows move by one moment",
} as const;

export const COUNTS = {
  trainable: "with an adapter of this rank",
  reduction: "than full fine-tuning of the base",
  percent: "trainable% is of all parameters, the adapter's own among them.",
} as const;

export const APPLIED = {
  now: (text: string) => `Now: ${text}.`,
} as const;

export const OTHER_STACK = {
  differs: (trainer: string) =>
    `The fields of the recipe stay. What differs: ${trainer} brings kernels, losses and defaults of its own, which mostly take less than TRL's.`,
} as const;

export const ADVICE_ENDS = {
  failed: "The advice on this run broke off by a fault of ours; the answer above stands.",
  leftOut: (count: number) =>
    `${count} further ${count === 1 ? "change was" : "changes were"} not tried: this run costs too much to run that often.`,
} as const;
