import { describe, expect, it } from "vitest";
import { DEFAULT_STEP } from "../fields/step.js";
import type { TrainingSettings } from "../memory/settings/training.js";
import { isObject } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import type { Price } from "./advise.js";
import { climbToFit } from "./ladder.js";
import type { Climb } from "./ladder.js";

const MIB = 2 ** 20;

function trainingOf(scenario: JsonObject): TrainingSettings {
  const given = scenario["training"];
  return { ...DEFAULT_STEP, ...(isObject(given) ? given : {}) };
}

/** A machine whose peak is what `peak` says, in MiB, and whose card holds `limit`. */
function climbOf(
  limit: number,
  peak: (training: TrainingSettings, scenario: JsonObject) => number,
): Climb {
  const price: Price = (scenario) => {
    const processPeak = MIB * peak(trainingOf(scenario), scenario);
    return {
      processPeak,
      heldAtMost: 0,
      verdict: processPeak <= MIB * limit ? "fits" : "does_not_fit",
    };
  };
  return {
    price,
    situationOf: (scenario) => ({
      training: trainingOf(scenario),
      adapter: null,
      quantization: null,
    }),
  };
}

function climbed(scenario: JsonObject, climb: Climb) {
  const base = climb.price(scenario);
  if (base === undefined) throw new Error("no base");
  const { steps, verdict } = climbToFit(scenario, base, climb);
  return {
    ids: steps.map(({ id }) => id),
    saves: steps.map(({ saves }) => saves / MIB),
    verdict,
    steps,
  };
}

describe("climbToFit", () => {
  it("halves as often as it has to, and says what each step frees", () => {
    const climb = climbOf(100, ({ max_length }) => max_length / 16);
    const { ids, saves, verdict } = climbed({ training: { max_length: 4096 } }, climb);
    expect(ids).toEqual(["half_length", "half_length"]);
    expect(saves).toEqual([128, 64]);
    expect(verdict).toBe("fits");
  });

  it("pulls what is free first, and leaves out what turns out not to be needed", () => {
    // Chunks of the loss free 10 of the 60 that are missing, checkpointing 80: alone it is enough.
    const climb = climbOf(
      200,
      ({ loss, gradient_checkpointing: on }) =>
        260 - (loss === "chunked_nll" ? 10 : 0) - (on ? 80 : 0),
    );
    const scenario = { training: { loss: "hf", gradient_checkpointing: false } };
    const { ids, saves, steps } = climbed(scenario, climb);
    expect(ids).toEqual(["checkpointing"]);
    expect(saves).toEqual([80]);
    expect(steps[0]?.change).toEqual({ training: { gradient_checkpointing: true } });
    expect(steps[0]?.verdict).toBe("fits");
  });

  it("leaves out the one of three that the others can do without", () => {
    const climb = climbOf(
      200,
      ({ loss, attn_implementation: attention, gradient_checkpointing: on }) =>
        270 - (loss === "chunked_nll" ? 10 : 0) - (attention === "sdpa" ? 30 : 0) - (on ? 40 : 0),
    );
    const training = { loss: "hf", attn_implementation: "eager", gradient_checkpointing: false };
    expect(climbed({ training }, climb).ids).toEqual(["sdpa", "checkpointing"]);
  });

  it("keeps two levers of which neither is enough", () => {
    const climb = climbOf(
      200,
      ({ loss, gradient_checkpointing: on }) =>
        260 - (loss === "chunked_nll" ? 30 : 0) - (on ? 40 : 0),
    );
    const { ids, verdict } = climbed(
      { training: { loss: "hf", gradient_checkpointing: false } },
      climb,
    );
    expect(ids).toEqual(["chunked_loss", "checkpointing"]);
    expect(verdict).toBe("fits");
  });

  it("passes over a lever that makes room in a run of its own only after another", () => {
    // The smaller batch frees nothing while the optimizer's state is the peak.
    const climb = climbOf(50, ({ optim, per_device_train_batch_size: batch }) =>
      Math.max(optim === "adamw_bnb_8bit" ? 20 : 80, 30 * batch),
    );
    const { ids, verdict } = climbed({ training: { per_device_train_batch_size: 2 } }, climb);
    expect(ids).toEqual(["adamw_8bit", "micro_batch"]);
    expect(verdict).toBe("fits");
  });

  it("says how far it came when nothing is enough", () => {
    const climb = climbOf(10, ({ max_length }) => 100 + max_length / 64);
    const { ids, verdict } = climbed({ training: { max_length: 1024 } }, climb);
    expect(ids).toEqual(["half_length", "half_length", "half_length"]);
    expect(verdict).toBe("does_not_fit");
  });

  it("takes no step that frees less than a mebibyte", () => {
    const climb = climbOf(10, ({ max_length }) => 100 + max_length / 1024);
    expect(climbed({ training: { max_length: 1024 } }, climb).ids).toEqual([]);
    const enough = climbOf(10, ({ max_length }) => 100 + max_length / 512);
    expect(climbed({ training: { max_length: 1024 } }, enough).ids).toEqual(["half_length"]);
  });

  it("stops where no price is known", () => {
    const { situationOf, price } = climbOf(10, () => 100);
    const base = price({});
    if (base === undefined) throw new Error("no base");
    expect(climbToFit({}, base, { situationOf, price: () => undefined })).toEqual({
      steps: [],
      verdict: "does_not_fit",
    });
  });
});
