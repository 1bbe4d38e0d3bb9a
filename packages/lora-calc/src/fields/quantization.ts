/** Fields of `quantization`: those of BitsAndBytesConfig, and of transformers' quantization_config. */

import { boolean, choice, names, only, ownedBy, text } from "./row.js";

const COUNTS_NOT = { changes: "memory" } as const;

export const COMPUTE_DTYPES = ["bfloat16", "float16", "float32"] as const;

export const QUANTIZATION_FIELDS = ownedBy("bitsandbytes", {
  load_in_4bit: boolean("store linear weights in 4 bits", {
    ...COUNTS_NOT,
    default: false,
    flag: ["--load-in-4bit"],
  }),
  load_in_8bit: boolean("store linear weights in 8 bits", {
    ...COUNTS_NOT,
    default: false,
    flag: ["--load-in-8bit"],
  }),
  bnb_4bit_quant_type: choice(["nf4", "fp4"], "levels of the 4 bits", {
    ...COUNTS_NOT,
    default: "fp4",
    flag: ["--bnb-4bit-quant-type", "--quant-type"],
    argument: "type",
  }),
  bnb_4bit_use_double_quant: boolean("quantize the scales too", {
    ...COUNTS_NOT,
    default: false,
    flag: ["--bnb-4bit-use-double-quant", "--double-quant"],
  }),
  bnb_4bit_compute_dtype: choice(
    [...COMPUTE_DTYPES, "torch.bfloat16", "torch.float16", "torch.float32"] as const,
    "dtype of a quantized layer's inputs and product; transformers' own default is float32",
  ),
  llm_int8_skip_modules: names("modules that stay as they are, in place of the usual ones"),
  _load_in_4bit: boolean("load_in_4bit as config.json has it"),
  _load_in_8bit: boolean("load_in_8bit as config.json has it"),
});

/** They say nothing at these values and have no program at others. */
export const ONLY_QUANTIZATION_FIELDS = ownedBy(
  "bitsandbytes",
  only({
    quant_method: ["bitsandbytes", "library that packs"],
    bnb_4bit_quant_storage: ["uint8", "dtype that 4-bit weights are stored in"],
    llm_int8_threshold: [6, "size of an outlier"],
    llm_int8_enable_fp32_cpu_offload: [false, "layers on the host stay in float32"],
    llm_int8_has_fp16_weight: [false, "the weights stay in 16 bits"],
  }),
);

/** Of transformers' other methods, where a checkpoint is packed by one and unpacked on load. */
export const UNPACKING_FIELDS = ownedBy("transformers", {
  quant_method: text("library that packs"),
  dequantize: boolean("unpack the weights on load"),
});
