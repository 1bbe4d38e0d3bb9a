/** Modules that are trained in full beside the adapter: `modules_to_save` and the heads of the task. */

import type { ModuleGraph, ModuleNode } from "../../graph/tree/module-graph.js";
import { isRepeat } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import type { Site } from "../../graph/tree/sites.js";
import { reject } from "../../problem/problem.js";
import { elementCount } from "../../units/dtype.js";
import { decideSites } from "../targets/decide-sites.js";
import type { AdaptedModule, CopiedModule } from "../plan/plan.js";

export interface CopyOptions {
  /** Name of the dropout inside each adapted module. */
  readonly dropout?: string;
  /** The wrapper of the task goes over the model a second time, and then reaches into the copies. */
  readonly wrapsTwice?: boolean;
}

/**
 * Copies of every module whose path ends in one of the names. Unlike targets this is a plain text comparison: `norm`
 * also copies every `input_layernorm`.
 *
 * Source: peft utils/other.py `_set_trainable`, `ModulesToSaveWrapper`.
 */
export function copiedModules(
  graph: ModuleGraph,
  names: readonly string[],
  adapted: readonly AdaptedModule[],
  { dropout, wrapsTwice = false }: CopyOptions = {},
): readonly CopiedModule[] {
  if (names.length === 0) return [];
  const endings = [...new Set(names)];
  rejectInnerHits(endings, adapted, dropout === undefined ? [] : [dropout, `${dropout}.default`]);
  const sight = endings.some((name) => /\d/.test(name)) ? "index" : "none";
  const decided = decideSites(sitesOf(graph), sight, (path) =>
    endings.some((ending) => path.endsWith(ending)),
  );
  const adaptedPatterns = new Set(adapted.map(({ site }) => site.pattern));
  const hits = decided.flatMap(({ site, decision }) => (decision ? [site] : []));
  const copied = wrapsTwice ? hits : wrapped(hits);
  return copied.map((site) => {
    rejectUncopyable(site, adaptedPatterns);
    const isNested = copied.some((outer) => site.path.startsWith(`${outer.path}.`));
    return {
      site,
      parameterCount: subtreeParameterCount(site),
      ...(isNested ? { isNested } : {}),
    };
  });
}

/** Two levels below a copied module PEFT takes a hit for one of that module, which it copied already. */
function wrapped(sites: readonly Site[]): readonly Site[] {
  const paths = new Set<string>();
  return sites.filter(({ path }) => {
    if (paths.has(path.split(".").slice(0, -2).join("."))) return false;
    paths.add(path);
    return true;
  });
}

function rejectUncopyable({ node, pattern }: Site, adapted: ReadonlySet<string>): void {
  const parent = pattern.slice(0, Math.max(pattern.lastIndexOf("."), 0));
  if (adapted.has(parent)) {
    reject({
      code: "invalid_adapter_option",
      path: "adapter.modules_to_save",
      message: `modules_to_save hits ${pattern}, a part of ${parent}, which is adapted (names match by their end); give a longer name`,
      received: pattern,
    });
  }
  const isList = node.layer?.kind === "module_list" || node.type === "ModuleDict";
  if (!isList && !adapted.has(pattern)) return;
  reject({
    code: "invalid_adapter_type",
    path: "adapter.modules_to_save",
    message: isList
      ? `modules_to_save hits ${pattern}, a ${node.type}; name the modules inside it`
      : `${pattern} is both adapted and in modules_to_save (names match by their end); exclude it from target_modules or list it in modules_to_save before`,
    received: pattern,
  });
}

/** Names of what the adapter itself registers can be hit too, for example `out` by `lora_dropout`. */
function rejectInnerHits(
  endings: readonly string[],
  adapted: readonly AdaptedModule[],
  dropouts: readonly string[],
): void {
  for (const { site, tensors } of adapted) {
    const inner = tensors.flatMap(({ name }) => {
      const [container = ""] = name.split(".");
      return [container, `${container}.default`];
    });
    const hit = [...dropouts, ...inner].find((name) =>
      endings.some((ending) => `${site.path}.${name}`.endsWith(ending)),
    );
    if (hit === undefined) continue;
    reject({
      code: hit.endsWith(".default") ? "invalid_adapter_option" : "invalid_adapter_type",
      path: "adapter.modules_to_save",
      message: `modules_to_save matches names by their end and hits ${hit} inside the adapter of ${site.pattern}`,
      received: endings,
    });
  }
}

/** Parameters of a module and everything below it; a weight tied to one outside is copied, so it counts. */
export function subtreeParameterCount(site: Site): number {
  const inside = (tiedTo: string): boolean =>
    site.path === "" || tiedTo.startsWith(`${site.path}.`);
  const count = (node: ModuleNode): number => {
    let sum = 0;
    for (const { shape, tiedTo } of node.parameters) {
      if (tiedTo === undefined || !inside(tiedTo)) sum += elementCount(shape);
    }
    for (const child of node.children) {
      sum += isRepeat(child) ? child.indices.length * count(child.element) : count(child);
    }
    return sum;
  };
  return count(site.node);
}
