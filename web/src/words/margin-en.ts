/** Notes in the margin, in English. */

export const MARGIN = {
  label: "Notes on what you look at",
  certainty: "How sure each number is",
  rank: {
    title: "Rank, in parameters",
    text: "Each adapted matrix gets A (r × in) and B (out × r).",
    formula: "r · (in + out)",
    none: "This method has no rank: its parameters are counted module by module below.",
    of: (modules: string, names: string) => `${modules} × ${names}`,
    product: (rank: string, inputs: string, outputs: string) =>
      `${rank} · (${inputs} + ${outputs})`,
    beside: (count: string) => ` + ${count}`,
    others: "trained beside them",
  },
  alpha: {
    title: "Alpha, a volume knob",
    text: "B·A is multiplied by it before it is added to W. It trains nothing and takes no memory; with a higher α a lower learning rate does the same.",
    formula: "α / r",
    formulaRs: "α / √r",
    of: (alpha: string, rank: string) => `${alpha} / ${rank}`,
    ofRs: (alpha: string, rank: string) => `${alpha} / √${rank}`,
  },
  targets: {
    title: "Where the adapters sit",
    text: "What every block would train at this rank, and what it trains now.",
    outside: "outside the layers",
    whole: (count: string) => `of ${count}`,
  },
  tokens: {
    title: "What a token takes",
    text: "These grow with the tokens of a step; weights, adapters and optimizer do not.",
    formula: "batch × length",
    product: (batch: string, length: string) => `${batch} × ${length}`,
    tokens: "tokens",
    each: "each token, at the peak",
    names: {
      checkpoints: "Checkpoints",
      activations: "Activations",
      loss: "Logits and loss",
    },
  },
  part: { source: "Source", total: "at the peak" },
} as const;
