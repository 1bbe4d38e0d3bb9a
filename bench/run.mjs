// npm run bench: the times of DESIGN's budgets on this machine, and the same count by real PEFT in the same run.
// PEFT runs where LORA_CALC_PYTHON names a Python that has it, or in conformance/.venv. Needs a build.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  estimate,
  findModel,
  formatCount,
  isRefusal,
  listModels,
  withUsualTargets,
  withUsualTask,
} from "../packages/lora-calc/dist/index.js";

const CLI = fileURLToPath(new URL("../packages/lora-calc/dist/cli/main.js", import.meta.url));
const PEFT_SCRIPT = fileURLToPath(new URL("./peft_count.py", import.meta.url));
const PYTHON =
  process.env.LORA_CALC_PYTHON ??
  fileURLToPath(new URL("../conformance/.venv/bin/python", import.meta.url));

const ADAPTER = { r: 16, target_modules: "all-linear" };
const QLORA = {
  quantization: { load_in_4bit: true, bnb_4bit_quant_type: "nf4", bnb_4bit_use_double_quant: true },
  training: { per_device_train_batch_size: 2, max_length: 2048 },
  hardware: { gpu: "RTX 4090" },
};

function median(values) {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)];
}

/** The compiler has seen everything often enough after this time. */
const WARM_UP_MS = 1500;

