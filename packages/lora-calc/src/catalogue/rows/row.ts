/** What a row of the catalogue holds. Rows are facts; every one names its source and the day it was looked at. */

import type { JsonObject } from "../../problem/fields.js";

export interface Provenance {
  /** Where the facts of the row stand. */
  readonly source: string;
  /** Day on which the source was read, or the date of the source's own version: YYYY-MM-DD. */
  readonly checkedOn: string;
}

/** A published checkpoint. */
export interface ModelRow extends Provenance {
  /** Short name: `llama-3.1-8b`. */
  readonly id: string;
  /** Repository on the Hugging Face Hub. */
  readonly repo: string;
  /** Repositories whose models have the same structure. */
  readonly aliases?: readonly string[];
  /** Parameters of the model that transformers builds from `config`, tied weights once. */
  readonly parameters: number;
  /** What it is fine-tuned for, as PEFT names it, where the published class is not for that. */
  readonly task?: "SEQ_CLS" | "FEATURE_EXTRACTION";
  /** The keys of config.json that decide the structure; an absent key has the default of its class. */
  readonly config: JsonObject;
}

export type GpuGeneration =
  "Pascal" | "Volta" | "Turing" | "Ampere" | "Ada" | "Hopper" | "Blackwell" | "CDNA" | "RDNA";

/** A graphics card, or one GPU of a board with several. */
export interface GpuRow extends Provenance {
  readonly id: string;
  /** Name without the brand: `RTX 4090`. */
  readonly name: string;
  /** Other names people and drivers use. */
  readonly names?: readonly string[];
  /** What runs on it in place of CUDA: its kernels are not judged. */
  readonly platform?: "ROCm";
  readonly generation: GpuGeneration;
  /** Empty where there is none. */
  readonly computeCapability: string;
  /** Streaming multiprocessors, as NVIDIA's data sheets list them. */
  readonly multiprocessors: number;
  /** Size by which the card is sold. Unit: GB, as on the box. */
  readonly boxGB: number;
  /** Total that the driver reports, as nvidia-smi prints it. Unit: bytes. */
  readonly memoryBytes: number;
  /**
   * What the driver lets processes have (`torch.cuda.get_device_properties().total_memory`), where public out-of-memory
   * messages say it; the least of them. Unit: bytes.
   */
  readonly usableBytes?: number;
  /** CUDA context of a process that has worked, where it was measured. Unit: bytes. */
  readonly contextBytes?: number;
  /** `exact`: seen in the output of a driver; `assumed`: from the size on the box, within 1 %. */
  readonly memoryCertainty: "exact" | "assumed";
  readonly note?: string;
}

/** A published training configuration, as a scenario. */
export interface RecipeRow extends Provenance {
  readonly id: string;
  readonly name: string;
  /** Program that the source configures. */
  readonly trainer: string;
  readonly scenario: {
    readonly model: string;
    readonly adapter: JsonObject;
    readonly quantization: JsonObject | null;
    readonly training: JsonObject;
    readonly stack: string;
  };
  readonly learningRate: number;
  readonly note?: string;
}

/** Default targets by model_type: names as list targets, or one text, which is a regular expression. */
export type TargetMap = Readonly<Record<string, readonly string[] | string>>;
