/** The card a run is meant for, as the scenario names it. */

import {
  attentionCard,
  CONTEXT_TOLERANCE_BYTES,
  contextBytes,
  cublasWorkspaceBytes,
  DEFAULT_CUDA,
  hasGroupedProduct,
} from "../catalogue/cuda.js";
import type { AttentionCard } from "../catalogue/cuda.js";
import { findGpu } from "../catalogue/gpus.js";
import type { GpuGeneration } from "../catalogue/row.js";
import { Fields, isObject } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import { reject } from "../problem/problem.js";
import { parseBytes } from "../units/parse.js";

export interface Device {
  readonly name: string;
  /** Total that the driver reports. Unit: bytes. */
  readonly capacity: number;
  /** CUDA context of one process, and the half width of its band. Unit: bytes. */
  readonly contextBytes: number;
  readonly contextTolerance: number;
  /** One cuBLAS workspace. Unit: bytes. */
  readonly cublasWorkspaceBytes: number;
  /** It runs experts as one grouped product. */
  readonly hasGroupedProduct: boolean;
  /** What decides the kernel of scaled_dot_product_attention. */
  readonly attention: AttentionCard;
  /** Memory that other processes and the desktop hold. Unit: bytes. */
  readonly otherProcessBytes: number;
  /** Cards that train together. */
  readonly count: number;
}

/** What stands in for an unknown card: an A100. */
const FALLBACK_GENERATION: GpuGeneration = "Ampere";
const FALLBACK_CAPABILITY = "8.0";
const MAX_CARDS = 2 ** 16;

/** CUDA figures for runs without a named card. */
export const FALLBACK_DEVICE: Pick<
  Device,
  "contextBytes" | "contextTolerance" | "cublasWorkspaceBytes" | "hasGroupedProduct" | "attention"
> = {
  ...cudaFacts(FALLBACK_GENERATION),
  attention: attentionCard(FALLBACK_CAPABILITY, DEFAULT_CUDA),
};

/** Reads `scenario.hardware`; undefined when no card is named. `cuda` is the CUDA of the torch wheel. */
export function readDevice(given: JsonObject | undefined, cuda: string): Device | undefined {
  if (given === undefined) return undefined;
  const fields = new Fields(given, "hardware");
  fields.rejectUnknown(["gpu", "count", "strategy", "other_process_bytes", "memory_bytes"]);
  const count = fields.integer("count", { min: 1, max: MAX_CARDS }) ?? 1;
  const strategy = fields.string("strategy") ?? "ddp";
  if (strategy !== "ddp") {
    reject({
      code: "unsupported",
      path: "hardware.strategy",
      message: `strategy ${strategy} is not computed yet; ddp (one full copy per card) is`,
      received: strategy,
      expected: ["ddp"],
    });
  }
  const card = readCard(fields, cuda);
  if (card === undefined) return undefined;
  return {
    ...card,
    otherProcessBytes: fields.integer("other_process_bytes", { min: 0 }) ?? 0,
    count,
  };
}

type Card = Omit<Device, "otherProcessBytes" | "count">;

function readCard(fields: Fields, cuda: string): Card | undefined {
  const gpu = fields.get("gpu");
  if (fields.has("memory_bytes")) return customCard(fields);
  if (gpu === undefined || gpu === null) return undefined;
  if (isObject(gpu)) return customCard(new Fields(gpu, "hardware.gpu"));
  const name = fields.string("gpu") ?? "";
  const size = parseBytes(name);
  if (size !== undefined) return { name, capacity: size, ...FALLBACK_DEVICE };
  const row = findGpu(name);
  return {
    name: row.name,
    capacity: row.memoryBytes,
    ...cudaFacts(row.generation),
    attention: attentionCard(row.computeCapability, cuda),
  };
}

function customCard(fields: Fields): Card {
  const capacity = fields.integer("memory_bytes", { min: 1 });
  if (capacity === undefined) {
    reject({
      code: "missing_field",
      path: fields.at("memory_bytes"),
      message: `a custom card needs ${fields.at("memory_bytes")}: the total that nvidia-smi shows, in bytes`,
      expected: "whole number",
    });
  }
  return { name: "custom card", capacity, ...FALLBACK_DEVICE };
}

function cudaFacts(generation: GpuGeneration) {
  return {
    contextBytes: contextBytes(generation),
    contextTolerance: CONTEXT_TOLERANCE_BYTES,
    cublasWorkspaceBytes: cublasWorkspaceBytes(generation),
    hasGroupedProduct: hasGroupedProduct(generation),
  };
}
