import { describe, expect, it } from "vitest";
import { Fields } from "../problem/fields.js";
import { InputError } from "../problem/problem.js";
import { chooseWorld } from "./choose-world.js";
import { listWorlds } from "./index.js";

const typed = (versions: object): Fields => new Fields(versions, "versions");

describe("chooseWorld", () => {
  it("takes the usual world where nobody names a version", () => {
    const { world, assumed, isNearest } = chooseWorld();
    expect([world.id, assumed, isNearest]).toEqual(["transformers-5.18", [], false]);
  });

  it("takes the world of what is typed, whatever patch release", () => {
    const { world, named } = chooseWorld(typed({ transformers: "4.57.1" }));
    expect(world.id).toBe("transformers-4.57");
    expect(named).toMatchObject({ transformers: "4.57.1", peft: "0.21.0" });
  });

  it("lets the stack name its versions, and what is typed win", () => {
    const stack = { name: "A trainer", releases: { transformers: "4.57.3", peft: "0.21.0" } };
    expect(chooseWorld(undefined, stack).world.id).toBe("transformers-4.57");
    const chosen = chooseWorld(typed({ transformers: "5.18" }), stack);
    expect([chosen.world.id, chosen.isNearest]).toEqual(["transformers-5.18", false]);
  });

  it("computes a stack without a world by the nearest, and says so for each library", () => {
    const stack = { name: "A trainer 9", releases: { transformers: "4.59.0", peft: "9.25.1" } };
    const { world, isNearest, assumed } = chooseWorld(undefined, stack);
    expect([world.id, isNearest]).toEqual(["transformers-4.57", true]);
    expect(assumed.map(({ path, value }) => [path, value])).toEqual([
      ["versions.transformers", "4.57.6"],
      ["versions.peft", "0.21.0"],
    ]);
    expect(assumed[0]?.reason).toContain("A trainer 9 runs transformers 4.59.0");
  });

  it("says a TRL that is not compared by the stack, for a scenario has no field for it", () => {
    const stack = { name: "A trainer 9", releases: { transformers: "5.18.0", trl: "9.0.0" } };
    const { assumed, isNearest } = chooseWorld(undefined, stack);
    expect([isNearest, assumed.map(({ path }) => path)]).toEqual([true, ["stack"]]);
  });

  it("takes a typed CUDA beside the world of the stack", () => {
    const stack = { name: "A trainer", releases: { transformers: "4.57.6" } };
    const { world, wheel, namedWheel } = chooseWorld(typed({ cuda: "12.6" }), stack);
    expect([world.id, wheel]).toEqual(["transformers-4.57", { torch: "2.13.0", cuda: "12.6" }]);
    expect(namedWheel).toEqual({ cuda: "12.6" });
  });

  it("refuses a typed release that no world lists, and a library that decides nothing", () => {
    expect(() => chooseWorld(typed({ peft: "0.17" }))).toThrow(InputError);
    expect(() => chooseWorld(typed({ numpy: "2.0" }))).toThrow(InputError);
  });
});

describe("a world", () => {
  it.each(listWorlds().map((world) => [world.id, world] as const))(
    "%s is named after its transformers",
    (id, world) => {
      expect(world.releases.transformers[0].startsWith(id.replace("transformers-", ""))).toBe(true);
      expect(world.source).not.toBe("");
    },
  );
});
