/** The words of the quiz in English: what is asked, why the answer is right, and what each wrong number comes from. */

import { formatBytes, formatCount, formatFixed, formatMagnitude } from "lora-calc";
import {
  type Amount,
  type AmountUnit,
  type Mistake,
  type QuestionFacts,
  type QuestionId,
  type StatementKey,
  type Theme,
} from "lora-calc/teach";

const THEME_NAMES: Readonly<Record<Theme, string>> = {
  counting: "Counting",
  scaling: "Scaling",
  optimizer: "What training costs",
  quantization: "Quantization",
  step: "The training step",
};

const STATEMENTS: Readonly<Record<StatementKey, string>> = {
  "count-same": "They stay the same; the rank does not change the count",
  "count-doubles": "They double",
  "count-quadruples": "They quadruple",
  "count-half-more": "They grow by half",
  "scales-layers": "How many layers are trained",
  "scales-update": "How strongly the update BA counts beside the frozen output",
  "scales-learning-rate": "The optimizer's learning rate",
  "scales-dropout": "How often inputs of the adapter are dropped",
  "start-pretrained": "Training starts from exactly the pretrained model",
  "start-random": "Every run starts from different outputs",
  "start-zero-output": "The model's output is zero until B has learned something",
  "start-saves-memory": "A matrix of zeros takes no memory",
  "merged-free": "Nothing: the merged weight has the shape of W",
  "merged-r-slower": "One more multiplication of rank r per layer",
  "merged-more-memory": "Memory for A and B beside W",
  "merged-never": "It cannot be merged; A and B always stay apart",
  "frozen-storage-only": "Its storage; no gradient of it is kept and no optimizer state",
  "frozen-gradient": "Its storage and a gradient, which is then thrown away",
  "frozen-averages": "Its storage and the optimizer's running averages",
  "frozen-everything": "The same as a trained weight",
  "memory-frozen-stay": "The frozen weights and the activations are still needed",
  "memory-adapters-large": "A and B together are nearly as large as W",
  "memory-r-hidden": "Memory depends on the rank only, and the rank is high",
  "memory-optimizer-all": "The optimizer keeps states for the frozen weights too",
  "qlora-four-bit-base":
    "It stores the frozen weights in 4 bits and trains adapters of 16 or 32 bits",
  "qlora-fewer-layers": "It removes layers from the model",
  "qlora-offload": "It keeps the weights in the computer's main memory",
  "qlora-compressed-adapters": "It compresses A and B to 4 bits",
  "kept-embeddings-norms-head": "Embeddings, norms and the output head",
  "kept-nothing": "Nothing; every tensor is stored in 4 bits",
  "kept-attention": "The attention modules",
  "kept-mlp": "The modules of the MLP",
  "chunks-fewer-at-once": "Only the scores of a few tokens exist at one time",
  "chunks-smaller-vocabulary": "It scores a part of the vocabulary only",
  "chunks-four-bit": "It stores the scores in 4 bits",
  "chunks-shorter-sequences": "It cuts the sequences shorter",
  "checkpoint-layer-inputs": "The input of each layer; the rest is computed again in backward",
  "checkpoint-nothing": "Nothing; backward starts again from the tokens",
  "checkpoint-half": "Every second activation inside a layer",
  "checkpoint-weights": "A copy of the weights after every step",
  "length-activations": "Activations, checkpoints and logits; weights and adapters stay",
  "length-weights": "The weights",
  "length-optimizer": "The optimizer's states",
  "length-everything": "Everything, in proportion",
};

