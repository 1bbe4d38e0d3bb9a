/** Questions about counts: one layer, a narrow one, all of them, and the rank. */

import { layerFacts } from "../facts/layer-facts.js";
import type { Lesson } from "../facts/lesson.js";
import type { TargetChoice } from "../facts/target-choices.js";
import { chooseAmount, chooseStatement } from "./question.js";
import type { Question } from "./question.js";

export function layerParameters({ layer }: Lesson): Question<"layer-parameters"> {
  const { inFeatures, outFeatures, rank } = layer;
  const { trainable, frozen, a } = layerFacts(layer);
  const square = Math.max(inFeatures, outFeatures) ** 2;
  return {
    id: "layer-parameters",
    theme: "counting",
    facts: { ...layer, trainable },
    ...chooseAmount("parameters", trainable, [
      ["one-matrix", a],
      ["whole-matrix", frozen],
      ["multiplied", rank * rank * (inFeatures + outFeatures)],
      ["square-layer", square],
    ]),
  };
}

/** About a module with fewer outputs than another that reads the same input, as keys and values have; none in most MLPs. */
export function narrowModule({ layer, targets }: Lesson): readonly Question<"narrow-module">[] {
  const { rank } = layer;
  const isPlain = ({ inFeatures, outFeatures, count, cost }: TargetChoice): boolean =>
    cost === rank * (inFeatures + outFeatures) * count;
  const plain = targets.filter((target) => target.block !== "" && isPlain(target));
  for (const narrow of plain) {
    const wide = plain.find(
      ({ block, inFeatures, outFeatures }) =>
        block === narrow.block &&
        inFeatures === narrow.inFeatures &&
        outFeatures > narrow.outFeatures,
    );
    if (wide !== undefined) return [aboutNarrow(narrow, wide, rank)];
  }
  return [];
}

function aboutNarrow(
  narrow: TargetChoice,
  wide: TargetChoice,
  rank: number,
): Question<"narrow-module"> {
  const { name, count, inFeatures, outFeatures } = narrow;
  const cost = rank * (inFeatures + outFeatures) * count;
  const wideOutFeatures = wide.outFeatures;
  const facts = { name, wideName: wide.name, count, rank, inFeatures, outFeatures };
  return {
    id: "narrow-module",
    theme: "counting",
    facts: { ...facts, wideOutFeatures, cost },
    ...chooseAmount("parameters", cost, [
      ["forgot-shared-heads", rank * (inFeatures + wideOutFeatures) * count],
      ["one-layer", rank * (inFeatures + outFeatures)],
      ["one-matrix", rank * inFeatures * count],
    ]),
  };
}

/** About every linear module at once; none while the settings are refused. */
export function allLinear({ layer, targets }: Lesson): readonly Question<"all-linear">[] {
  const modules = targets.flatMap(({ isInAllLinear, name, block, cost }) =>
    isInAllLinear && cost !== undefined ? [{ name, block, cost }] : [],
  );
  const [first] = modules;
  if (first === undefined || modules.length === 1) return [];
  const sum = (chosen: typeof modules): number =>
    chosen.reduce((total, { cost }) => total + cost, 0);
  const cost = sum(modules);
  return [
    {
      id: "all-linear",
      theme: "counting",
      facts: { modules: modules.map(({ name, cost: each }) => ({ name, cost: each })), cost },
      ...chooseAmount("parameters", cost, [
        ["one-module", first.cost],
        ["one-block", sum(modules.filter(({ block }) => block === first.block))],
        ["one-layer", Math.round(cost / layer.count)],
      ]),
    },
  ];
}

export function rankDoubled({ layer }: Lesson): Question<"rank-doubled"> {
  const { name, rank } = layer;
  const doubled = 2 * rank;
  return {
    id: "rank-doubled",
    theme: "counting",
    facts: {
      ...{ name, rank, doubled },
      before: layerFacts(layer).trainable,
      after: layerFacts({ ...layer, rank: doubled }).trainable,
    },
    ...chooseStatement(4, "count-doubles", ["count-same", "count-quadruples", "count-half-more"]),
  };
}
