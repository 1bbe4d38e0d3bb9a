import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";
import type { Warning } from "../../problem/codes.js";
import type { Problem } from "../../problem/problem.js";

const PHI = "microsoft/phi-4";

function warningsOf(model: string, targets: readonly string[]): readonly Warning[] {
  const result = estimate({ model, adapter: { r: 8, target_modules: targets } });
  if (isRefusal(result)) throw new Error(result.error.message);
  return result.warnings;
}

function refused(model: string, targets: readonly string[]): Problem {
  const result = estimate({ model, adapter: { r: 8, target_modules: targets } });
  if (!isRefusal(result)) throw new Error("was not refused");
  return result.error;
}

describe("names of target_modules that hit nothing", () => {
  it("are warned of while others hit", () => {
    expect(warningsOf("Qwen/Qwen3-4B", ["q_proj", "v_proj"])).toEqual([]);
    const [warning] = warningsOf("Qwen/Qwen3-4B", ["q_proj", "vproj"]);
    expect(warning?.code).toBe("unmatched_target_module");
    expect(warning?.message).toContain("did you mean v_proj?");
  });

  it("are explained by fused projections", () => {
    const [warning] = warningsOf(PHI, ["o_proj", "k_proj"]);
    expect(warning?.message).toContain("projections are fused here: qkv_proj, gate_up_proj");
    expect(refused(PHI, ["q_proj", "v_proj"]).message).toContain("qkv_proj");
  });

  it("may carry a layer index", () => {
    expect(warningsOf("Qwen/Qwen3-4B", ["layers.7.self_attn.q_proj"])).toEqual([]);
    expect(warningsOf("Qwen/Qwen3-4B", ["v_proj", "layers.99.self_attn.q_proj"])).toHaveLength(1);
  });
});

describe("a target that was mistyped", () => {
  it.each([["c_attn,c_proj"], ["'c_attn', 'c_proj'"]])("says what %s was meant for", (name) => {
    const { code, message } = refused("gpt2", [name]);
    expect(code).toBe("unknown_target_module");
    expect(message).toContain('did you mean ["c_attn","c_proj"]?');
  });
});
