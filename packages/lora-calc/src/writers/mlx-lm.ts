/** MLX-LM's YAML: `mlx_lm.lora -c`. */

import { MLX_LM_FILE } from "../formats/mlx-lm.js";
import type { JsonObject } from "../problem/fields.js";
import { defined, namedTargets, yamlWriter } from "./writer.js";
import type { Run, Writer } from "./writer.js";

export const MLX_LM_WRITER: Writer = yamlWriter({
  release: "MLX-LM 0.32",
  format: MLX_LM_FILE,
  fileName: "mlx.yaml",
  command: () => "mlx_lm.lora -c mlx.yaml",
  toFill: "data",
  notes: ({ quantization, model }) =>
    quantization === null
      ? []
      : [
          `MLX-LM trains on weights that are packed already: convert ${model} (mlx_lm.convert -q), or name a repository of mlx-community`,
        ],
  write: (run) => ({
    model: run.model,
    train: true,
    data: "data",
    ...tuningOf(run),
    ...defined({
      batch_size: run.training["per_device_train_batch_size"],
      grad_accumulation_steps: run.training["gradient_accumulation_steps"],
      max_seq_length: run.training["max_length"],
      grad_checkpoint: run.training["gradient_checkpointing"],
    }),
    // Micro-batches, not steps of the optimizer.
    iters: itersOf(run),
    learning_rate: run.rates["learning_rate"] ?? 0.0001,
    ...defined({ seed: run.rates["seed"] }),
  }),
});

function itersOf({ rates, training }: Run): number {
  const steps = Number(rates["max_steps"] ?? 1000);
  return steps > 0 ? steps * Number(training["gradient_accumulation_steps"] ?? 1) : 1000;
}

/** Its scale is alpha over the rank, or over its root. Layers that are the last ones are said by their number. */
function tuningOf(run: Run): JsonObject {
  const { adapter } = run;
  if (adapter === null) return { fine_tune_type: "full", num_layers: -1 };
  const { r = 8, lora_alpha: alpha = 8, lora_dropout: dropout = 0, use_rslora: isRooted } = adapter;
  const rank = Number(r);
  const keys = namedTargets(run)?.map(insideLayer);
  const layers = adapter["layers_to_transform"];
  return {
    fine_tune_type: adapter["use_dora"] === true ? "dora" : "lora",
    num_layers: Array.isArray(layers) ? layers.length : -1,
    lora_parameters: {
      ...(keys === undefined ? {} : { keys }),
      rank,
      scale: Number(alpha) / (isRooted === true ? Math.sqrt(rank) : rank),
      dropout,
    },
  };
}

const PARENTS: Readonly<Record<string, readonly string[]>> = {
  self_attn: ["q_proj", "k_proj", "v_proj", "o_proj", "qkv_proj"],
  mlp: ["gate_proj", "up_proj", "down_proj", "gate_up_proj"],
};

/** A path inside a layer; a name of another kind is taken as such. */
function insideLayer(name: unknown): unknown {
  const parent = Object.keys(PARENTS).find((key) => PARENTS[key]?.some((each) => each === name));
  return parent === undefined ? name : `${parent}.${String(name)}`;
}
