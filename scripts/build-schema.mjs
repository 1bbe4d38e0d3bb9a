// npm run schema: writes docs/scenario.schema.json from the table of fields, and docs/result.schema.json from the types of a
// result. Needs a build.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createGenerator } from "ts-json-schema-generator";

const ROOT = new URL("../", import.meta.url);
const DRAFT = "https://json-schema.org/draft/2020-12/schema";

/** Where a schema is published. */
export const SCHEMA_FILES = {
  scenario: new URL("docs/scenario.schema.json", ROOT),
  result: new URL("docs/result.schema.json", ROOT),
};

const SIMPLE = {
  integer: ({ min, max }) => ({ type: "integer", ...rangeOf(min, max) }),
  number: ({ min, max }) => ({ type: "number", ...rangeOf(min, max) }),
  boolean: () => ({ type: "boolean" }),
  text: () => ({ type: "string" }),
  choice: ({ values }) => ({ enum: values }),
  names: () => ({ type: "array", items: { type: "string" } }),
  integers: () => ({ type: "array", items: { type: "integer" } }),
  object: () => ({ type: "object" }),
  any: () => ({}),
  section: ({ rows }) => sectionSchema(Object.entries(rows)),
  map: ({ of }) => ({ type: "object", additionalProperties: typeSchema(of) }),
  either: ({ types }) => ({ anyOf: types.map(typeSchema) }),
};

function typeSchema(type) {
  return SIMPLE[type.kind](type);
}

function rangeOf(min, max) {
  return {
    ...(min === undefined ? {} : { minimum: min }),
    ...(max === undefined ? {} : { maximum: max }),
  };
}

/** What a field takes, or null, which stands for absent. */
function orNull(schema) {
  if (Object.keys(schema).length === 0) return schema;
  if (schema.enum !== undefined) return { enum: [...schema.enum, null] };
  if (schema.anyOf !== undefined) return { anyOf: [...schema.anyOf, { type: "null" }] };
  return { ...schema, type: [schema.type, "null"] };
}

/** Ways to write the only value that is computed: what is empty, or switched off, says as little. */
function onlyValues(value) {
  if (value === "") return ["", null, false, 0, [], {}];
  return value === 0 ? [0, false, null] : [value, null];
}

function fieldSchema(row) {
  const value = Object.hasOwn(row, "only")
    ? { enum: onlyValues(row.only) }
    : orNull(typeSchema(row.type));
  return {
    description: describe(row),
    ...value,
    ...(row.default === undefined ? {} : { default: row.default }),
  };
}

function describe({ text, owner, unit, changes, defaultByStack = {}, only }) {
  const stacks = Object.entries(defaultByStack).map(
    ([id, value]) => `${JSON.stringify(value)} under ${id}`,
  );
  return [
    `${text[0].toUpperCase()}${text.slice(1)}${unit === undefined ? "" : ` (${unit})`}.`,
    ...(stacks.length === 0 ? [] : [`Default: ${stacks.join(", ")}.`]),
    ...(only === undefined
      ? []
      : [`Only ${JSON.stringify(only === "" ? null : only)} is computed.`]),
    `${owner}; changes ${changes === "both" ? "counts and memory" : changes}.`,
  ].join(" ");
}

function sectionSchema(rows) {
  const known = rows.filter(([, { changes }]) => changes !== "refused");
  return {
    type: "object",
    properties: Object.fromEntries(known.map(([name, row]) => [name, fieldSchema(row)])),
    additionalProperties: false,
  };
}

/** Where a method takes less than the field does elsewhere. */
const NARROWER = {
  ADAPTION_PROMPT: { properties: { target_modules: { type: ["string", "null"] } } },
};

/** The fields that each method's configuration has. */
function perMethod(methods) {
  return methods.map(({ peftType, fields }) => {
    // Without peft_type an adapter is a LoRA.
    const isUsual = peftType === "LORA";
    const isIt = { properties: { peft_type: { enum: isUsual ? [peftType, null] : [peftType] } } };
    const needed = isUsual ? {} : { required: ["peft_type"] };
    const has = { propertyNames: { enum: fields } };
    return { if: { ...isIt, ...needed }, then: { ...has, ...NARROWER[peftType] } };
  });
}

/** JSON Schema of a scenario. `fields`: listFields(); `methods`: methodFacts of every method; `stacks`: their ids. */
export function scenarioSchema({ fields, methods, stacks }) {
  const rowsOf = (prefix) =>
    fields
      .filter(({ path }) => path.startsWith(prefix))
      .map((row) => [row.path.slice(prefix.length), row]);
  const section = (name) => sectionSchema(rowsOf(`${name}.`));
  const top = Object.fromEntries(
    fields.filter(({ path }) => !path.includes(".")).map((row) => [row.path, row]),
  );
  const orNothing = (schema, description) => ({ description, ...schema, type: ["object", "null"] });
  return {
    $schema: DRAFT,
    title: "lora-calc scenario, version 1",
    description: "A fine-tuning run to count and to measure. Every field but model is optional.",
    type: "object",
    properties: {
      schema: { description: describe(top.schema), enum: [1, null] },
      id: fieldSchema(top.id),
      model: {
        description:
          "Name in the catalogue, a configuration, headers of the weights, or sizes typed by hand.",
        anyOf: [{ type: "string" }, section("model")],
      },
      adapter: {
        ...orNothing(
          section("adapter"),
          "Content of adapter_config.json; null is full fine-tuning.",
        ),
        allOf: perMethod(methods),
      },
      quantization: orNothing(
        section("quantization"),
        "Fields of BitsAndBytesConfig; null is none.",
      ),
      training: orNothing(
        section("training"),
        "Names of TrainingArguments, SFTConfig and DPOConfig.",
      ),
      hardware: orNothing(section("hardware"), "The cards."),
      stack: { description: describe(top.stack), enum: [...stacks, null] },
      versions: orNothing(
        section("versions"),
        "Releases of the libraries, where they are not the stack's own.",
      ),
    },
    required: ["model"],
    additionalProperties: false,
  };
}

/** JSON Schema of a result, from the built declarations. */
export function resultSchema() {
  const generator = createGenerator({
    path: fileURLToPath(new URL("packages/lora-calc/dist/result.d.ts", ROOT)),
    tsconfig: fileURLToPath(new URL("packages/lora-calc/tsconfig.build.json", ROOT)),
    type: "Result",
    skipTypeCheck: true,
  });
  const { definitions, $ref } = generator.createSchema("Result");
  const text = JSON.stringify({ $ref, $defs: definitions }).replaceAll(
    "#/definitions/",
    "#/$defs/",
  );
  return {
    $schema: DRAFT,
    title: "lora-calc result, version 1",
    ...JSON.parse(text),
  };
}

/** A schema as its file has it. */
export function schemaText(schema) {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { listFields, listMethods, listMovedStacks, listStacks, methodFacts } =
    await import("lora-calc");
  const methods = listMethods().map((name) => methodFacts(name));
  const stacks = [...listStacks().map(({ id }) => id), ...listMovedStacks()];
  writeFileSync(
    SCHEMA_FILES.scenario,
    schemaText(scenarioSchema({ fields: listFields(), methods, stacks })),
  );
  writeFileSync(SCHEMA_FILES.result, schemaText(resultSchema()));
}
