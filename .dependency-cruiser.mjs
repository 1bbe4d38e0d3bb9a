// Who may import whom: folders stand in the order of the pipeline, and nothing goes in circles, neither files nor folders.
// ARCHITECTURE.md says what each folder answers.

const SOURCE = "^packages/lora-calc/src";

/** Each folder imports only from those before it. */
const PIPELINE = [
  "units",
  "problem",
  "worlds",
  "fields",
  "stacks",
  "catalogue",
  "model",
  "graph",
  "adapter",
  "memory",
  "advice",
  "teach",
  "exchange",
  "formats",
  "writers",
  "launch",
  "audit",
];

/** The same inside a folder. */
const SHELVES = {
  catalogue: ["rows"],
  graph: ["tree", "blocks", "blueprints"],
  adapter: ["regex", "plan", "targets", "beside", "tuner", "lora", "methods", "prompts", "saved"],
  teach: ["algebra", "facts", "low-rank", "experiment", "quiz"],
  audit: ["prints"],
  memory: ["settings", "machine", "load", "repeat", "programs", "replay", "report"],
  "memory/programs": ["modules", "kernels", "losses", "optimizers", "trainers", "strategies"],
};

/** Files that lie in a folder beside its shelves put them together. */
function onTop(base) {
  return {
    name: `what lies in ${base.replace(SOURCE, "src")} stands on top of its shelves`,
    severity: "error",
    from: { path: `${base}/[^/]+/` },
    to: { path: `${base}/[^/]+[.]ts$` },
  };
}

/** A rule per folder of a row: nothing from the folders behind it. */
function ordered(base, row) {
  return row.slice(0, -1).map((folder, index) => ({
    name: `${base.replace(SOURCE, "src")}/${folder} stands before`,
    severity: "error",
    from: { path: `${base}/${folder}/` },
    to: { path: `${base}/(?:${row.slice(index + 1).join("|")})/` },
  }));
}

export default {
  forbidden: [
    ...ordered(SOURCE, PIPELINE),
    ...Object.entries(SHELVES).flatMap(([folder, row]) => [
      ...ordered(`${SOURCE}/${folder}`, row),
      onTop(`${SOURCE}/${folder}`),
    ]),
    {
      name: "the assembly stands on top",
      comment:
        "Folders of the pipeline know neither estimate.ts nor the other files that put them together.",
      severity: "error",
      from: { path: `${SOURCE}/[^/]+/` },
      to: {
        path: `${SOURCE}/[^/]+[.]ts$`,
        pathNot: `${SOURCE}/(?:scenario|result|version)[.]ts$`,
      },
    },
    {
      name: "only types of the contract",
      comment: "Values of scenario.ts and result.ts would turn the pipeline round.",
      severity: "error",
      from: { path: `${SOURCE}/[^/]+/` },
      to: { path: `${SOURCE}/(?:scenario|result)[.]ts$`, dependencyTypesNot: ["type-only"] },
    },
    { name: "no circle of files", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no circle of folders",
      severity: "error",
      scope: "folder",
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    includeOnly: "^packages/lora-calc/(?:src|hub|files|cli)/",
    exclude: { path: "[.]test[.]ts$" },
    tsPreCompilationDeps: true,
  },
};
