/**
 * LoRA on single parameters instead of modules (`target_parameters`): the way to the fused experts of MoE models.
 *
 * Source: peft tuners/tuners_utils.py `_inject_parameters`, tuners/lora/layer.py `ParamWrapper`.
 */

import type { ModuleGraph, Parameter } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import type { Site } from "../../graph/tree/sites.js";
import { reject } from "../../problem/problem.js";
import { decideSites } from "../targets/decide-sites.js";
import { endsInName } from "../targets/module-names.js";
import type { AdaptedModule } from "../plan/plan.js";
import { checkRank, settingsOf } from "./adapt-layer.js";
import type { RankAndAlpha } from "./adapt-layer.js";
import type { LoraConfig } from "./lora-config.js";

/**
 * Every parameter that a name hits, as PEFT wraps it: in the order of `named_parameters()`. Of several on one module the
 * earlier ones lie inside the later ones, as its `base_layer`.
 */
export function adaptParameters(
  graph: ModuleGraph,
  names: readonly string[],
  given: LoraConfig,
  { adapted, valuesFor }: ParameterContext,
): readonly AdaptedModule[] {
  if (names.length === 0) return [];
  const config = { ...given, fanInFanOut: fanInFanOutAfter(adapted, given.fanInFanOut) };
  const targets = new Set(names);
  const sight = names.some((name) => /\d/.test(name)) ? "index" : "none";
  return sitesOf(graph).flatMap((whole) => {
    const hitsOf = (path: string): string =>
      whole.node.parameters
        .filter(({ name }) => endsInName(`${path}.${name}`, targets))
        .map(({ name }) => name)
        .join(" ");
    return decideSites([whole], sight, hitsOf)
      .filter(({ decision }) => decision !== "")
      .flatMap(({ site, decision }) => {
        rejectAdapted(site, adapted);
        const hits = site.node.parameters.filter(({ name }) => decision.split(" ").includes(name));
        return hits.map((parameter, index) => {
          const values = valuesFor(`${site.path}.${parameter.name}`);
          return adaptParameter(inside(site, hits.length - 1 - index), parameter, config, values);
        });
      });
  });
}

interface ParameterContext {
  /** Modules that `target_modules` has adapted before. */
  readonly adapted: readonly AdaptedModule[];
  readonly valuesFor: (path: string) => RankAndAlpha;
}

/** PEFT sets the option right for every module it adapts, in the same configuration, and the last one stays. */
function fanInFanOutAfter(adapted: readonly AdaptedModule[], given: boolean): boolean {
  const last = adapted.findLast(
    ({ site: { node } }) => node.layer?.kind === "linear" || node.layer?.kind === "hf_conv1d",
  );
  return last === undefined ? given : last.site.node.layer?.kind === "hf_conv1d";
}

/** A (r · experts, in) and B (out, r · experts); a matrix is one expert. */
function adaptParameter(
  site: Site,
  { name, shape }: Parameter,
  config: LoraConfig,
  given: RankAndAlpha,
): AdaptedModule {
  rejectOptions(site, name, config);
  const [experts, inFeatures, outFeatures] = dimensions(site, name, shape);
  checkRank(site, given.rank);
  const rows = given.rank * experts;
  return {
    site,
    parameterName: name,
    tensors: [
      { name: "lora_A.default.weight", shape: [rows, inFeatures], trainable: true },
      { name: "lora_B.default.weight", shape: [outFeatures, rows], trainable: true },
    ],
    lora: settingsOf(config, given),
  };
}

/** Experts, in and out. Three dimensions are (experts, out, in) unless the module says that it is transposed. */
function dimensions(
  site: Site,
  name: string,
  shape: readonly number[],
): readonly [number, number, number] {
  const [first = 0, second = 0, third] = shape;
  if (shape.length === 2) return [1, second, first];
  if (shape.length === 3 && third !== undefined) {
    return site.node.isTransposed === true ? [first, second, third] : [first, third, second];
  }
  refuse(site, name, `has ${shape.length} dimensions; LoRA adapts parameters of 2 and 3`);
}

function rejectOptions(
  site: Site,
  name: string,
  { dropout, fanInFanOut, loraBias, variants, initWeights }: LoraConfig,
): void {
  if (dropout !== 0) refuse(site, name, "cannot be adapted with lora_dropout");
  if (fanInFanOut) refuse(site, name, "cannot be adapted with fan_in_fan_out");
  if (loraBias) refuse(site, name, "cannot be adapted with lora_bias");
  const [variant] = variants;
  if (variant !== undefined) refuse(site, name, `cannot be adapted with ${variant.kind}`);
  if (typeof initWeights !== "string" || initWeights.toLowerCase() === "gaussian") return;
  reject({
    code: "unsupported",
    path: "adapter.init_lora_weights",
    message: `init_lora_weights ${initWeights} beside target_parameters is not counted; leave one of them out`,
    received: initWeights,
  });
}

function rejectAdapted(site: Site, adapted: readonly AdaptedModule[]): void {
  if (!adapted.some((other) => other.site.node === site.node && overlaps(other.site, site))) return;
  refuse(
    site,
    "target_modules",
    "is adapted by target_modules too; set target_modules to [], or leave the parameter out",
  );
}

/** Sites of one node are parts of one repeated site: equal, or one an occurrence of the other. */
function overlaps(left: Site, right: Site): boolean {
  return left.pattern === right.pattern || left.count > 1 || right.count > 1;
}

/** The site below `depth` wrappers. */
function inside(site: Site, depth: number): Site {
  const tail = ".base_layer".repeat(depth);
  return { ...site, path: site.path + tail, pattern: site.pattern + tail };
}

function refuse(site: Site, name: string, message: string): never {
  reject({
    code: "invalid_adapter_option",
    path: "adapter.target_parameters",
    message: `target_parameters: ${name} of ${site.pattern} ${message}`,
    received: site.pattern,
  });
}
