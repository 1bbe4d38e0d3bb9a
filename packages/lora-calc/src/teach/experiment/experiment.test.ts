import { describe, expect, it } from "vitest";
import { createRandom, normalMatrix } from "../algebra/random.js";
import type { Matrix } from "../algebra/matrix.js";
import {
  energyShares,
  heldOutLoss,
  startFullRun,
  startLoraRun,
  stepRun,
  updateOf,
} from "./experiment.js";
import type { Run } from "./experiment.js";
import {
  gradientsOf,
  lossOf,
  mergedWeight,
  predict,
  trainableOf,
  withTrainable,
} from "./network.js";
import type { Examples, Layer } from "./network.js";
import { startAdam, stepAdam } from "./adam.js";
import { TASK_RANK } from "./plan.js";
import { createTask } from "./task.js";

const random = createRandom(3);
const matrix = (rows: number, columns: number): Matrix => normalMatrix(random, rows, columns, 0.7);
const NETWORK: readonly Layer[] = [
  { weight: matrix(5, 4), adapter: { a: matrix(2, 4), b: matrix(5, 2), scaling: 1.5 } },
  { weight: matrix(6, 5) },
  { weight: matrix(3, 6), adapter: { a: matrix(3, 6), b: matrix(3, 3), scaling: 0.5 } },
];
const EXAMPLES: Examples = { inputs: matrix(7, 4), outputs: matrix(7, 3) };

describe("gradientsOf", () => {
  it("equals finite differences for every trainable number", () => {
    const { layers: gradients } = gradientsOf(NETWORK, EXAMPLES);
    NETWORK.forEach((layer, depth) => {
      trainableOf(layer).forEach((parameter, which) => {
        const numeric = parameter.values.map((_, at) => slope(depth, which, at));
        gradients[depth]?.[which]?.values.forEach((value, at) => {
          expect(value).toBeCloseTo(numeric[at] ?? NaN, 7);
        });
        expect(gradients[depth]?.[which]?.values.length).toBe(parameter.values.length);
      });
    });
  });

  it("gives no gradient to a frozen weight", () => {
    const { layers } = gradientsOf(NETWORK, EXAMPLES);
    expect(layers.map((gradients) => gradients.length)).toEqual([2, 1, 2]);
  });

  /** Central difference of the loss along one number. */
  function slope(depth: number, which: number, at: number): number {
    const step = 1e-5;
    const moved = (by: number): number => {
      const layers = NETWORK.map((layer, position) => {
        if (position !== depth) return layer;
        const parameters = trainableOf(layer).map((parameter, index) =>
          index === which
            ? { ...parameter, values: parameter.values.with(at, (parameter.values[at] ?? 0) + by) }
            : parameter,
        );
        return withTrainable(layer, parameters);
      });
      return lossOf(layers, EXAMPLES);
    };
    return (moved(step) - moved(-step)) / (2 * step);
  }
});

describe("mergedWeight", () => {
  it("computes the same outputs as the adapter beside the frozen weight", () => {
    const merged = NETWORK.map((layer) => ({ weight: mergedWeight(layer) }));
    const separate = predict(NETWORK, EXAMPLES.inputs);
    predict(merged, EXAMPLES.inputs).values.forEach((value, at) => {
      expect(value).toBeCloseTo(separate.values[at] ?? NaN, 12);
    });
  });
});

describe("stepAdam", () => {
  it("moves every number by the learning rate in the first step, against its gradient", () => {
    const parameter = { rows: 1, columns: 3, values: Float64Array.of(1, 2, 3) };
    const gradient = { rows: 1, columns: 3, values: Float64Array.of(0.5, -8, 0) };
    const { parameters } = stepAdam(startAdam([parameter]), [parameter], [gradient], 0.1);
    const moved = [...(parameters[0]?.values ?? [])];
    expect(moved.map((value) => Number(value.toFixed(6)))).toEqual([0.9, 2.1, 3]);
  });
});

describe("experiment", () => {
  const task = createTask();
  const settings = (rank: number) => ({ rank, alpha: 8, rule: "alpha / r" }) as const;
  const train = (run: Run, steps: number): Run => {
    let now = run;
    for (let step = 0; step < steps; step++) now = stepRun(now, task);
    return now;
  };

  it("starts both runs from the pretrained network", () => {
    expect(heldOutLoss(startFullRun(task), task)).toBe(1);
    expect(heldOutLoss(startLoraRun(task, settings(4)), task)).toBe(1);
  });

  it("counts every weight of one and r × (in + out) per layer of the other", () => {
    expect(startFullRun(task).trainable).toBe(24 * 32 + 32 * 32 + 32 * 24);
    expect(startLoraRun(task, settings(4)).trainable).toBe(4 * (56 + 64 + 56));
  });

  it("is the same twice, and leaves the run before it as it was", () => {
    const start = startLoraRun(task, settings(2));
    const [once, again] = [train(start, 5), train(start, 5)];
    expect(again).toEqual(once);
    expect(heldOutLoss(start, task)).toBe(1);
  });

  it("learns the task where the rank suffices, and stops short below it", () => {
    const enough = train(startLoraRun(task, settings(TASK_RANK)), 200);
    const tooLow = train(startLoraRun(task, settings(1)), 200);
    expect(heldOutLoss(enough, task)).toBeLessThan(0.05);
    expect(heldOutLoss(tooLow, task)).toBeGreaterThan(0.25);
  });

  it("finds an update of the rank that was set, also in full training nearly of the task's", () => {
    const full = energyShares(updateOf(train(startFullRun(task), 200), task, 1));
    const lora = energyShares(updateOf(train(startLoraRun(task, settings(2)), 20), task, 1));
    expect(sum(full.slice(0, TASK_RANK))).toBeGreaterThan(0.7);
    expect(sum(lora.slice(0, 2))).toBeCloseTo(1, 9);
  });

  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value);
});
