/** The optimizer of the experiment: Adam, with the two states per trained number that the memory chapters count. */

import type { Matrix } from "../algebra/matrix.js";

/** Running means of the gradient and of its square, one of each per trained number. */
export interface AdamState {
  readonly step: number;
  readonly means: readonly Matrix[];
  readonly squares: readonly Matrix[];
}

const BETA_MEAN = 0.9;
const BETA_SQUARE = 0.999;
const EPSILON = 1e-8;

export function startAdam(parameters: readonly Matrix[]): AdamState {
  const zeros = parameters.map((parameter) => ({
    ...parameter,
    values: new Float64Array(parameter.values.length),
  }));
  return { step: 0, means: zeros, squares: zeros };
}

/**
 * One update of all parameters.
 *
 * Source: Kingma and Ba 2014, arXiv:1412.6980, algorithm 1, with its default constants.
 */
export function stepAdam(
  state: AdamState,
  parameters: readonly Matrix[],
  gradients: readonly Matrix[],
  learningRate: number,
): { readonly state: AdamState; readonly parameters: readonly Matrix[] } {
  const step = state.step + 1;
  const means = blend(state.means, gradients, BETA_MEAN, (gradient) => gradient);
  const squares = blend(state.squares, gradients, BETA_SQUARE, (gradient) => gradient * gradient);
  const updated = parameters.map((parameter, which) => ({
    ...parameter,
    values: parameter.values.map((value, at) => {
      const mean = (means[which]?.values[at] ?? 0) / (1 - BETA_MEAN ** step);
      const square = (squares[which]?.values[at] ?? 0) / (1 - BETA_SQUARE ** step);
      return value - (learningRate * mean) / (Math.sqrt(square) + EPSILON);
    }),
  }));
  return { state: { step, means, squares }, parameters: updated };
}

function blend(
  averages: readonly Matrix[],
  gradients: readonly Matrix[],
  beta: number,
  read: (gradient: number) => number,
): readonly Matrix[] {
  return averages.map((average, which) => ({
    ...average,
    values: average.values.map(
      (value, at) => beta * value + (1 - beta) * read(gradients[which]?.values[at] ?? 0),
    ),
  }));
}
