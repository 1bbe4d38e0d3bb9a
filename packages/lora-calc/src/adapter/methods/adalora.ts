/** AdaLoRA: LoRA as a singular value decomposition whose rank is cut during training. */

import { adapterFields } from "../../fields/scenario.js";
import type { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import { LORA_NAMES } from "../lora/lora-config.js";
import { rejectBelow, rejectOption } from "../plan/reject-option.js";
import type { AdapterPlan } from "../plan/plan.js";
import type { LayerMethod } from "./layer-method.js";
import { misfit, trained } from "./tensors.js";

const RANKNUM = "ranknum.default";

/** Fields that AdaLoRA has from LoRA and that change a count in ways that are not computed here. */
const NOT_COMPUTED = ["target_parameters", "layer_replication", "trainable_token_indices"];

/**
 *     r0 · (in + out + 1), and one frozen number     (r0 = init_r; `r` is ignored)
 *
 * Source: peft tuners/adalora/layer.py `update_layer`.
 */
export const adalora: LayerMethod = {
  peftType: "ADALORA",
  dropout: "lora_dropout",
  configClass: "AdaLoraConfig",
  formula: "init_r · (in + out + 1) per layer, and one frozen number",
  fields: adapterFields(
    LORA_NAMES,
    ["target_r", "init_r", "tinit", "tfinal", "deltaT", "beta1", "beta2", "orth_reg_weight"],
    ["total_step"],
  ),
  layerRules: { againstText: ["layers_to_transform"], patternNeedsLayers: true },
  adaptsConv1d: true,
  others: "unsupported_target_module",
  read: (adapter) => {
    checkSchedule(adapter);
    const rank = adapter.integer("init_r") ?? 12;
    return {
      linear: (inFeatures, outFeatures, site) => {
        if (rank < 0) misfit(site, "init_r", rank, "at least 0");
        return [
          trained("lora_A.default", rank, inFeatures),
          trained("lora_B.default", outFeatures, rank),
          trained("lora_E.default", rank, 1),
          { name: RANKNUM, shape: [1], trainable: false, isSaved: false },
        ];
      },
    };
  },
};

/**
 * The plan of a run in 16 bits or on a GPU: moving a layer there registers `ranknum` anew, and a new parameter requires a
 * gradient. Only on a CPU in float32, where nothing moves, it stays frozen. One more number per adapted layer.
 *
 * Source: peft tuners/adalora/layer.py `update_layer`, tuners_utils.py `_move_adapter_to_device_of_base_layer`.
 */
export function withTrainedRanks(plan: AdapterPlan): AdapterPlan {
  if (plan.peftType !== "ADALORA") return plan;
  const modules = plan.modules.map((module) => ({
    ...module,
    tensors: module.tensors.map((tensor) =>
      tensor.name === RANKNUM ? { ...tensor, trainable: true } : tensor,
    ),
  }));
  const layers = plan.modules.reduce((sum, { site }) => sum + site.count, 0);
  return { ...plan, modules, trainable: plan.trainable + layers };
}

/** Source: peft tuners/adalora/config.py `AdaLoraConfig.__post_init__`. */
function checkSchedule(adapter: Fields): void {
  for (const field of NOT_COMPUTED) {
    if (adapter.has(field)) {
      reject({
        code: "unsupported",
        path: adapter.at(field),
        message: `${adapter.at(field)} of ADALORA is not computed`,
        received: adapter.get(field),
      });
    }
  }
  if (adapter.boolean("use_dora") === true) rejectOption(adapter, "use_dora", "is not for ADALORA");
  const loftq = adapter.object("loftq_config")?.values ?? {};
  if (Object.keys(loftq).length > 0) rejectOption(adapter, "loftq_config", "is not for ADALORA");
  const steps = adapter.integer("total_step");
  if (steps === undefined || steps <= 0) {
    rejectOption(adapter, "total_step", "must be given, and at least 1");
  }
  if ((adapter.number("orth_reg_weight") ?? 0) < 0) {
    rejectBelow(adapter, "orth_reg_weight", 0);
  }
  if ((adapter.integer("tinit") ?? 0) >= steps - (adapter.integer("tfinal") ?? 0)) {
    rejectOption(adapter, "tinit", "must be below total_step - tfinal");
  }
}