/** What a reader who chose the number probably did. */
const MISTAKES: Readonly<Record<Mistake, string>> = {
  "one-matrix": "That is A alone; B is trained too.",
  "whole-matrix": "That is W itself, which is frozen.",
  "square-layer": "That takes the layer for a square of its longer side.",
  "forgot-shared-heads":
    "That gives the module as many outputs as its wide neighbour has; key and value heads are shared.",
  "one-module": "That is one kind of module out of several.",
  "one-block": "That is one block of the layer; the other has linear modules too.",
  "one-layer": "That is a single layer.",
  "upside-down": "That is the fraction upside down.",
  multiplied: "That multiplies by the rank where it should not.",
  "other-rule": "That is the other rule: one divides by r, rsLoRA by √r.",
  unchanged: "That is the scaling before the change.",
  "grows-with-rank": "That grows with the rank; α is divided by it.",
  "parameters-only": "That is the parameter alone.",
  "one-average": "AdamW keeps two running averages, of the gradient and of its square.",
  "other-dtype": "That is right for the other dtype.",
  "mixed-dtypes": "That keeps averages in float32; PyTorch makes them in the parameter's dtype.",
  "with-gradients": "That adds the gradients, which are not optimizer states.",
  "frozen-too": "That counts states for the frozen weights, which have none.",
  "no-constants": "That leaves out the scales that are stored beside the codes.",
  "single-quantization": "That is without double quantization.",
  "double-quantization": "That is with double quantization.",
  "eight-bit": "That is 8-bit storage.",
  "sixteen-bit": "That is 16-bit storage.",
  "gb-for-gib": "That is the number of GB (10⁹ bytes) with the unit GiB (2³⁰ bytes).",
  float32: "That is float32, four bytes each.",
  "one-byte": "That is one byte each.",
  "half-precision": "That is bfloat16, two bytes each.",
  "one-sequence": "That is one sequence of the batch.",
  "hidden-for-vocabulary": "That is as wide as the hidden state, before the head.",
  "off-by-factor": "That is off by a factor of two or four.",
};

type Facts<Id extends QuestionId> = QuestionFacts[Id];

interface QuestionWords<Id extends QuestionId> {
  readonly ask: (facts: Facts<Id>) => string;
  readonly explain: (facts: Facts<Id>) => string;
}

const sizes = (inFeatures: number, outFeatures: number): string =>
  `${formatCount(inFeatures)} inputs and ${formatCount(outFeatures)} outputs`;
const factor = (value: number): string => String(Number(value.toFixed(3)));

