/** The words of the chapters in English. Numbers come in already formatted by the library; `[A]` is a matrix, backticks are code. */

import type { StorageName } from "lora-calc/teach";

const STORAGE: Readonly<Record<StorageName, string>> = {
  bfloat16: "bfloat16",
  int8: "8-bit (LLM.int8)",
  nf4: "4-bit NF4",
  nf4_double: "4-bit NF4, double quantization",
};

export const LEARN = {
  heading: "How LoRA works",
  lead: (model: string) =>
    `Eight short chapters and a quiz. Every number below is computed from what is set in the calculator, now ${model}; change it there and the chapters follow.`,
  ownModel: "your own model",
  contents: "Chapters",
  source: "Source",
  table: "As a table",
  example: (name: string) =>
    `Your run has no LoRA layer to show, so these pages take PEFT's defaults on \`${name}\`.`,

  update: {
    heading: "W stays frozen; a thin update is learned",
    beside:
      "Fine-tuning a model in full changes every weight. LoRA, low-rank adaptation, changes none. Each weight matrix you choose, [W], stays frozen. Beside it come two thin matrices that are trained: [A] with r rows, one column per input, and [B] with r columns, one row per output.",
    output:
      "The layer then computes its usual output and adds a correction: the input goes through [A] into r numbers, and [B] turns these into an output. The factor α/r says how loud the correction is.",
    start:
      "[A] starts random and [B] starts at zero. So the correction is exactly zero before the first step, and training sets out from the pretrained model.",
    counting:
      "Only [A] and [B] are trained. They cost r parameters for every input of the layer and r for every output:",
    layer: (name: string, count: string) => `One of ${count} \`${name}\` in your model`,
    frozen: "frozen",
    trained: "trained",
    matrix: "Matrix",
    shape: "Shape (out, in)",
    parameters: "Parameters",
    state: "State",
    both: "[A] and [B]",
    fewer: (percent: string) => `${percent} % fewer to train than in [W]`,
    insight: "The key insight",
    insightText: (width: string, rank: string, frozen: string, trained: string) =>
      `At d = ${width} and r = ${rank}, a square layer goes from ${frozen} trained parameters to ${trained}.`,
    insightFewer: (percent: string) => `${percent} % fewer`,
    merging:
      "After training, the product can be added into the frozen matrix once. It has the shape of [W], so the merged layer is as fast and as large as the original:",
    mergingBase:
      "One caveat: a base stored in 4 bits has to be de-quantized before merging, and merging into rounded weights changes the outputs slightly.",
    figure: (name: string) => `W, A and B of ${name}, drawn to one scale`,
    figureNote: (rank: string, widest: string) =>
      `One scale for all three. At rank ${rank} beside a width of ${widest} the strips are as thin as they look; that is the whole saving.`,
    inputs: (count: string) => `${count} inputs`,
    outputs: (count: string) => `${count} outputs`,
    product: "BA",
    sourceText: "Hu et al. 2021, LoRA: Low-Rank Adaptation of Large Language Models",
    sourceLink: "https://arxiv.org/abs/2106.09685",
  },

  rank: {
    heading: "The rank is how much the update can say",
    what: "A product [B][A] of rank r is a sum of r patterns, each one column times one row. A small rank can only say simple things; a full rank can say anything. How good is the best copy of a matrix that has only r patterns?",
    picture:
      "Take a picture as the matrix, brightness as its entries. Singular value decomposition finds the best copy of every rank, and what it misses is known exactly: the root of the squares of the singular values left out, as a share of all of them.",
    bet: "LoRA bets that the change fine-tuning makes to a weight is such a matrix: a few patterns carry most of it. Where the bet fails, a higher rank buys the missing patterns, each for as many numbers as the layer has inputs and outputs.",
    guidance:
      "Ranks of 4, 8, 16, 32 and 64 are common. Lower means fewer parameters, higher means more capacity.",
    loading: "The picture is drawn here when scripts run.",
    slider: "Rank of the copy",
    original: "The matrix",
    copy: (rank: string) => `Best copy of rank ${rank}`,
    error: (percent: string, numbers: string, full: string) =>
      `Error ${percent} %, from ${numbers} numbers in A and B; the matrix itself has ${full}.`,
    dearer: "More numbers than the matrix itself: at this size such a rank saves nothing.",
    curve: "Error of the best copy at every rank",
    rankAxis: "rank",
    errorAxis: "error",
    sourceText: "Eckart and Young 1936, The approximation of one matrix by another of lower rank",
    sourceLink: "https://doi.org/10.1007/BF02288367",
  },

  modules: {
    heading: "Which modules, and what each costs",
    text: "A layer of a transformer has several linear modules, and each one you target gets its own [A] and [B]. The price is r × (inputs + outputs) for every layer that has the module: wide modules cost more at the same rank.",
    narrow: (narrow: string, wide: string, narrowOut: string, wideOut: string) =>
      `\`${narrow}\` has ${narrowOut} outputs where \`${wide}\` has ${wideOut}. In attention that is the mark of shared key and value heads (grouped-query attention); a calculator that takes every module for a square gets it wrong.`,
    choice:
      "The first paper adapted attention only, often `q_proj` and `v_proj`. The QLoRA paper found that adapting every linear module is what matches full fine-tuning; the rank mattered less.",
    outside:
      "Embeddings and the output head are left out of “all-linear”. They can be targeted by name, or trained in full as modules to save, which costs the whole matrix.",
    figure: "Trainable parameters of every linear module",
    module: "Module",
    shape: "in → out",
    count: "Modules",
    cost: "Trainable",
    targeted: "adapted in this run",
    targetedByDefault: "adapted by default",
    untargeted: "not adapted",
    block: (name: string) => (name === "" ? "outside the blocks" : name),
    blockTotal: (targeted: string, cost: string) => `${targeted} of ${cost} adapted`,
    refused: "These settings are refused, so there is no price.",
    sourceText: "Dettmers et al. 2023, QLoRA, section 4",
    sourceLink: "https://arxiv.org/abs/2305.14314",
  },

  scaling: {
    heading: "α/r, and what rsLoRA changes",
    text: "The update is multiplied by a scaling before it is added. Doubling α doubles the update, much as a higher learning rate would, and adds no parameter. Usual choices are α = 2r and α = r.",
    yours: (alpha: string, rank: string, scaling: string) =>
      `With α = ${alpha} and r = ${rank} your update is scaled by ${scaling}.`,
    yoursStabilized: (alpha: string, rank: string, scaling: string) =>
      `With α = ${alpha}, r = ${rank} and rsLoRA your update is scaled by ${scaling}.`,
    problem:
      "Dividing by r has a side effect: raise the rank, keep α, and the scaling falls in proportion. The rsLoRA paper shows that this makes the learning of high ranks collapse, and that α/√r keeps it steady. So raise α together with r, or switch rsLoRA on; with it, the same α means a much larger factor.",
    figure: (alpha: string) => `Scaling against rank with α = ${alpha}`,
    rankAxis: "rank",
    factorAxis: "scaling",
    plain: "α/r",
    stabilized: "α/√r (rsLoRA)",
    you: "your run",
    sourceText: "Kalajdzievski 2023, A Rank Stabilization Scaling Factor for Fine-Tuning with LoRA",
    sourceLink: "https://arxiv.org/abs/2312.03732",
  },

  memory: {
    heading: "99 % fewer parameters is not 99 % less memory",
    fewer: (percent: string) => `Your run trains ${percent} % fewer parameters than the model has.`,
    all: (count: string) =>
      `Your run trains all ${count} parameters. Give it an adapter in the calculator to see what changes.`,
    saved: (percent: string, full: string, run: string) =>
      `Its memory falls by ${percent} %: from ${full} for full fine-tuning to ${run}.`,
    gone: "What LoRA removes is what only trained parameters need: a gradient each, and two running averages each with AdamW.",
    trained: (each: string, bytes: string, percent: string) =>
      `Here a trained parameter costs ${each} bytes over a step: itself, its gradient, its averages. All of them together take ${bytes}, ${percent} % of the peak.`,
    quantized:
      "Part of that is not LoRA's doing: the base is quantized, and full fine-tuning cannot be (chapter 6).",
    stays:
      "What stays is the rest. The frozen weights must be there to compute with. Their inputs must be there for the gradient of [A] and [B], and backward has to pass through every frozen layer to reach the adapters below it. Checkpointing and quantization work on that rest; the rank hardly does.",
    largest: (part: string, bytes: string, percent: string) =>
      `The largest part of your peak: ${part}, ${bytes} or ${percent} %.`,
    figure: "Memory at the peak",
    parts: "Your run, enlarged, by part",
    full: "Full fine-tuning",
    run: "Your run",
    part: "Part",
    fullNote: "Full fine-tuning is the same run with every weight trained and nothing quantized.",
    none: "These settings give counts only. Set a batch size or a card in the calculator, and the memory of the step appears here.",
  },

  storage: {
    heading: "Where QLoRA's bytes go",
    text: "QLoRA stores the frozen weights in 4 bits and trains ordinary adapters beside them. The adapters are not quantized: their numbers stay in float32 or bfloat16, because small updates would vanish in 16 levels.",
    constants:
      "Four bits per weight is not the whole bill. NF4 cuts a matrix into blocks of 64 weights and keeps one scale per block. Double quantization stores those scales in 8 bits, with one float32 scale for every 256 of them.",
    layer: (name: string) => `One ${name} of your model, stored four ways`,
    bits: (bits: string) => `${bits} bits per parameter`,
    codes: "weights",
    scales: "scales and tables",
    tensors: "Every tensor of it",
    storage: STORAGE,
    base: (bytes: string, formula: string) =>
      `Your base takes ${bytes}: ${formula}. Embeddings, norms and the output head stay as they are.`,
    basePlain: (bytes: string) => `Your base takes ${bytes}.`,
    unpacked: (bytes: string) =>
      `To multiply with a 4-bit matrix, it is unpacked to 16 bits first, one module at a time. At the peak of your run such copies take ${bytes}.`,
    claim:
      "“65B on one 48 GB card” holds for the QLoRA paper's own setting: NF4 with double quantization, paged AdamW, gradient checkpointing, and one short sequence at a time.",
    sourceText: "Dettmers et al. 2023, QLoRA: Efficient Finetuning of Quantized LLMs",
    sourceLink: "https://arxiv.org/abs/2305.14314",
  },

  logits: {
    heading: "Why the loss is a spike",
    text: (hidden: string, vocabulary: string, widening: string) =>
      `The last layer hands ${hidden} numbers per token to the head, and the head turns them into a score for each of ${vocabulary} vocabulary entries: ${widening} times as many.`,
    copies: (batch: string, length: string, tokens: string) =>
      `With ${batch} × ${length} = ${tokens} tokens in a forward pass, one copy is large, and at its worst moment the usual loss holds three in float32: the log-probabilities, their gradient and the gradient of the scores.`,
    chunks: (tokens: string) =>
      `TRL's chunked loss (before 1.15) takes ${tokens} tokens at a time and recomputes their scores in backward, so that only one chunk with its copies is alive. Its fused head (from 1.15) takes tiles of 4,096 tokens by 32,768 vocabulary entries, 256 MiB in bfloat16, and keeps a few numbers per token.`,
    thisRun: (bytes: string) =>
      `In your run, logits and loss take ${bytes} at their highest moment.`,
    noAdapters:
      "Adapters change nothing about this: rank, targets and quantization leave the logits as they are. Shorter sequences, a smaller batch or a chunked loss shrink them.",
    figure: "What goes through the head, by size",
    rows: {
      hidden: "into the head, bfloat16",
      bfloat16: "all logits, bfloat16",
      float32: "all logits, float32",
      usual: "three float32 copies",
      chunk: (tokens: string) => `one chunk of ${tokens} tokens, float32`,
    },
    none: "This model has no vocabulary to score, so its loss is small.",
  },

  experiment: {
    heading: "Try it: full training and LoRA side by side",
    text: (rank: string) =>
      `A small pretrained network has to learn a new task. The task was made by adding a change of rank ${rank} to every weight matrix, so we know which rank an adapter needs. One copy of the network trains every weight; the other trains [A] and [B] only. Both see the same examples in the same order.`,
    look: (rank: string) =>
      `Below rank ${rank} the adapter stops short, however long it trains. At ${rank} it gets there with a fraction of the parameters. Above, it pays for patterns it does not need.`,
    loading: "The experiment runs here when scripts run. It takes about two seconds.",
    rank: "Rank of the adapter",
    run: "Train both",
    again: "Train again",
    done: (full: string, lora: string) =>
      `Done. Error left on unseen examples: full training ${full} %, LoRA ${lora} %.`,
    full: "full training",
    lora: (rank: string) => `LoRA, r = ${rank}`,
    figure: "Error on unseen examples while both train",
    stepAxis: "step",
    errorAxis: "error left",
    parameters: "Trained parameters",
    share: (percent: string) => `${percent} % of full training`,
    runs: "Your runs so far",
    method: "Method",
    left: "Error left",
    directions: (top: string, all: string, percent: string) =>
      `How low-rank is the change that full training found by itself? In the middle layer ${top} of ${all} directions hold ${percent} % of it.`,
    limits:
      "It is a toy: a network of three linear layers, seconds of training, and a task that is low-rank by construction. It shows what the rank does, not how high yours must be.",
    progress: "Training",
    failed: "The experiment could not be run in this browser.",
  },
} as const;
