/** Takes a file that people have into a scenario: a whole scenario, a config.json, or an adapter_config.json. */

import { isObject } from "../problem/fields.js";
import { reject } from "../problem/problem.js";
import type { Scenario } from "../scenario.js";

/**
 * The scenario with what `document` says. A scenario replaces it; a config.json replaces the model; an
 * adapter_config.json replaces the adapter, and the model when it names its base, unless the reader gave a model of their
 * own. `name` stands in messages.
 *
 * Stops with `missing_field` for anything else.
 * Example: applyDocument({ model: "gpt2" }, { peft_type: "LORA", r: 8 }, "adapter_config.json").adapter // { peft_type: "LORA", r: 8 }
 */
export function applyDocument(scenario: Scenario, document: unknown, name: string): Scenario {
  if (isObject(document)) {
    const { model, base_model_name_or_path: base } = document;
    if (typeof model === "string" || isObject(model)) return { ...document, model };
    if (document["model_type"] !== undefined) return { ...scenario, model: { config: document } };
    if (document["peft_type"] !== undefined) {
      return {
        ...scenario,
        adapter: document,
        ...(typeof base === "string" && base !== "" && typeof scenario.model === "string"
          ? { model: base }
          : {}),
      };
    }
  }
  reject({
    code: "missing_field",
    path: "model",
    message: `${name} is neither a config.json (model_type), nor an adapter_config.json (peft_type), nor a scenario (model)`,
    received: isObject(document) ? Object.keys(document) : document,
    expected: "an object with model_type, peft_type or model",
  });
}
