/** Names of the layers of a stacked chart, each where its layer is thickest, none over another. */

import type { StepRowName } from "lora-calc";
import type { Series } from "d3-shape";
import { WORDS } from "../words/en.js";

/** Half the width of a letter. Unit: px. */
const HALF_LETTER = 3.6;
/** Height from which a layer can carry its name. Unit: px. */
const LABEL_HEIGHT = 17;

interface Plane {
  /** Place of a moment, and of a size. Unit: px. */
  readonly x: (moment: number) => number;
  readonly y: (bytes: number) => number;
  readonly left: number;
  readonly right: number;
}

export interface Label {
  readonly key: StepRowName;
  readonly name: string;
  /** Middle of the text. */
  readonly x: number;
  readonly y: number;
}

type Layer = Series<unknown, StepRowName>;

export function placeLabels(
  layers: readonly Layer[],
  { x, y, left, right }: Plane,
): readonly Label[] {
  const placed: (Label & { readonly half: number })[] = [];
  for (const layer of layers) {
    const { low, high, at } = thickest(layer);
    const name = WORDS.memory.rows[layer.key];
    const half = HALF_LETTER * name.length + 6;
    const middle = Math.min(Math.max(x(at + 0.5), left + half), right - half);
    const height = (y(low) + y(high)) / 2;
    const isFree = placed.every(
      (label) =>
        Math.abs(label.y - height) > LABEL_HEIGHT || Math.abs(label.x - middle) > label.half + half,
    );
    if (y(low) - y(high) < LABEL_HEIGHT || !isFree) continue;
    placed.push({ key: layer.key, name, x: middle, y: height, half });
  }
  return placed;
}

/** Edges of the layer at its thickest moment; of a plateau its middle. */
function thickest(layer: Layer): {
  readonly low: number;
  readonly high: number;
  readonly at: number;
} {
  const heights = layer.map(([low, high]) => high - low);
  const most = Math.max(...heights);
  const from = heights.indexOf(most);
  const past = heights.findIndex((height, index) => index > from && height < most);
  const at = Math.floor((from + (past === -1 ? heights.length : past)) / 2);
  const [low, high] = layer[at] ?? [0, 0];
  return { low, high, at };
}
