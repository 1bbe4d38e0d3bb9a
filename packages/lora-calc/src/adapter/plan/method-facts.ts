import type { PeftType } from "../../fields/adapter-lora.js";
import type { AdapterField } from "../../fields/scenario.js";

/** What is told of a PEFT method beside its counts. */
export interface MethodFacts {
  /** PEFT's name of it in `peft_type`. */
  readonly peftType: PeftType;
  /** Class of its configuration in Python. */
  readonly configClass: string;
  /** What it trains, in the usual case. */
  readonly formula: string;
}

/** The same, with every name that adapter_config.json may have for it. */
export interface MethodConfig extends MethodFacts {
  readonly fields: readonly AdapterField[];
}
