/** The card a run is meant for, as the scenario names it. */

import {
  attentionCard,
  contextOf,
  cublasWorkspaceBytes,
  UNKNOWN_CONTEXT,
  usableBytes,
} from "../../catalogue/cuda.js";
import type { AttentionCard, CudaContext } from "../../catalogue/cuda.js";
import { findGpu, listGpus } from "../../catalogue/gpus.js";
import { CUSTOM_CARD, HARDWARE_FIELDS, STRATEGY_FIELDS } from "../../fields/hardware.js";
import { checkFields, readField } from "../../fields/read.js";
import type { GpuGeneration } from "../../catalogue/rows/row.js";
import { Fields, isObject } from "../../problem/fields.js";
import type { JsonObject } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import type { Assumption } from "../../model/config.js";
import { parseBytes } from "../../units/parse.js";
import type { TorchWheel } from "../../worlds/world.js";

export interface Device {
  readonly name: string;
  /** Total that the driver reports. Unit: bytes. */
  readonly capacity: number;
  /** Of which processes can have this much. Unit: bytes. */
  readonly usable: number;
  readonly context: CudaContext;
  /** One cuBLAS workspace. Unit: bytes. */
  readonly cublasWorkspaceBytes: number;
  readonly multiprocessors: number;
  /** What decides the kernel of scaled_dot_product_attention. */
  readonly attention: AttentionCard;
  /** Whose kernels run on it, where they are not the ones that were compared: it is computed as an A100 of its size. */
  readonly stranger?: string;
  /** Memory that other processes and the desktop hold. Unit: bytes. */
  readonly otherProcessBytes: number;
}

const GIB = 2 ** 30;

/** What stands in for an unknown card: an A100. */
const FALLBACK_GENERATION: GpuGeneration = "Ampere";
const FALLBACK_CAPABILITY = "8.0";
const FALLBACK_MULTIPROCESSORS = 108;

/** What of a card a step asks for. */
export type CudaFigures = Omit<
  Device,
  "name" | "capacity" | "usable" | "stranger" | "otherProcessBytes"
>;

/** CUDA figures for runs without a named card. */
export function unknownCard(wheel: TorchWheel): CudaFigures {
  return {
    ...cudaFacts(FALLBACK_GENERATION),
    context: UNKNOWN_CONTEXT,
    multiprocessors: FALLBACK_MULTIPROCESSORS,
    attention: attentionCard(FALLBACK_CAPABILITY, wheel),
  };
}

/** How a run is spread: what has a program. */
export type StrategyName = "one_card" | "ddp";

export interface Hardware {
  /** Undefined when no card is named. */
  readonly device: Device | undefined;
  /** Cards that take part, on all nodes. */
  readonly ranks: number;
  readonly strategy: StrategyName;
  /** Why no memory can be computed for it. */
  readonly obstacle: string | undefined;
  readonly assumed: readonly Assumption[];
}

const NO_HARDWARE: Hardware = {
  ...{ device: undefined, ranks: 1, strategy: "one_card", obstacle: undefined, assumed: [] },
};

const NAMES = Object.keys(HARDWARE_FIELDS);

/** Reads `scenario.hardware`, for a build of torch. */
export function readHardware(given: JsonObject | undefined, wheel: TorchWheel): Hardware {
  if (given === undefined) return NO_HARDWARE;
  const fields = new Fields(given, "hardware");
  fields.rejectUnknown(NAMES);
  const { cards, name } = countedName(fields);
  const otherProcessBytes =
    readField(fields, "other_process_bytes", HARDWARE_FIELDS.other_process_bytes) ?? 0;
  const { card, assumed = [] } = readCard(fields, name, wheel) ?? {};
  const context = readField(fields, "context_bytes", HARDWARE_FIELDS.context_bytes);
  if (context !== undefined && card === undefined) rejectNoCard(fields, context);
  const measured = context === undefined ? {} : { context: measuredContext(context) };
  const device = card === undefined ? undefined : { ...card, otherProcessBytes, ...measured };
  const ranks = ranksOf(fields, cards);
  const strategy = ranks === 1 ? "one_card" : "ddp";
  const isTaken = ranks > 1 && !fields.has("strategy");
  checkFields(fields, HARDWARE_FIELDS);
  return {
    ...{ device, ranks, strategy, obstacle: whySpread(fields) },
    assumed: isTaken ? [...assumed, DDP_ASSUMED] : assumed,
  };
}

/** From one process to the next a context differs by a few blocks of the driver. Unit: bytes. Certainty: assumed. */
const CONTEXT_SPREAD = 16 * 2 ** 20;

function measuredContext(bytes: number): CudaContext {
  return { bytes, below: Math.min(bytes, CONTEXT_SPREAD), above: CONTEXT_SPREAD };
}

function rejectNoCard(fields: Fields, received: number): never {
  reject({
    code: "missing_field",
    path: "hardware.gpu",
    message: `${fields.at("context_bytes")} is of a card; give hardware.gpu or hardware.memory_bytes beside it`,
    received,
    expected: "a card of the catalogue, or its memory",
  });
}

interface CountedName {
  readonly cards: number | undefined;
  /** `hardware.gpu` where it is text, without how many. */
  readonly name: string | undefined;
}

/** "2x4090", "8 x H100 SXM 80GB": how many, and which. */
function countedName(fields: Fields): CountedName {
  const text = typeof fields.get("gpu") === "string" ? fields.string("gpu") : undefined;
  const [, many, name] = /^\s*(\d{1,5})\s*[x×]\s*(?=\S)(.+)$/i.exec(text ?? "") ?? [];
  if (many === undefined || name === undefined) return { cards: undefined, name: text };
  const cards = Number(many);
  const count = readField(fields, "count", HARDWARE_FIELDS.count);
  if (cards < 1 || (count !== undefined && count !== cards)) {
    reject({
      code: "invalid_value",
      path: "hardware.gpu",
      message: `hardware.gpu says ${cards} cards and hardware.count ${count ?? "nothing"}; keep one`,
      received: text,
    });
  }
  return { cards, name };
}

