/** Measured runs beside the predictions, as Markdown. */

import { scoreMeasured, summarizeErrors } from "../../src/exchange/measured-peaks.js";
import type { ScoredTier } from "../../src/exchange/measured-peaks.js";
import { formatShare, formatSignedShare, MIB } from "../../src/units/format.js";
import { answerTo, cardOf, neededTier, PEERS, RUNS, SAME, UNSCORED } from "./predict.js";
import type { MeasuredRun, Peer, PeerTier } from "./predict.js";
import { litgptLines } from "./litgpt.js";
import { unslothLines } from "./unsloth.js";

/** Measured, predicted and the error of a tier. */
function cells(scored: ScoredTier | undefined): readonly string[] {
  if (scored === undefined) return ["–", "–", "–"];
  const { measured, predicted, error } = scored;
  return [(measured / MIB).toFixed(0), (predicted / MIB).toFixed(0), formatSignedShare(error)];
}

function runText({ scenario: { adapter, quantization, training = {} } }: MeasuredRun): string {
  const shape = `${String(training["per_device_train_batch_size"])} × ${String(training["max_length"])}`;
  const bits =
    (quantization ?? null) !== null ? "4-bit" : training["dtype"] === "float32" ? "32-bit, autocast" : "16-bit";
  const eager = training["attn_implementation"] === "eager" ? ", eager" : "";
  const kept = training["gradient_checkpointing"] === true ? "" : ", no checkpointing";
  return `${adapter === null ? "full, " : ""}${bits}, ${shape}${eager}${kept}`;
}

const HEAD = [
  "| Card | Model | Run | Allocated | Predicted | Error | Reserved | Predicted | Error | Process | Predicted | Error |",
  "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
];

const SCORED = new Map(RUNS.map((run) => [run.id, scoreMeasured(answerTo(run), run.measured)]));

function rowOf(run: MeasuredRun): string {
  const tiers = SCORED.get(run.id) ?? [];
  return `| ${[
    `[${cardOf(run)}](${run.source})`,
    run.model,
    runText(run),
    ...cells(tiers.find(({ tier }) => tier === "allocated")),
    ...cells(tiers.find(({ tier }) => tier === "reserved")),
    ...cells(tiers.find(({ tier }) => tier === "process")),
  ].join(" | ")} |`;
}

/** Runs of other programs than the predicted ones, grouped by what differs. */
function differingLines(): readonly string[] {
  const groups = new Map<string, MeasuredRun[]>();
  for (const run of RUNS) {
    if (run.differs === undefined) continue;
    const why = run.differs.map((difference) => `- ${difference}`).join("\n");
    groups.set(why, [...(groups.get(why) ?? []), run]);
  }
  return [...groups].flatMap(([why, runs]) => [why, "", ...HEAD, ...runs.map(rowOf), ""]);
}

function scoreLine(name: string, tier: string, errors: readonly number[]): string {
  const summary = summarizeErrors(errors);
  if (summary === undefined) return `| ${name} | ${tier} | 0 | – | – |`;
  const { runs, mean, low, high } = summary;
  const range = `${formatSignedShare(low)} to ${formatSignedShare(high)}`;
  return `| ${name} | ${tier} | ${runs} | ${formatShare(mean)} | ${range} |`;
}

/** The tier that a tool predicts, or the card's memory: reserved, or the process where only that was measured. */
function ours(tier: PeerTier): string {
  const errors = RUNS.flatMap(({ id, measured }) => {
    const wanted = tier === "needed" ? neededTier(measured) : tier;
    return SCORED.get(id)?.find((scored) => scored.tier === wanted)?.error ?? [];
  });
  return scoreLine("**lora-calc**", tier, errors);
}

function theirs({ name, version, url, tier, predicted }: Peer): string {
  const errors = Object.values(predicted).flatMap(({ error }) => error ?? []);
  return scoreLine(`${url === null ? name : `[${name}](${url})`} ${version}`, tier, errors);
}

/** The whole of docs/measured.md. */
export function measuredTable(bands: readonly string[]): string {
  return [
    "# Measured peaks",
    "",
    "What people measured, and what lora-calc says about the same run. MiB; nothing is fitted to these rows. The runs stand in",
    "`conformance/measured/runs.json`; this file is written by `packages/lora-calc/test/measured/memory.test.ts`.",
    "A row of your own is welcome: see CONTRIBUTING.",
    "",
    ...HEAD,
    ...SAME.map(rowOf),
    "",
    "## Runs of older or other programs",
    "",
    "The measured program is not quite the predicted one:",
    "",
    ...differingLines(),
    ...unslothLines(),
    ...litgptLines(),
    "## Others on the same runs",
    "",
    "Each tool as published, asked through its own interface with its defaults (`conformance/measured/peers.py`), each for the tier",
    "that it says it predicts; `needed` is compared with reserved, or with the process where only that was measured. fitcheck's authors",
    "measured the T4 rows, canifinetune's the RTX 4080 rows, vramcalc's those of the A6000: their tools knew these rows; no number of ours is fitted to them.",
    "",
    "| Tool | Tier | Runs | Mean error | Range |",
    "| --- | --- | ---: | ---: | --- |",
    ...(["allocated", "reserved", "needed"] as const).flatMap((tier) => [
      ours(tier),
      ...PEERS.filter((peer) => peer.tier === tier).map(theirs),
    ]),
    "",
    ...bands,
    "## Not scored",
    "",
    `The other ${UNSCORED.length} published runs that we know of on T4, V100 and A6000 cards, and on models whose memory came later (hybrids, experts, encoders, models that see, classes of repositories), do not say enough, or run what is not computed.`,
    "So do some 250 more on A100, A10G, L4, L40S and RTX 4090 cards: of LitGPT those that are sharded, and Phi, Falcon and StableLM, ms-swift 1.x, torchtune and Unsloth have loops and kernels of",
    "their own, PEFT's method comparison trains on real lengths, and hardware tables are mostly estimates themselves.",
    "",
    "| Run | Model | Card | What is missing |",
    "| --- | --- | --- | --- |",
    ...UNSCORED.map(
      ({ id, model, gpu, why, source }) => `| [${id}](${source}) | ${model} | ${gpu} | ${why.join("; ")} |`,
    ),
    "",
  ].join("\n");
}
