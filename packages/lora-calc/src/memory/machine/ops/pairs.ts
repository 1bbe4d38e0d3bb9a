/** Neighbours of the last dimension as pairs. */

import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { neg, stackLast } from "./elementwise.js";
import { everySecond, view } from "./views.js";

/** Each pair turned by a right angle: `stack((-odd, even), -1).flatten(-2)`. */
export function rotatePairs(m: Machine, x: Tensor): Tensor {
  return m.frame((frame) => {
    const even = frame.hold(everySecond(m, x, 0));
    const odd = frame.hold(everySecond(m, x, 1));
    return view(m, stackLast(m, [neg(m, odd), even]), x.shape);
  });
}