/** Median of `runs` timings in milliseconds, after the warm-up. */
function timeOf(work, { runs = 50 } = {}) {
  for (const end = performance.now() + WARM_UP_MS; performance.now() < end;) work();
  const times = Array.from({ length: runs }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return median(times);
}

function answer(scenario, options) {
  const result = estimate(scenario, options);
  if (isRefusal(result)) throw new Error(result.error.message);
  return result;
}

/** PEFT refuses LoRA on every linear layer of a Mamba mixer, and so do we: those models are left out of the mix. */
function takesEveryLinear(model) {
  const result = estimate({ model: model.repo, adapter: ADAPTER });
  if (isRefusal(result) && result.error.code !== "invalid_adapter_option")
    throw new Error(result.error.message);
  return !isRefusal(result);
}

/** A thousand scenarios over every model, with ranks, lengths and precisions mixed. */
function mixedScenarios(memory) {
  const models = listModels().filter(takesEveryLinear);
  return Array.from({ length: 1000 }, (_, index) => ({
    model: models[index % models.length].repo,
    adapter: { r: 2 ** (2 + (index % 6)), target_modules: "all-linear" },
    ...(memory
      ? {
          ...QLORA,
          training: { max_length: 256 * (1 + (index % 8)) },
          quantization: index % 2 ? QLORA.quantization : null,
        }
      : {}),
  }));
}

function onceTime(work) {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** Shortest of some starts: what the machine needs when nothing else runs. */
function startTime(args) {
  const times = Array.from({ length: 10 }, () => onceTime(() => spawnSync(process.execPath, args)));
  return Math.min(...times);
}

function printRow(what, milliseconds, budget) {
  const digits = milliseconds < 1 ? 3 : 1;
  const verdict =
    budget === undefined
      ? ""
      : milliseconds <= budget
        ? `within ${budget} ms`
        : `OVER ${budget} ms`;
  console.log(
    `${what.padEnd(52)}${milliseconds.toFixed(digits).padStart(10)} ms  ${verdict}`.trimEnd(),
  );
}

function peftCount(model) {
  if (!existsSync(PYTHON)) return undefined;
  const input = JSON.stringify({ config: findModel(model).config, adapter: ADAPTER, runs: 5 });
  const { status, stdout } = spawnSync(PYTHON, [PEFT_SCRIPT], { input, encoding: "utf8" });
  return status === 0 ? JSON.parse(stdout) : undefined;
}

function benchCounts() {
  for (const [model, budget] of [
    ["meta-llama/Llama-3.1-8B", 0.2],
    ["meta-llama/Llama-3.1-70B", 0.4],
  ]) {
    printRow(
      `count, ${model}`,
      timeOf(() => answer({ model, adapter: ADAPTER }), { runs: 200 }),
      budget,
    );
  }
}

/** Peaks of all three tiers; the peak with expandable segments is an extra that a caller can leave out. */
const THREE_TIERS = { expandable: false };

function benchMemory() {
  const scenario = { model: "meta-llama/Llama-3.1-8B", adapter: ADAPTER, ...QLORA };
  const training = { ...QLORA.training, gradient_accumulation_steps: 32 };
  for (const [what, timed, options, budget] of [
    ["8B QLoRA, allocated, reserved, process", scenario, THREE_TIERS, 16],
    ["the same and expandable segments", scenario],
    ["70B", { ...scenario, model: "meta-llama/Llama-3.1-70B" }, THREE_TIERS, 32],
    ["8B, 32 micro-batches", { ...scenario, training }, THREE_TIERS],
  ]) {
    printRow(
      what,
      timeOf(() => answer(timed, options)),
      budget,
    );
  }
}

/**
 * The worked answer under other stacks, as times itself, both with expandable segments, which Unsloth sets; under Unsloth at
 * most 1.5, though its default is two micro-batches. Rounds in turn: the machine is not quiet.
 */
function benchStacks() {
  const scenario = { model: "meta-llama/Llama-3.1-8B", adapter: ADAPTER, ...QLORA };
  const unsloth = { ...scenario, quantization: { load_in_4bit: true } };
  for (const [stack, run, most] of [
    ["unsloth-2026.8", unsloth, 1.5],
    ["unsloth-2024.5", unsloth, 1.5],
    ["axolotl-0.19", unsloth],
  ]) {
    const timed = { ...run, stack };
    const ratios = Array.from({ length: 5 }, () => {
      const worked = timeOf(() => answer(scenario), { runs: 15 });
      return timeOf(() => answer(timed), { runs: 15 }) / worked;
    });
    const ratio = median(ratios);
    const verdict =
      most === undefined ? "" : ratio <= most ? ` (within ${most})` : ` (OVER ${most})`;
    console.log(`8B QLoRA under ${stack}: ${ratio.toFixed(2)} times the worked answer${verdict}`);
  }
}

/** Every shape for what its model is usually fine-tuned for, as times the worked answer: budgets are ratios. */
function benchCatalogue() {
  const training = { per_device_train_batch_size: 2, max_length: 512 };
  const hardware = { gpu: "RTX 4090" };
  const usual = ({ repo }) =>
    withUsualTargets(withUsualTask({ model: repo, adapter: ADAPTER, training, hardware }));
  const worked = timeOf(() => answer(usual({ repo: "meta-llama/Llama-3.1-8B" })));
  const shapes = new Map(listModels().map((model) => [JSON.stringify(model.config), model]));
  const times = [...shapes.values()].map((model) => {
    const runs = [0, 1, 2].map(() => onceTime(() => answer(usual(model))));
    return { repo: model.repo, ratio: median(runs) / worked };
  });
  const worst = times.reduce((most, each) => (each.ratio > most.ratio ? each : most));
  console.log(
    `${shapes.size} shapes of the catalogue: median ${median(times.map(({ ratio }) => ratio)).toFixed(2)} times the worked answer (at most 3), worst ${worst.ratio.toFixed(1)} (${worst.repo}; at most 25)`,
  );
}

function benchBatches() {
  for (const [what, memory, budget] of [
    ["counts only", false, 3000],
    ["everything", true, 20_000],
  ]) {
    const scenarios = mixedScenarios(memory);
    printRow(
      `1,000 mixed scenarios, ${what}`,
      onceTime(() => scenarios.forEach((scenario) => answer(scenario))),
      budget,
    );
  }
}

function benchStart() {
  const node = startTime(["--eval", "0"]);
  const start = startTime([CLI, "--version"]);
  const answered = startTime([CLI, "estimate", "meta-llama/Llama-3.1-8B"]);
  printRow("node alone", node);
  printRow("command line beyond node", start - node, 40);
  printRow("command line beyond node, first memory answer", answered - node);
}

function benchAgainstPeft() {
  const model = "meta-llama/Llama-3.1-8B";
  const judged = peftCount(model);
  if (judged === undefined) {
    console.log("PEFT was not timed: LORA_CALC_PYTHON names no Python that has peft.");
    return;
  }
  const ours = answer({ model, adapter: ADAPTER }).parameters;
  if (ours.trainable !== judged.trainable || ours.all !== judged.all)
    throw new Error("PEFT counts differently");
  const theirs = median(judged.seconds) * 1000;
  const time = timeOf(() => answer({ model, adapter: ADAPTER }), { runs: 200 });
  printRow(`the same count by PEFT on the meta device`, theirs);
  console.log(
    `PEFT / lora-calc: ${formatCount(Math.round(theirs / time))} times as long, for the same ${formatCount(ours.trainable)} parameters`,
  );
}

benchCounts();
benchMemory();
benchStacks();
benchCatalogue();
benchBatches();
benchStart();
benchAgainstPeft();
