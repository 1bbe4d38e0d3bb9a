/** Decides something for every module, once for all layers that cannot be told apart. */

import type { ModuleNode } from "../../graph/tree/module-graph.js";
import { pathsOf } from "../../graph/tree/sites.js";
import type { Site } from "../../graph/tree/sites.js";
import type { LayerSight } from "../regex/layer-sight.js";

/** A site with what was decided for all its occurrences. */
export interface Decided<Decision> {
  readonly site: Site;
  readonly decision: Decision;
}

/** Decides for every site; one whose occurrences are decided differently is split into a site per occurrence. */
export function decideSites<Decision extends string | number | boolean | undefined>(
  sites: readonly Site[],
  sight: LayerSight,
  decide: (path: string, node: ModuleNode) => Decision,
): readonly Decided<Decision>[] {
  return sites.flatMap((site): readonly Decided<Decision>[] => {
    const { node } = site;
    const decision = decide(site.path, node);
    const examples = examplesOf(site, sight);
    if (examples.every((path) => decide(path, node) === decision)) return [{ site, decision }];
    return pathsOf(site).map((path) => ({
      site: occurrence(site, path),
      decision: decide(path, node),
    }));
  });
}

/** Paths that together show every decision there can be, beside the first path. */
function examplesOf(site: Site, sight: LayerSight): readonly string[] {
  if (site.count === 1 || sight === "none") return [];
  if (sight === "index") return pathsOf(site);
  return pathsOf({ ...site, indices: site.indices.map(oneOfEachLength) });
}

/** One index of one digit, one of two digits, … */
function oneOfEachLength(indices: readonly number[]): readonly number[] {
  const byLength = new Map(indices.map((index) => [String(index).length, index]));
  return [...byLength.values()];
}

/** One module of a repeated site, as a site of its own. */
function occurrence(site: Site, path: string): Site {
  return { path, pattern: path, indices: [], count: 1, node: site.node };
}