const DDP_ASSUMED: Assumption = {
  path: "hardware.strategy",
  value: "ddp",
  reason: "what torchrun and accelerate run on several cards unless told otherwise",
};

function ranksOf(fields: Fields, named: number | undefined): number {
  const count = named ?? readField(fields, "count", HARDWARE_FIELDS.count) ?? 1;
  return count * (readField(fields, "nodes", HARDWARE_FIELDS.nodes) ?? 1);
}

function whySpread(fields: Fields): string | undefined {
  const strategy = readField(fields, "strategy", HARDWARE_FIELDS.strategy) ?? "ddp";
  if (strategy !== "ddp") {
    return `hardware.strategy ${strategy} has no program here yet; ddp has, and one card with the whole model (leave strategy out)`;
  }
  const option = Object.keys(STRATEGY_FIELDS).find((name) => fields.has(name));
  return option === undefined
    ? undefined
    : `hardware.${option} has no program here yet; strategy ddp has`;
}

type Card = Omit<Device, "otherProcessBytes">;

interface ReadCard {
  readonly card: Card;
  readonly assumed?: readonly Assumption[];
}

function readCard(
  fields: Fields,
  name: string | undefined,
  wheel: TorchWheel,
): ReadCard | undefined {
  const gpu = fields.get("gpu");
  if (fields.has("memory_bytes")) return { card: customCard(fields, wheel) };
  if (gpu === undefined || gpu === null) return undefined;
  if (isObject(gpu)) {
    const custom = new Fields(gpu, "hardware.gpu");
    custom.rejectUnknown(Object.keys(CUSTOM_CARD));
    return { card: customCard(custom, wheel) };
  }
  if (name === undefined) return { card: knownCard(fields.string("gpu") ?? "", wheel) };
  const box = ofBoxSize(name, wheel);
  if (box !== undefined) return box;
  const size = parseBytes(name.replace(/(?<=\d\s*)g\s*$/i, "GB"));
  if (size === undefined) return { card: knownCard(name, wheel) };
  return { card: { name, capacity: size, usable: size, ...unknownCard(wheel) } };
}

function knownCard(name: string, wheel: TorchWheel): Card {
  const apple = appleChip(name, wheel);
  if (apple !== undefined) return apple;
  const row = findGpu(name);
  const own = { name: row.name, capacity: row.memoryBytes, usable: usableBytes(row) };
  if (row.platform !== undefined) {
    return { ...own, stranger: row.platform, ...unknownCard(wheel) };
  }
  return {
    ...own,
    context: contextOf(row),
    multiprocessors: row.multiprocessors,
    ...cudaFacts(row.generation),
    attention: attentionCard(row.computeCapability, wheel),
  };
}

/** Metal gives a process about three quarters of the memory that processor and graphics share. Certainty: assumed. */
const USABLE_OF_UNIFIED = 0.75;

/** "M3 Max 64GB": a chip of Apple with its unified memory. */
function appleChip(name: string, wheel: TorchWheel): Card | undefined {
  const [, chip, size] =
    /^\s*(?:Apple\s+)?(M[1-9](?:\s+(?:Pro|Max|Ultra))?)[\s,-]+(\d{1,4})\s*(?:GB|GiB|G)\s*$/i.exec(
      name,
    ) ?? [];
  if (chip === undefined || size === undefined) return undefined;
  const capacity = Number(size) * GIB;
  return {
    ...{
      name: `Apple ${chip} ${size}GB`,
      capacity,
      usable: Math.floor(USABLE_OF_UNIFIED * capacity),
    },
    ...{ stranger: "Metal", ...unknownCard(wheel) },
  };
}

/** "24GB" or "24G" is a size on a box: of the cards that are sold so, the one with the least memory by its driver. */
function ofBoxSize(text: string, wheel: TorchWheel): ReadCard | undefined {
  const [, amount] = /^\s*(\d{1,4})\s*GB?\s*$/i.exec(text) ?? [];
  if (amount === undefined) return undefined;
  const [least] = listGpus()
    .filter(({ boxGB }) => boxGB === Number(amount))
    .sort((left, right) => left.memoryBytes - right.memoryBytes);
  if (least === undefined) return undefined;
  const reason = `the least that the driver of a ${amount} GB card reports (${least.name}); ${amount}GiB means exactly that`;
  return {
    card: {
      name: `${amount} GB card`,
      capacity: least.memoryBytes,
      usable: usableBytes(least),
      ...unknownCard(wheel),
    },
    assumed: [{ path: "hardware.gpu", value: least.memoryBytes, reason }],
  };
}

function customCard(fields: Fields, wheel: TorchWheel): Card {
  const capacity = readField(fields, "memory_bytes", CUSTOM_CARD.memory_bytes);
  if (capacity === undefined) {
    reject({
      code: "missing_field",
      path: fields.at("memory_bytes"),
      message: `a custom card needs ${fields.at("memory_bytes")}: the total that nvidia-smi shows, in bytes`,
      expected: "whole number",
    });
  }
  return { name: "custom card", capacity, usable: capacity, ...unknownCard(wheel) };
}

function cudaFacts(generation: GpuGeneration) {
  return {
    cublasWorkspaceBytes: cublasWorkspaceBytes(generation),
  };
}
