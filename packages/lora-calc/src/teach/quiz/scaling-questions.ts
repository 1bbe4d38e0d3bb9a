/** Questions about the factor in front of B·A, and about the update's beginning and end. */

import type { Lesson } from "../facts/lesson.js";
import { scalingOf } from "../facts/scaling.js";
import { chooseAmount, chooseStatement } from "./question.js";
import type { Question } from "./question.js";

export function alphaOverRank(): Question<"alpha-over-rank"> {
  return {
    id: "alpha-over-rank",
    theme: "scaling",
    facts: null,
    ...chooseStatement(5, "scales-update", [
      "scales-layers",
      "scales-learning-rate",
      "scales-dropout",
    ]),
  };
}

export function scalingValue({ layer }: Lesson): Question<"scaling-value"> {
  const { alpha, rank, rule, scaling } = layer;
  const otherRule = rule === "alpha / r" ? "alpha / √r" : "alpha / r";
  return {
    id: "scaling-value",
    theme: "scaling",
    facts: { alpha, rank, rule, scaling },
    ...chooseAmount("factor", scaling, [
      ["other-rule", scalingOf(otherRule, alpha, rank)],
      ["upside-down", 1 / scaling],
      ["multiplied", alpha * rank],
    ]),
  };
}

/** How much higher the rank is raised in thought. */
const RAISE = 4;

export function rankRaised({ layer }: Lesson): Question<"rank-raised"> {
  const { alpha, rank } = layer;
  const raised = RAISE * rank;
  const before = scalingOf("alpha / r", alpha, rank);
  const after = scalingOf("alpha / r", alpha, raised);
  const stabilized = scalingOf("alpha / √r", alpha, raised);
  return {
    id: "rank-raised",
    theme: "scaling",
    facts: { alpha, rank, raised, before, after, stabilized },
    ...chooseAmount("factor", after, [
      ["unchanged", before],
      ["other-rule", stabilized],
      ["grows-with-rank", RAISE * before],
    ]),
  };
}

export function zeroStart(): Question<"zero-start"> {
  return {
    id: "zero-start",
    theme: "scaling",
    facts: null,
    ...chooseStatement(8, "start-pretrained", [
      "start-random",
      "start-zero-output",
      "start-saves-memory",
    ]),
  };
}

export function merged(): Question<"merged"> {
  return {
    id: "merged",
    theme: "scaling",
    facts: null,
    ...chooseStatement(9, "merged-free", ["merged-r-slower", "merged-more-memory", "merged-never"]),
  };
}
