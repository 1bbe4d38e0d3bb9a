export const SCHEMA_FILES: Readonly<Record<"scenario" | "result", URL>>;
/** JSON Schema of a scenario. */
export function scenarioSchema(table: {
  readonly fields: readonly object[];
  readonly methods: readonly (object | undefined)[];
  readonly stacks: readonly string[];
}): object;
/** JSON Schema of a result, from the built declarations. */
export function resultSchema(): object;
export function schemaText(schema: object): string;
