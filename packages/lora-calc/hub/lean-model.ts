/** A model that was found, small enough for a link: what decides its structure. */

import { asScenario, estimate, isObject, isRefusal } from "lora-calc";
import type { Scenario } from "lora-calc";
import type { FoundModel } from "./look-up.js";

type Values = Readonly<Record<string, unknown>>;

/** Keys of config.json that say nothing about modules, their sizes or buffers. */
const NOT_STRUCTURE =
  /^(?:_name_or_path|transformers_version|auto_map|initializer_range|use_cache|rope_theta|task_specific_params|\w+_token_id|\w*_eps|epsilon)$/;

/**
 * `scenario.model` of what was found, without its headers: what they say of ties, vocabulary and dtype is said by `ties`
 * and the configuration. Of a model that no blueprint builds the headers are the model, and stay. Undefined for an adapter.
 *
 * Example: leanModel({ repository: "a/b", commit: undefined, talk: [], model: { id: "a/b", config: { model_type: "gpt2" } } })
 *   // { id: "a/b", config: { model_type: "gpt2" } }
 */
export function leanModel({ model }: FoundModel): Scenario["model"] | undefined {
  if (model === undefined) return undefined;
  const { id, safetensors } = model;
  const config = lean(model.config);
  if (safetensors === undefined) return { id, config };
  const asStored = { model: { config: model.config, safetensors }, training: { dtype: "auto" } };
  const result = estimate(asScenario(asStored));
  if (isRefusal(result)) return { id, config };
  const ofPath = (path: string): unknown =>
    result.assumed.find((each) => each.path === path)?.value;
  if (ofPath("model.safetensors") !== undefined) {
    return { config, safetensors: withoutPlaces(safetensors) };
  }
  const ties = ofPath("model.ties");
  const stored = withStored(config, ofPath);
  return ties === "checkpoint" ? { id, config: stored, ties } : { id, config: stored };
}

/** The configuration with what it leaves to the headers, or says otherwise. */
function withStored(config: Values, ofPath: (path: string) => unknown): Values {
  const dtype = ofPath("training.dtype");
  const rows = ofPath("model.config.vocab_size");
  const textRows = ofPath("model.config.text_config.vocab_size");
  const text = config["text_config"];
  const saysDtype = config["dtype"] !== undefined || config["torch_dtype"] !== undefined;
  return {
    ...config,
    ...(saysDtype || dtype === undefined ? {} : { dtype }),
    ...(rows === undefined ? {} : { vocab_size: rows }),
    ...(textRows === undefined || !isObject(text)
      ? {}
      : { text_config: { ...text, vocab_size: textRows } }),
  };
}

function lean(config: Values): Values {
  const kept = Object.entries(config).filter(([name]) => !NOT_STRUCTURE.test(name));
  return Object.fromEntries(
    kept.map(([name, value]) => [
      name,
      isObject(value) && name !== "id2label" ? lean(value) : value,
    ]),
  );
}

/** Where a tensor lies in its file is nothing to a count. */
function withoutPlaces(header: Values): Values {
  const tensors = Object.entries(header).flatMap(([name, tensor]) => {
    if (!isObject(tensor)) return [];
    const { dtype, shape } = tensor;
    return name === "__metadata__" ? [] : [[name, { dtype, shape }] as const];
  });
  return Object.fromEntries(tensors);
}
