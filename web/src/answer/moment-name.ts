/** A point of the timeline in words: "backward of a layer, layer 31". */

import type { TimelinePoint } from "lora-calc";
import { WORDS } from "../words/en.js";

export function momentName({ event, loop, iteration }: TimelinePoint): string {
  const name = WORDS.timeline.event(event);
  return loop === undefined || iteration === undefined
    ? name
    : WORDS.timeline.iteration(name, loop, iteration);
}
