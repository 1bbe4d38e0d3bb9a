/** What a Python text says, told without running it. */

import { describe, expect, it } from "vitest";
import { parsePython } from "../../files/python/parse-python.js";
import { plainData } from "../../src/formats/python/script.js";
import type { PythonCall, PythonScript } from "../../src/formats/python/script.js";

function callsOf(script: PythonScript, word: string): readonly PythonCall[] {
  return script.calls.filter(({ callee }) => callee === word);
}

/** Of the last call of f its arguments, those that only a run can tell with the reason. */
function argumentsIn(text: string): Readonly<Record<string, unknown>> {
  const call = callsOf(parsePython(text, "train.py"), "f").at(-1);
  if (call === undefined) throw new Error("f is not called");
  return Object.fromEntries(
    [...call.keywords].map(([name, value]) => {
      const plain = plainData(value);
      return [
        name,
        plain === undefined
          ? value.kind === "unknown"
            ? `? ${value.why}`
            : value.kind
          : plain.value,
      ];
    }),
  );
}

describe("literals", () => {
  it.each([
    ["1_000", 1000],
    ["2e-4", 0.0002],
    ["0x10", 16],
    ["-1.5", -1.5],
    ["[0., 1.5e-3, .5]", [0, 0.0015, 0.5]],
    ["None", null],
    ["(1, 2,)", [1, 2]],
    ["()", []],
    ["['a', *['b', 'c']]", ["a", "b", "c"]],
    ["{'a': 1, **{'b': [True]}}", { a: 1, b: [true] }],
    ["'a' \"b\" '''c'''", "abc"],
    [String.raw`r"\d" + "\x41é\n\101\q"`, "\\dA\u00e9\nA\\q"],
    ["f'{\"a\"}/{2}-{{x}}'", "a/2-{x}"],
    ["7 // 2 * 2 ** 3 - 7 % 4", 21],
    ["-7 // 2", -4],
    ["16 if 3 > 2 else 8", 16],
    ["not [] and 'yes'", "yes"],
    ["None or 5", 5],
    ["'a' in ['a'] and 'b' not in {'a': 1}", true],
    ["dict(a=1, **{'b': 2})['b']", 2],
    ["[1, 2, 3][-1]", 3],
    ["{'a': 1}.get('b', 9)", 9],
    ["{'a': 1} | {'a': 2}", { a: 2 }],
    ["[1] + [2]", [1, 2]],
    ["int('8') + len('ab')", 10],
    ["'Q,v '.lower().strip().split(',')", ["q", "v"]],
  ])("%s", (text, value) => {
    expect(argumentsIn(`f(x=${text})`)).toEqual({ x: value });
  });

  it("are told from what only a run can tell", () => {
    expect(
      argumentsIn("f(a=g(1), b=[g(1)], c=x.y, d=[i for i in z], e=b'a', h=lambda: 1)"),
    ).toEqual({
      ...{ a: "call", b: "list", c: "name", d: "? is no literal", e: "? is no literal" },
      h: "? is no literal",
    });
  });
});

describe("names", () => {
  it("are what was assigned last", () => {
    expect(
      argumentsIn("r = 8\na, (b, c) = 1, (2, 3)\nr = a + b + c\nx = y = r\nf(r=r, x=x, y=y)"),
    ).toEqual({
      ...{ r: 6, x: 6, y: 6 },
    });
  });

  it("of dicts and lists follow what changes them", () => {
    const text = [
      "d = {'r': 8}",
      "d['alpha'] = 16",
      "d.update(dropout=0.1)" /* not followed */,
      "e = {'r': 8}",
      "e['alpha'] = e['r'] * 2",
      "e.update({'bias': 'none'})",
      "t = ['q']",
      "t.append('k')",
      "t += ['v']",
      "t.extend(['o'])",
      "s = ['q']",
      "s.pop()",
      "f(d=d, e=e, t=t, s=s)",
    ].join("\n");
    expect(argumentsIn(text)).toEqual({
      d: "? is changed at line 3",
      e: { r: 8, alpha: 16, bias: "none" },
      t: ["q", "k", "v", "o"],
      s: "? is changed at line 12",
    });
  });

  it("are None where a method that changes a list is assigned", () => {
    expect(argumentsIn("t = ['q']\ns = t.append('k')\nu = t.pop()\nf(s=s, t=t, u=u)")).toEqual({
      ...{ s: null, t: "? is changed at line 3", u: "? is no literal" },
    });
  });

  it("that are set on a condition are told so, and those that both ways set alike are not", () => {
    const text =
      "import sys\nr = 8\nif len(sys.argv) > 1:\n    r = 16\n    s = 1\nelse:\n    s = 1\nf(r=r, s=s)";
    expect(argumentsIn(text)).toEqual({ r: "? is set on a condition at line 3", s: 1 });
  });

  it("follow a condition that the text decides, and one whose other way ends", () => {
    expect(
      argumentsIn("q = True\nif q:\n    b = 4\nelif x:\n    b = 8\nelse:\n    b = 16\nf(b=b)"),
    ).toEqual({ b: 4 });
    expect(argumentsIn("b = 4\nif x():\n    b = 9\n    raise ValueError('no')\nf(b=b)")).toEqual({
      b: 4,
    });
    expect(argumentsIn("b = 4\nif False:\n    b = 9\n    f(b=1)\nf(b=b)")).toEqual({ b: 4 });
  });

  it("go on past a stop that an empty command line would come to", () => {
    const text = [
      "p = argparse.ArgumentParser()",
      "p.add_argument('--model')",
      "a = p.parse_args()",
      "if a.model is None:",
      "    raise ValueError('which?')",
      "f(m=a.model)",
    ].join("\n");
    expect(argumentsIn(text)).toEqual({ m: "? is given on the command line, or None" });
    const sure =
      "p = argparse.ArgumentParser()\np.add_argument('--r', default=0)\na = p.parse_args()\nif a.r < 1:\n    raise ValueError('r')\nf(r=a.r)";
    expect(argumentsIn(sure)).toEqual({ r: 0 });
    expect(
      argumentsIn("def g(x):\n    if x: return 1\n    return 2\nf(x=g(True), y=g(z()))"),
    ).toEqual({
      ...{ x: 1, y: expect.stringMatching(/condition/) as unknown },
    });
  });

  it("of a loop are what the body says inside, and unknown after it", () => {
    const text = "r = 8\nfor r in ranks:\n    n = r\n    k = 4\n    f(n=n, k=k)\nf(r=r)";
    const [inside, after] = callsOf(parsePython(text, "x.py"), "f");
    expect(inside?.keywords.get("n")).toMatchObject({
      kind: "unknown",
      why: "is set in the loop at line 2",
    });
    expect(inside?.keywords.get("k")).toMatchObject({ kind: "data", value: 4 });
    expect(after?.keywords.get("r")).toMatchObject({ kind: "unknown" });
  });

  it("are imported under any name", () => {
    const { calls } = parsePython(
      "import a.b as c\nimport d.e\nfrom g import h as i, j\nc.k()\nd.e.l()\ni()\nj()",
      "x.py",
    );
    expect(calls.map(({ callee }) => callee)).toEqual(["a.b.k", "d.e.l", "g.h", "g.j"]);
  });
});