const QUESTIONS: { readonly [Id in QuestionId]: QuestionWords<Id> } = {
  "layer-parameters": {
    ask: ({ name, inFeatures, outFeatures, rank }) =>
      `\`${name}\` has ${sizes(inFeatures, outFeatures)}. How many parameters does LoRA train beside one of them at r = ${formatCount(rank)}?`,
    explain: ({ rank, inFeatures, outFeatures, trainable }) =>
      `[A] has r × inputs numbers and [B] has outputs × r: ${formatCount(rank)} × (${formatCount(inFeatures)} + ${formatCount(outFeatures)}) = ${formatCount(trainable)}.`,
  },
  "rank-doubled": {
    ask: ({ rank, doubled }) =>
      `You double the rank from ${formatCount(rank)} to ${formatCount(doubled)}. What happens to the trainable parameters?`,
    explain: ({ name, before, after }) =>
      `r stands once in r × (inputs + outputs), so the count is proportional to it. One \`${name}\` goes from ${formatCount(before)} to ${formatCount(after)}.`,
  },
  "narrow-module": {
    ask: ({ name, inFeatures, outFeatures, count, rank }) =>
      `\`${name}\` has ${sizes(inFeatures, outFeatures)}, and the model has ${formatCount(count)} of them. How many parameters does targeting it train at r = ${formatCount(rank)}?`,
    explain: ({ name, wideName, rank, inFeatures, outFeatures, wideOutFeatures, count, cost }) =>
      `${formatCount(rank)} × (${formatCount(inFeatures)} + ${formatCount(outFeatures)}) × ${formatCount(count)} = ${formatCount(cost)}. \`${wideName}\` has ${formatCount(wideOutFeatures)} outputs, \`${name}\` has fewer, so it costs less.`,
  },
  "all-linear": {
    ask: () =>
      "With your settings on every linear module of the model, how many parameters are trained?",
    explain: ({ modules, cost }) =>
      `${modules.map(({ name, cost: each }) => `\`${name}\` ${formatCount(each)}`).join(" + ")} = ${formatCount(cost)}.`,
  },

  "alpha-over-rank": {
    ask: () => "What does the ratio α/r control?",
    explain: () =>
      "The product [B][A] is multiplied by α/r before it is added to the output of [W]. A larger ratio lets the same adapter change the output more; it adds no parameter.",
  },
  "scaling-value": {
    ask: ({ alpha, rank, rule }) =>
      `α = ${factor(alpha)}, r = ${formatCount(rank)}${rule === "alpha / r" ? "" : ", rsLoRA on"}. By which factor is the update scaled?`,
    explain: ({ alpha, rank, rule, scaling }) =>
      rule === "alpha / r"
        ? `α/r = ${factor(alpha)} / ${formatCount(rank)} = ${factor(scaling)}.`
        : `rsLoRA divides by the root: α/√r = ${factor(alpha)} / √${formatCount(rank)} = ${factor(scaling)}.`,
  },
  "rank-raised": {
    ask: ({ alpha, rank, raised }) =>
      `Without rsLoRA, you raise r from ${formatCount(rank)} to ${formatCount(raised)} and leave α at ${factor(alpha)}. What is the scaling now?`,
    explain: ({ alpha, raised, before, after, stabilized }) =>
      `α/r = ${factor(alpha)} / ${formatCount(raised)} = ${factor(after)}, down from ${factor(before)}. With rsLoRA it would be ${factor(stabilized)}. Raise α together with r to keep the update as strong.`,
  },
  "zero-start": {
    ask: () => "[B] starts as zeros. What is that good for?",
    explain: () =>
      "With [B] = 0 the product [B][A] is zero, so the first forward pass gives the pretrained outputs. [A] is random, so that [B] gets a gradient that is not zero and learning can begin.",
  },
  merged: {
    ask: () => "After merging, what does the adapter cost at inference?",
    explain: () =>
      "[W] + (α/r)·[B][A] is computed once and stored in place of [W]: as large and as fast as before. Unmerged adapters cost a little more, and can be swapped.",
  },

  "frozen-needs": {
    ask: () => "What does a frozen weight take during training?",
    explain: () =>
      "No gradient of it is computed and the optimizer does not know it. Gradients still flow through it to reach adapters in earlier layers, which is why its value must be there.",
  },
  "adam-float32": {
    ask: () =>
      "Adapters in float32, trained with AdamW. How many bytes per trained parameter, with gradient and optimizer states?",
    explain: ({ parameter, gradient, average, total }) =>
      `${parameter} for the parameter, ${gradient} for its gradient, ${average} each for two running averages: ${total}.`,
  },
  "adam-bfloat16": {
    ask: () => "The same with adapters in bfloat16?",
    explain: ({ parameter, gradient, average, total }) =>
      `PyTorch makes gradients and averages in the dtype of the parameter: ${parameter} + ${gradient} + 2 × ${average} = ${total}. That saves memory and costs precision.`,
  },
  "optimizer-of-run": {
    ask: ({ trainable }) =>
      `Your run trains ${formatCount(trainable)} parameters. How large are its optimizer states?`,
    explain: ({ trainable, each, bytes }) =>
      `${formatCount(trainable)} × ${formatCount(each)} bytes for two averages = ${formatBytes(bytes)}. The frozen weights have none.`,
  },
  "memory-stays": {
    ask: ({ fewerPercent }) =>
      `LoRA trains ${formatFixed(fewerPercent, 2)} % fewer parameters per layer than full fine-tuning. Why does memory not fall as far?`,
    explain: () =>
      "Only gradients and optimizer states follow the trained parameters. The weights are still there to compute with, and so are the activations that backward needs. Quantization and checkpointing work on these.",
  },

  "why-qlora": {
    ask: () => "Why does QLoRA take so little memory?",
    explain: () =>
      "Weights that are not trained need not be precise: they are stored in 4 bits and unpacked to 16 bits for each multiplication. The adapters, which have to take up small updates, keep 16 or 32 bits. The QLoRA paper fine-tuned a 65B model on one 48 GB card this way, with short sequences, checkpointing and a paged optimizer.",
  },
  "four-bit-layer": {
    ask: ({ layer }) =>
      `How much does one \`${layer.name}\` of ${formatCount(layer.outFeatures)} × ${formatCount(layer.inFeatures)} take in 4-bit NF4 with double quantization?`,
    explain: ({ stored }) =>
      `${formatBytes(stored.codes)} for the 4-bit codes and ${formatBytes(stored.constants)} for scales and tables: ${formatBytes(stored.bytes)}.`,
  },
  "bits-per-parameter": {
    ask: () => "How many bits per parameter is 4-bit NF4 without double quantization?",
    explain: ({ bytes, bitsPerParameter }) =>
      `4 bits for the code, and one float32 scale for each block of 64 weights: 32 / 64 = 0.5 bits more. This layer: ${formatBytes(bytes)}, ${formatFixed(bitsPerParameter, 2)} bits each.`,
  },
  "not-quantized": {
    ask: () => "Which parts of the base are not quantized when it is loaded in 4 bits?",
    explain: () =>
      "bitsandbytes replaces linear modules only, and transformers leaves the output head as it is. In models with a large vocabulary, embeddings and head are a good part of what remains.",
  },
  "base-in-gib": {
    ask: ({ base }) => `The base has ${formatCount(base)} parameters. How large is it in bfloat16?`,
    explain: ({ base, bytes }) =>
      `${formatCount(base)} × 2 bytes = ${formatCount(bytes)} bytes = ${formatBytes(bytes)}. A GiB is 2³⁰ bytes, 7 % more than a GB.`,
  },

  "logits-size": {
    ask: ({ batch, length, vocabulary }) =>
      `${formatCount(batch)} × ${formatCount(length)} tokens, a vocabulary of ${formatCount(vocabulary)}. How large is one float32 copy of all logits?`,
    explain: ({ tokens, vocabulary, float32, usualLoss }) =>
      `${formatCount(tokens)} × ${formatCount(vocabulary)} × 4 bytes = ${formatBytes(float32)}. The usual loss holds three such copies, ${formatBytes(usualLoss)}.`,
  },
  "chunked-loss": {
    ask: () => "How does a chunked loss save memory?",
    explain: () =>
      "It runs the head on a few hundred tokens at a time and throws their scores away, then computes them again in backward. The result is the same.",
  },
  checkpointing: {
    ask: () => "With gradient checkpointing, what is kept from a layer's forward pass?",
    explain: () =>
      "Only the hidden state that enters the layer. Backward runs the layer's forward again, one layer at a time: about a third more compute for much less memory.",
  },
  "length-doubled": {
    ask: () => "You double the sequence length. What grows?",
    explain: () =>
      "Everything that exists per token: hidden states, what layers keep for backward, logits. Weights, adapters, gradients and optimizer states do not know how long a sequence is.",
  },
};

