/** What the experiment sets out to do: apart from its code, so that a text can name the numbers without loading it. */

/** Rank of the change that turns the pretrained weights into ones that solve the new task. */
export const TASK_RANK: number = 4;

/** Optimizer steps of both runs; behind them the curves are nearly flat. */
export const EXPERIMENT_STEPS: number = 300;
