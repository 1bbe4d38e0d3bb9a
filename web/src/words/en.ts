/** The words of the calculator in English. Numbers come in already formatted by the library. */

import type { FileFinding, TrainerFile, TrainerFileFormat } from "lora-calc";
import { CERTAINTY, VERDICTS } from "./answer-en.js";
import { FIELD_WORDS } from "./fields-en.js";
import { PARTS, ROWS, ROW_NOTES } from "./parts-en.js";
import { problemText } from "./problem-en.js";

export const WORDS = {
  title: "LoRA Parameter Calculator",
  tagline:
    "Counts what PEFT will train, to the unit. Predicts GPU memory by running the training step. Writes the config.",
  description:
    "Exact LoRA parameter counts as PEFT prints them, GPU memory of the training step tensor by tensor, what to change, and the code. Runs in your browser; nothing is sent unless you look a model up on the Hub.",
  noScript: "The fields below need JavaScript. What you see is the answer to the worked example.",
  skip: "Skip to the answer",
  nav: {
    calculator: "Calculator",
    learn: "How LoRA works",
    quiz: "Quiz",
    checked: "Checked against",
  },
  footer:
    "Everything is computed on your machine: no tracking, no request to anyone. GiB is 2³⁰ bytes, GB is 10⁹.",
  theme: { label: "Theme", auto: "Auto", light: "Light", dark: "Dark" },
  history: { undo: "Undo", redo: "Redo", reset: "Reset" },

  configure: {
    heading: "Configure",
    adapter: "Adapter",
    precision: "Base precision",
    training: "Training",
    fields: FIELD_WORDS,
    less: (label: string) => `${label}: one step less`,
    more: (label: string) => `${label}: one step more`,
    backTo: (value: string) => `Back to ${value}`,
    backToLabel: (label: string, value: string) => `${label}: back to ${value}`,
    valueText: (value: unknown) =>
      value === undefined ? "not set" : typeof value === "string" ? value : JSON.stringify(value),

    ownModel: (modelType: string) => `your config.json (${modelType})`,
    ownSummary: "Not listed? Use a file of your own",
    ownHint:
      "A config.json, an adapter_config.json or a scenario; the YAML of Axolotl, LLaMA-Factory, TRL, ms-swift, LitGPT and others; a training script or notebook, which is read and not run. Drop it anywhere on the page, choose it, or paste its text. It stays on your machine.",
    ownPlaceholder: '{"model_type": "llama", …}\nbase_model: …\nfrom trl import …',
    ownRead: (name: string, { trainer, scenario, used, ignored }: TrainerFile) =>
      `${name} is read as ${trainer}${trainer.endsWith("s") ? "’" : "’s"}${scenario.stack === undefined ? "" : `, under ${scenario.stack}`}: ${used.length} keys used, ${ignored.length} change neither counts nor memory.`,
    ownFindings: {
      trap: "Trap",
      refused: "Refused",
      unknown_key: "Unknown key",
      old_key: "Old name",
      unresolved: "Only a run can tell",
      not_computed: "Not computed",
      assumed: "Assumed",
      estimate: "Estimate",
    } satisfies Readonly<Record<FileFinding["code"], string>>,
    ownText: "Text of the file",
    ownFile: "Choose a file",
    ownUse: "Use this text",

    alphaAsRank: "r",
    alphaTwiceRank: "2r",
    targets: "Target modules",
    targetsHint: (line: string) => `More modules: more capacity, more parameters. ${line}`,
    targetsAll: "All linear layers is what the QLoRA paper needed to match full fine-tuning.",
    allLinear: "all-linear",
    attention: "attention",
    targetCost: (name: string, count: string, cost: string) =>
      `${name}: ${count}, ${cost} parameters`,
    otherBlock: "outside the layers",
    task: "Task type",
    taskNames: {
      CAUSAL_LM: "Causal language model",
      SEQ_CLS: "Sequence classification",
      TOKEN_CLS: "Token classification",
      QUESTION_ANS: "Question answering",
      FEATURE_EXTRACTION: "Feature extraction",
      SEQ_2_SEQ_LM: "Sequence to sequence",
    } as Readonly<Record<string, string>>,
    taskHint:
      "Chooses the class that is loaded: a classifier's head is trained in full beside the adapters.",
    advanced: "More adapter options",

    qlora: "QLoRA",
    qloraHint: "Frozen weights in 4-bit NF4 with double quantization.",
    qloraNote:
      "“65B on one 48 GB card” is the QLoRA paper's claim for its own setting: NF4 with double quantization, paged AdamW, gradient checkpointing, one sequence of up to 528 tokens at a time, r = 64 on all linear layers. Longer sequences need more.",
    qloraTry: "Load that run on a 48 GB card",
    storedAs: "Frozen weights stored as",
    storage: {
      bfloat16: "bfloat16",
      float16: "float16",
      float32: "float32",
      int8: "8-bit (LLM.int8)",
      "nf4-double": "4-bit NF4, double quantization",
      nf4: "4-bit NF4",
      "fp4-double": "4-bit FP4, double quantization",
      fp4: "4-bit FP4",
    } as Readonly<Record<string, string>>,

    stack: "Trainer's defaults",
    stackNone: "this calculator's",
    moreTraining: "More training options",
  },

  answer: {
    heading: "Answer",
    needs: (size: string) => `Needs ${size} at the peak.`,
    countsOnly: "Counts and stored weights; no memory of the step.",
    refused: "No answer for these settings yet. The numbers below belong to the last valid ones.",
    inputRefused: "That input could not be used. Nothing was changed.",
    nextLever: "Next lever",
    room: "Room for",
    frees: (size: string) => `frees ${size}`,
    apply: "Apply",
    cost: (text: string) => `Cost: ${text}.`,
    tiers: "Three sizes of the same run",
    allocated: "Allocated",
    allocatedNote: "tensors alive at the peak",
    reserved: "Reserved",
    reservedNote: "held by PyTorch's allocator",
    process: "Process",
    processNote: "what nvidia-smi shows",
    card: (name: string, usable: string, whole: string) =>
      usable === whole ? `${name}: ${whole}` : `${name}: ${usable} for processes, of ${whole}`,
    peftLine: "What PEFT prints",
    counts: "Counts",
    total: "Base parameters",
    trainable: "Trainable",
    reduction: "Fewer trained",
    scaling: "Scaling",
    scalingFormula: "α/r",
    scalingFormulaRs: "α/√r",
    adapterFile: (size: string) => `adapter_model.safetensors: ${size}`,
    comparison: "Full fine-tuning and LoRA",
    full: "Full fine-tuning",
    lora: "LoRA",
    trainedParameters: "Trained parameters",
    peakMemory: "GPU memory at the peak",
    comparisonNote:
      "Full fine-tuning here is the same run with every weight trained and nothing quantized.",
    pending: "working it out …",
    byModule: "By module",
    module: "Module",
    modules: "Modules",
    shape: "in → out",
  },

  memory: {
    heading: "Memory by part",
    lead: (event: string) => `At the peak: ${event}. Open a row for its formula and tensors.`,
    rows: ROWS,
    rowNotes: ROW_NOTES,
    total: "Total",
    totalNote: "what nvidia-smi shows",
    part: (name: string) => PARTS[name] ?? name.replaceAll("_", " "),
    certainty: CERTAINTY,
    tensors: "Largest tensors",
    tensorColumns: ["count", "shape", "dtype", "from", "bytes"],
    none: "Nothing of this kind is alive at the peak.",
  },

  timeline: {
    heading: "One training step",
    lead: "Allocated memory from the batch to the optimizer; every point is the highest moment of one layer or chunk.",
    phases: {
      forward: "forward",
      loss: "loss",
      backward: "backward",
      optimizer: "clip, optimizer",
    },
    peak: (size: string) => `peak ${size}`,
    usable: (name: string, size: string) => `${name} ${size}`,
    usableAbove: (name: string, size: string) => `${name}: ${size}, above this chart`,
    moment: "Moment of the step",
    at: (event: string, size: string) => `${event}: ${size}`,
    event: (name: string) => EVENTS[name] ?? name.replaceAll("_", " "),
    iteration: (event: string, loop: string, index: number) =>
      `${event}, ${loop === "layers" ? "layer" : loop === "chunks" ? "chunk" : loop} ${index}`,
    table: "As a table",
    point: "Moment",
    allocated: "Allocated",
    summary: (peak: string, event: string) =>
      `Stacked areas of memory by part over one training step. The peak, ${peak}, is in ${event}.`,
  },

  advice: {
    heading: "What to do",
    working: "Running the estimate again with each switch moved …",
    cardsThatFit: (names: string, more: number) =>
      `Cards that hold this run: ${names}${more > 0 ? `, and ${more} larger ones` : ""}.`,
    noCard: "No single card of the catalogue holds this run.",
    room: "There is room for more",
    raise: (text: string, adds: string) => `${text} (+${adds})`,
    stillFits: VERDICTS,
    ladder: "The way to a fit",
    ladderFits: "Pull these in order; after the last one it fits.",
    ladderTight: "Pull these in order; after the last one it is tight.",
    ladderFails:
      "Even with all of these it does not fit this card. Choose a larger card or a smaller model.",
    applyAll: "Apply all",
    levers: "Every switch and its price on this run",
    noLevers: "No switch left that would free memory.",
    warnings: "Mind",
    assumed: "Assumed",
    assumedHint: "You did not set these:",
  },

  takeAway: {
    heading: "Take it away",
    lead: "Files that run what was estimated.",
    copy: "Copy",
    copied: "Copied",
    copyFailed: "Copying was refused; select the text instead",
    download: "Download",
    share: "Copy the link to this state",
    files: "Files",
    trainers: "Files of trainers",
    writing: "The file is being written …",
    runWith: "Run it with",
    minds: "What this file cannot say",
    beside: (name: string): string => `${name}, beside it`,
    /** As the tabs name them. */
    byTrainer: {
      "trl-python": "TRL script",
      "trl-yaml": "TRL YAML",
      axolotl: "Axolotl",
      "llama-factory": "LLaMA-Factory",
      unsloth: "Unsloth",
      "ms-swift": "ms-swift",
      litgpt: "LitGPT",
      "mlx-lm": "MLX-LM",
    } satisfies Readonly<Record<TrainerFileFormat, string>>,
  },

  bar: { label: "Answer in short", close: "Close" },
  learn: { loading: "The chapters are being loaded …" },

  problem: problemText,
} as const;

const EVENTS: Readonly<Record<string, string>> = {
  layer_forward: "forward of a layer",
  layer_backward: "backward of a layer",
  ddp: "buckets of DDP",
  reference_forward: "reference model",
  loss_forward: "loss",
  loss_backward: "backward of the loss",
  clip: "clipping of gradients",
};