const AMOUNTS: Readonly<Record<AmountUnit, (value: number) => string>> = {
  parameters: (value) => (value < 1e9 ? formatCount(Math.round(value)) : formatMagnitude(value)),
  bytes: formatBytes,
  factor,
  "bits per parameter": (value) => `${formatFixed(value, 2)} bits`,
  "bytes per parameter": (value) => `${factor(value)} bytes`,
};

export const QUIZ = {
  heading: "Quiz",
  lead: (count: string) =>
    `${count} questions over five themes. The numbers are those of your run, and they change with it. Your progress is kept in this browser only.`,
  themes: THEME_NAMES,
  statement: (key: StatementKey): string => STATEMENTS[key],
  mistake: (mistake: Mistake): string => MISTAKES[mistake],
  amount: ({ value, unit }: Amount): string => AMOUNTS[unit](value),
  wordsOf: <Id extends QuestionId>(id: Id): QuestionWords<Id> => QUESTIONS[id],
  position: (index: string, count: string, theme: string) =>
    `Question ${index} of ${count} · ${theme}`,
  check: "Check",
  right: "Right.",
  wrong: "Not quite.",
  rightIs: (answer: string) => `Right is: ${answer}.`,
  previous: "Previous",
  next: "Next",
  answer: "Answer",
  score: (right: string, count: string) => `${right} of ${count} right`,
  finished: "You have answered every question.",
  restart: "Start over",
  goTo: (index: string, state: string) => `Question ${index}${state}`,
  states: { open: "", right: ", answered right", wrong: ", answered wrong" },
  list: "Questions",
} as const;
