/** Classes of the text, and parsers of a command line, whose arguments have their defaults. */

import type { Given, Place } from "./functions.js";
import { kept } from "./keep-call.js";
import { data, listOf, unknown } from "./values.js";
import type { Inner } from "./values.js";

type Class = Extract<Inner, { kind: "class" }>;
/** Arguments that are given when the text is run: their defaults. */
export function ofParser(
  { options, classes }: Extract<Inner, { kind: "parser" }>,
  name: string,
  { positional, keywords }: Given,
  place: Place,
): Inner | undefined {
  const { machine, node } = place;
  if (name === "add_argument") {
    const names = positional.map((each) => (each.kind === "data" ? String(each.value) : ""));
    const long = names.find((each) => each.startsWith("--")) ?? names[0] ?? "";
    const key = long.replace(/^-+/, "").replaceAll("-", "_");
    options.set(key, defaultOf(key, keywords));
    return data(null);
  }
  if (!name.startsWith("parse_")) return undefined;
  machine.note(node, "the command line is taken as empty: what is not given there has its default");
  if (classes.length === 0) {
    const result: Inner = { kind: "object", fields: new Map(options) };
    return name === "parse_known_args" ? listOf([result]) : result;
  }
  return listOf(
    classesIn(classes).map(
      (each) =>
        ofClass(withGiven(each), { positional: [], keywords: new Map(), more: [] }, place) ?? each,
    ),
  );
}

/** What a parser for dataclasses is given: one class, or a tuple of them. */
function classesIn(given: readonly Inner[]): readonly Class[] {
  return given
    .flatMap((each) => (each.kind === "list" ? each.items : [each]))
    .flatMap((each): readonly Class[] =>
      each.kind === "class"
        ? [each]
        : each.kind === "name"
          ? [{ kind: "class", name: each.name, base: each, fields: new Map() }]
          : [],
    );
}

function defaultOf(key: string, keywords: ReadonlyMap<string, Inner>): Inner {
  const action = keywords.get("action");
  const given = keywords.get("default");
  if (given !== undefined) return orGiven(key, given);
  if (action?.kind === "data" && action.value === "store_true") return data(false);
  if (action?.kind === "data" && action.value === "store_false") return data(true);
  const required = keywords.get("required");
  return required?.kind === "data" && required.value === true
    ? unknown(`--${key}`, "is given on the command line")
    : orGiven(key, data(null));
}

/** None stands for what has to be given, or for nothing. */
function orGiven(key: string, value: Inner): Inner {
  return value.kind === "data" && value.value === null
    ? unknown(`--${key}`, "is given on the command line, or None")
    : value;
}

function withGiven({ fields, ...rest }: Class): Class {
  return {
    ...rest,
    fields: new Map([...fields].map(([key, value]) => [key, orGiven(key, value)])),
  };
}

/** A class of this text: its fields with what is given; one that builds on a library's is that one's call. */
export function ofClass(called: Class, given: Given, place: Place): Inner | undefined {
  const { base, fields, name } = called;
  if (base?.kind === "class")
    return ofClass({ ...base, fields: new Map([...base.fields, ...fields]) }, given, place);
  if (base?.kind === "name" && /(?:Trainer|Config|TrainingArguments)$/.test(base.name)) {
    if (base.name.endsWith("Trainer"))
      place.machine.note(place.node, `${name} is taken for the ${base.name} that it builds on`);
    return kept(base.name, given, place, {
      own: base.name.endsWith("Trainer") ? undefined : fields,
    });
  }
  return { kind: "object", fields: new Map([...fields, ...given.keywords]) };
}
