/** What is said where the answer needs a way round, and of how sure a figure is. */

import type { Certainty } from "lora-calc";

export const CERTAINTY: Readonly<Record<Certainty, string>> = {
  exact: "equal to PyTorch to the byte",
  traced: "compared with traces of the real code",
  read: "from source that no judge runs",
  fitted: "a constant from measurements",
  assumed: "a guess nobody measured here",
};

export const OTHER_STACK = {
  compute: "Compute under TRL 1.13",
  differs: (trainer: string) =>
    `The fields of the recipe stay. What differs: ${trainer} brings kernels, losses and defaults of its own, which mostly take less than TRL's.`,
} as const;

export const ADVICE_ENDS = {
  failed: "The advice on this run broke off by a fault of ours; the answer above stands.",
  leftOut: (count: number) =>
    `${count} further ${count === 1 ? "change was" : "changes were"} not tried: this run costs too much to run that often.`,
} as const;