describe("functions and classes of the text", () => {
  it("are followed with what they are given", () => {
    const text =
      "def g(r, *more, a=2, **kw):\n    return dict(r=r * a, more=more, **kw)\nf(**g(4, 1, 2, a=3, z=5))";
    expect(argumentsIn(text)).toEqual({ r: 12, more: [1, 2], z: 5 });
  });

  it("have their defaults where nobody calls them, which is told", () => {
    const text =
      "def helper(x=1):\n    f(h=x)\ndef main(rank: int = 8, name=None, n=...):\n    helper(x=3)\n    f(rank=rank, name=name)\nif __name__ == '__main__':\n    fire.Fire(main)";
    const calls = callsOf(parsePython(text, "x.py"), "f");
    expect(
      calls.map(({ keywords, inDefaultsOf }) => [[...keywords.keys()].join(), inDefaultsOf]),
    ).toEqual([
      ["h", "main"],
      ["rank,name", "main"],
    ]);
  });

  it("end where they call themselves", () => {
    expect(argumentsIn("def g(n):\n    return g(n - 1)\nf(x=g(3))")["x"]).toMatch(/^\?/);
  });

  it("are namespaces, with what is set on them", () => {
    const text =
      "class C:\n    r = 8\n    a: int = field(default=16)\n    def go(self): pass\nc = C()\nc.r = 4\nf(r=c.r, a=C.a, z=C(r=9).r)";
    expect(argumentsIn(text)).toEqual({ r: 4, a: 16, z: 9 });
  });

  it("of arguments have the defaults of the command line, which is told", () => {
    const text = [
      "p = argparse.ArgumentParser()",
      "p.add_argument('-r', '--lora-r', type=int, default=8)",
      "p.add_argument('--q', action='store_true')",
      "p.add_argument('--model', required=True)",
      "args = p.parse_args()",
      "args.q2 = 3",
      "f(r=args.lora_r, q=args.q, m=args.model, q2=args.q2)",
    ].join("\n");
    expect(argumentsIn(text)).toEqual({
      r: 8,
      q: false,
      m: "? is given on the command line",
      q2: 3,
    });
    expect(parsePython(text, "x.py").notes).toEqual([
      {
        at: "line 5",
        text: "the command line is taken as empty: what is not given there has its default",
      },
    ]);
  });

  it("of dataclasses come out of their parser", () => {
    const text =
      "@dataclass\nclass A:\n    r: int = field(default=64)\na, t = HfArgumentParser((A, TrainingArguments)).parse_args_into_dataclasses()\nf(r=a.r, t=t)";
    expect(argumentsIn(text)).toEqual({ r: 64, t: "call" });
  });
});

describe("a text", () => {
  it("says where its calls stand, a notebook by its cells", () => {
    const cell = (source: string, type = "code"): object => ({
      cell_type: type,
      source: source.split(/(?<=\n)/),
    });
    const notebook = JSON.stringify({
      cells: [
        cell("# words", "markdown"),
        cell("%%capture\n!pip install \\\n  x y\nif True:\n    !pip install y\nr = 8"),
        cell("%%bash\nf(r=1)"),
        cell("\nf(r=r)"),
      ],
    });
    const { calls } = parsePython(notebook, "a.ipynb");
    expect(calls.map(({ callee, at }) => [callee, at])).toEqual([["f", "cell 4, line 2"]]);
    expect(parsePython("\n\n  \nf()", "a.py").calls[0]?.at).toBe("line 4");
  });

  it("that is none, or broken, or far too deep, ends", () => {
    expect(() => parsePython("[]", "a.ipynb")).toThrow("a.ipynb is no notebook");
    expect(() => parsePython("{", "a.ipynb")).toThrow("a.ipynb");
    expect(parsePython("f(r=8, x=\ndef ((", "a.py").calls.length).toBeGreaterThanOrEqual(0);
    const deep = `f(x=${"(".repeat(20_000)}1${")".repeat(20_000)})`;
    expect(() => parsePython(deep, "a.py")).toThrow("nested too deep");
  });
});
