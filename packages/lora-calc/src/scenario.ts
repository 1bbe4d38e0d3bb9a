/** The input of the calculator, version 1. Names are the ecosystem's own; see "The interface" in ARCHITECTURE.md. */

import type { FieldsOf } from "./fields/row.js";
import type { SECTIONS } from "./fields/scenario.js";
import type { StackId } from "./stacks/stacks.js";

/** Fields of a section, by their owners' names; each is described in the table of fields (`listFields`). */
type Section<Name extends keyof typeof SECTIONS> = FieldsOf<(typeof SECTIONS)[Name]>;

/** `{config}`, `{safetensors, config?}`, a catalogue id with a class, or sizes typed by hand. */
export interface ModelFields extends Section<"model"> {}
/** Content of adapter_config.json. */
export interface AdapterFields extends Section<"adapter"> {}
/** Fields of BitsAndBytesConfig, or transformers' quantization_config. */
export interface QuantizationFields extends Section<"quantization"> {}
/** Names of TrainingArguments, SFTConfig and DPOConfig, and our own. */
export interface TrainingFields extends Section<"training"> {}
export interface HardwareFields extends Section<"hardware"> {}
export interface VersionFields extends Section<"versions"> {}

/** A question: this model, this adapter, this training, this card. Every field but `model` is optional. */
export interface Scenario {
  readonly schema?: 1;
  readonly id?: string;
  /** Catalogue id, or what describes a model. */
  readonly model: string | ModelFields;
  /** null is full fine-tuning. */
  readonly adapter?: AdapterFields | null;
  /** null is none. */
  readonly quantization?: QuantizationFields | null;
  readonly training?: TrainingFields;
  readonly hardware?: HardwareFields;
  readonly stack?: StackId;
  readonly versions?: VersionFields;
}
