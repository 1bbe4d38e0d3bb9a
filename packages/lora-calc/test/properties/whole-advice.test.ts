/** Advice on whole scenarios ends, is sound and bounded. Seed and size by environment: SCENARIOS_SEED, ADVICES (300). */

import { asScenario } from "../../src/exchange/as-scenario.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { advise } from "../../src/advise.js";
import { estimate } from "../../src/estimate.js";
import { isRefusal } from "../../src/result.js";
import { peaksOf } from "../../src/exchange/peaks.js";
import type { Scenario } from "../../src/scenario.js";
import { checkNumbers } from "./numbers.js";
import { scenarios } from "./scenarios.js";

const seed = Number(process.env["SCENARIOS_SEED"] ?? 20_261_128);
const ADVICES = Number(process.env["ADVICES"] ?? 300);

describe(`advice, seed ${seed}`, () => {
  it(`${ADVICES} get advice`, () => {
    let advised = 0;
    for (const scenario of fc.sample(scenarios, { numRuns: 10 * ADVICES, seed: seed + 1 })) {
      if (advised === ADVICES) break;
      const result = estimate(asScenario(scenario), { expandable: false });
      if (isRefusal(result) || peaksOf(result) === undefined) continue;
      advised += 1;
      const advice = advise(scenario as unknown as Scenario, result);
      checkNumbers(advice);
      expect(new Set(advice.levers.map(({ id }) => id)).size).toBe(advice.levers.length);
      for (const { saves } of advice.levers) expect(saves).toBeGreaterThan(0);
    }
    expect(advised).toBe(ADVICES);
  });
});
