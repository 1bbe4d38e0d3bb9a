/** In which dtypes the run trained that saved a file: what its size depends on. */

import type { AdapterPlan } from "../adapter/plan/plan.js";
import { fileTensors } from "../adapter/saved/saved-tensors.js";
import type { SavedDtypes } from "../adapter/saved/saved-tensors.js";
import type { FileTensors } from "./read-tensors.js";

const FLOATS = { F32: "float32", F16: "float16", BF16: "bfloat16" } as const;
type FloatName = keyof typeof FLOATS;

const isFloat = (name: string): name is FloatName => Object.hasOwn(FLOATS, name);

/** Of the runs that leave the dtypes that the file has, the one that most of its tensors agree with. */
export function dtypesOfRun(plan: AdapterPlan, tensors: FileTensors): SavedDtypes {
  const names = new Set([...tensors.values()].map(({ dtype }) => dtype).filter(isFloat));
  const floats = [...names].map((name) => FLOATS[name]);
  const runs = floats.flatMap((base): readonly SavedDtypes[] => [
    ...(names.size === 1 ? [] : [{ base }]),
    ...floats.map((trained) => ({ base, trained })),
  ]);
  const agreeing = (run: SavedDtypes): number =>
    [...fileTensors(plan, run)].filter(([key, { dtype }]) => {
      const name = tensors.get(key)?.dtype ?? "";
      return isFloat(name) && FLOATS[name] === dtype;
    }).length;
  const [best = { base: "float32" }] =
    runs.length < 2
      ? runs
      : runs
          .map((run) => ({ run, count: agreeing(run) }))
          .sort((left, right) => right.count - left.count)
          .map(({ run }) => run);
  return best;
}
