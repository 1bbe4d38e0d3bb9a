/** What is said where the answer needs a way round. */

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
