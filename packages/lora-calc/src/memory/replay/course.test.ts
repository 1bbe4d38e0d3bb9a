import { describe, expect, it } from "vitest";
import { Course, repeatedPhase } from "./course.js";
import type { Moment } from "./course.js";
import { wholeLoop } from "../machine/loop.js";
import { LOADING, phaseName } from "../machine/phase.js";
import type { Phase } from "../machine/phase.js";
import type { Allocation, Kind, Mark } from "../machine/tape.js";
import { PARTS } from "./parts.js";

const FORWARD: Phase = { step: 1, micro: 0, part: "forward" };

function allocation(kind: Kind, phase = FORWARD): Allocation {
  return { bytes: 0, kind, tag: "", module: undefined, phase, shape: [], dtype: "float32" };
}

const LOOPS = { layers: wholeLoop("layers", 2), chunks: wholeLoop("chunks", 100) };
const mark = (loop: keyof typeof LOOPS | undefined, iteration: number): Mark => ({
  event: 0,
  loop: loop === undefined ? undefined : LOOPS[loop],
  iteration,
});

/** Bytes by part, of those that have any. */
function held(bytes: readonly number[]): Readonly<Record<string, number>> {
  return Object.fromEntries<number>(
    bytes.flatMap((size, index) => (size === 0 ? [] : [[PARTS[index] ?? "", size]])),
  );
}

const told = ({ phase, loop, iteration, allocated, bytes }: Moment) => ({
  phase,
  loop: loop?.kind,
  iteration,
  allocated,
  ...held(bytes),
});

describe("Course", () => {
  it("keeps the highest moment of every stretch, with what each part holds then", () => {
    const course = new Course(
      [
        allocation("weights", LOADING),
        allocation("activations"),
        allocation("logits"),
        allocation("activations"),
      ],
      1,
    );
    course.allocate(0, 0, 100, 100);
    course.begin(mark("layers", 0), 0);
    course.allocate(1, 1, 50, 150);
    course.release(1, 50);
    course.begin(mark("layers", 1), 0);
    course.allocate(3, 2, 20, 120);
    course.allocate(4, 3, 7, 127);
    course.release(3, 7);
    const { peakBytes, moments } = course.finish();
    expect(held(peakBytes)).toEqual({ weights: 100, activations: 50 });
    expect(course.peakEvent).toBe(1);
    expect(moments.map(told)).toEqual([
      {
        phase: FORWARD,
        loop: "layers",
        iteration: 0,
        allocated: 150,
        weights: 100,
        activations: 50,
      },
      {
        phase: FORWARD,
        loop: "layers",
        iteration: 1,
        allocated: 127,
        weights: 100,
        loss: 20,
        activations: 7,
      },
    ]);
  });

  it("takes the first of two equal peaks", () => {
    const course = new Course([allocation("weights", LOADING), allocation("logits")], 1);
    course.allocate(0, 0, 64, 64);
    course.release(0, 64);
    course.allocate(2, 1, 64, 64);
    expect(held(course.finish().peakBytes)).toEqual({ weights: 64 });
    expect(course.peakEvent).toBe(0);
  });

  it("opens a stretch where the phase changes, and shows only the second step", () => {
    const course = new Course(
      [
        allocation("activations", { ...FORWARD, step: 0 }),
        allocation("activations", FORWARD),
        allocation("gradients", { ...FORWARD, part: "backward" }),
      ],
      1,
    );
    course.allocate(0, 0, 900, 900);
    course.release(0, 900);
    course.allocate(2, 1, 10, 10);
    course.allocate(3, 2, 5, 15);
    const { moments, peakBytes } = course.finish();
    expect(held(peakBytes)).toEqual({ activations: 900 });
    expect(moments.map(told)).toEqual([
      { phase: FORWARD, loop: undefined, iteration: -1, allocated: 10, activations: 10 },
      {
        phase: { ...FORWARD, part: "backward" },
        loop: undefined,
        iteration: -1,
        allocated: 15,
        activations: 10,
        gradients: 5,
      },
    ]);
  });

  it("has no stretch in which nothing is allocated", () => {
    const course = new Course([allocation("activations")], 1);
    course.begin(mark("layers", 0), 0);
    course.begin(mark("layers", 1), 0);
    course.allocate(0, 0, 1, 1);
    expect(course.finish().moments.map(({ iteration }) => iteration)).toEqual([1]);
  });

  it("numbers repeated micro-batches, at the peak, too", () => {
    const course = new Course([allocation("activations", { ...FORWARD, micro: 2 })], 1);
    course.begin(mark(undefined, 0), 3);
    course.allocate(5, 0, 8, 8);
    expect(course.finish().moments[0]?.phase).toEqual({ ...FORWARD, micro: 5 });
    expect(course.peakRepeat).toBe(3);
  });
});

describe("a course of more than 200 stretches", () => {
  function courseOf(
    count: number,
    loopOf: (index: number) => keyof typeof LOOPS,
  ): readonly Moment[] {
    const course = new Course(
      Array.from({ length: count }, () => allocation("activations")),
      1,
    );
    for (let index = 0; index < count; index += 1) {
      course.begin(mark(loopOf(index), index), 0);
      // Every third is higher than its neighbours.
      const size = index % 3 === 0 ? 50 : 10;
      course.allocate(index, index, size, size);
      course.release(index, size);
    }
    return course.finish().moments;
  }

  it("is whole up to 200", () => {
    expect(courseOf(200, () => "layers")).toHaveLength(200);
  });

  it("joins neighbours, and keeps the higher of them", () => {
    const moments = courseOf(201, () => "layers");
    expect(moments).toHaveLength(101);
    expect(moments.slice(0, 4).map(({ iteration, allocated }) => [iteration, allocated])).toEqual([
      [0, 50],
      [3, 50],
      [4, 10],
      [6, 50],
    ]);
  });

  it("joins more of them where that is not enough, and none across loops", () => {
    expect(courseOf(500, () => "layers")).toHaveLength(Math.ceil(500 / 3));
    const moments = courseOf(300, (index) => (index < 101 ? "layers" : "chunks"));
    expect(moments.filter(({ loop }) => loop?.kind === "layers")).toHaveLength(51);
    expect(moments.filter(({ loop }) => loop?.kind === "chunks")).toHaveLength(100);
  });

  it("stays as it is where no neighbours are alike", () => {
    expect(courseOf(250, (index) => (index % 2 === 0 ? "layers" : "chunks"))).toHaveLength(250);
  });
});

it.each<[Phase, number, string]>([
  [{ step: 1, micro: 2, part: "forward" }, 0, "step1.micro2.forward"],
  [{ step: 1, micro: 2, part: "forward" }, 9, "step1.micro11.forward"],
  [{ step: 1, micro: 12, part: "backward" }, 1, "step1.micro13.backward"],
  [{ step: 1, part: "optimizer" }, 4, "step1.optimizer"],
  [LOADING, 2, "load"],
])("%j repeated %d times is %s", (phase, repeat, name) => {
  expect(phaseName(repeatedPhase(phase, repeat))).toBe(name);
});
