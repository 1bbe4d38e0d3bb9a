import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import tseslint from "typescript-eslint";

const root = dirname(fileURLToPath(import.meta.url));

const SOURCE = "packages/lora-calc/src";

/** What the forms of DESIGN and the style guide forbid, beyond the presets. */
const forbidden = {
  "no-restricted-syntax": [
    "error",
    { selector: "TSEnumDeclaration", message: "Use a union of literals." },
    { selector: "ExportDefaultDeclaration", message: "Use a named export." },
    { selector: "ExportAllDeclaration", message: "Name what is exported." },
  ],
  "@typescript-eslint/no-non-null-assertion": "error",
  "@typescript-eslint/no-explicit-any": "error",
  "@typescript-eslint/explicit-module-boundary-types": "error",
  "@typescript-eslint/consistent-type-imports": "error",
  "@typescript-eslint/switch-exhaustiveness-check": "error",
  // Fields of files read from outside keep their brackets: they are data, not properties of ours.
  "@typescript-eslint/dot-notation": "off",
  "@typescript-eslint/restrict-template-expressions": [
    "error",
    { allowNumber: true, allowArray: true },
  ],
  "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
  // The type of an exported constant is written out, also where it could be inferred.
  "@typescript-eslint/no-inferrable-types": "off",
  "@typescript-eslint/consistent-generic-constructors": "off",
  "max-lines": ["error", { max: 300, skipBlankLines: false, skipComments: false }],
  "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
  "max-params": ["error", 6],
  "no-warning-comments": ["error", { terms: ["todo", "fixme", "xxx"] }],
  eqeqeq: "error",
};

/** The page: the same forms, and no way into the library but its public name. */
const pageRules = {
  "no-restricted-syntax": forbidden["no-restricted-syntax"],
  "max-lines": forbidden["max-lines"],
  "no-warning-comments": forbidden["no-warning-comments"],
  "@typescript-eslint/consistent-type-imports": "error",
  "@typescript-eslint/no-restricted-imports": [
    "error",
    {
      patterns: [
        {
          regex: "packages/lora-calc|^lora-calc/(?!teach$)",
          message: "The page uses the public names lora-calc and lora-calc/teach only.",
        },
      ],
    },
  ],
};

export default tseslint.config(
  {
    ignores: [
      "**/node_modules/",
      "**/dist/",
      ".stryker-tmp/",
      "**/build/",
      "**/.svelte-kit/",
      "**/coverage/",
      "conformance/",
      "web/static/",
      "packages/lora-calc/src/catalogue/rows/",
    ],
  },
  js.configs.recommended,
  {
    files: ["packages/**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ["", "hub/", "files/", "cli/"].map(
          (folder) => `packages/lora-calc/${folder}tsconfig.json`,
        ),
        tsconfigRootDir: root,
      },
    },
    rules: forbidden,
  },
  {
    files: [`${SOURCE}/**/*.ts`],
    rules: {
      // More become a named object.
      "@typescript-eslint/max-params": ["error", { max: 4 }],
      "no-console": "error",
      "no-restricted-globals": [
        "error",
        ...["process", "fetch", "setTimeout", "setInterval", "document", "window", "Date"].map(
          (name) => ({ name, message: "src/ is pure: the caller does input and output." }),
        ),
      ],
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: "src/ is pure." },
      ],
    },
  },
  {
    // A blueprint is one nested literal: the tree of the model it describes.
    files: [`${SOURCE}/graph/blueprints/*.ts`],
    rules: { "max-lines-per-function": ["error", { max: 90 }] },
  },
  {
    // A section of a scenario is an interface so that its name stands in what a compiler says.
    files: [`${SOURCE}/scenario.ts`],
    rules: {
      "@typescript-eslint/no-empty-object-type": [
        "error",
        { allowInterfaces: "with-single-extends" },
      ],
    },
  },
  {
    // Columns of a table of cases.
    files: [`${SOURCE}/**/*.test.ts`],
    rules: { "@typescript-eslint/max-params": "off" },
  },
  {
    files: ["packages/lora-calc/{cli,files,hub}/**/*.ts"],
    rules: {
      "@typescript-eslint/max-params": ["error", { max: 4 }],
      "@typescript-eslint/no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex: "/src/",
              message:
                "The command line and the readers of files use the public names of lora-calc only.",
            },
          ],
        },
      ],
    },
  },
  {
    files: ["web/**/*.ts"],
    extends: [tseslint.configs.strict, tseslint.configs.stylistic],
    rules: pageRules,
  },
  {
    files: ["web/**/*.svelte", "web/**/*.svelte.ts"],
    extends: [tseslint.configs.strict, ...svelte.configs["flat/recommended"]],
    languageOptions: {
      parserOptions: { parser: tseslint.parser, extraFileExtensions: [".svelte"] },
    },
    rules: { ...pageRules, "no-undef": "off" },
  },
  {
    // The page computes nothing: numbers come from the library. What is left out here turns them into lengths on the
    // screen: charts, bars, and the steps of a slider.
    files: ["web/src/**/*.{ts,svelte}"],
    ignores: [
      ...[
        "Timeline.svelte",
        "timeline-scale.ts",
        "place-labels.ts",
        "Ruler.svelte",
        "RulerBar.svelte",
        "player.svelte.ts",
        "ruler.ts",
        "draw-picture.ts",
        "fit-map.ts",
        "Comparison.svelte",
      ].map((name) => `web/src/answer/${name}`),
      "web/src/answer/MemoryRows.svelte",

      "web/src/controls/{steps.ts,NumberField.svelte}",
      "web/src/learn/figures/**",
      "web/src/learn/chapters/{Modules,Scaling}.svelte",
    ],
    rules: {
      "no-restricted-syntax": [
        "error",
        ...forbidden["no-restricted-syntax"].slice(1),
        {
          selector: "BinaryExpression[operator=/^([*\\/%]|\\*\\*)$/]",
          message: "The page computes nothing: ask the library.",
        },
      ],
    },
  },
  {
    files: ["**/*.test.ts", "packages/lora-calc/test/**/*.ts"],
    rules: { "max-lines-per-function": "off", "no-console": "off" },
  },
  {
    files: ["**/*.config.ts", "**/*.config.js"],
    rules: { "no-restricted-syntax": "off" },
  },
  {
    files: ["scripts/**/*.mjs", "web/scripts/*.mjs", "bench/**/*.mjs", "*.config.{js,ts}"],
    languageOptions: {
      globals: {
        process: "readonly",
        console: "readonly",
        URL: "readonly",
        performance: "readonly",
      },
    },
    rules: { "max-lines": ["error", 300], "no-console": "off" },
  },
  {
    // Scripts that stand inside a page, and functions that are sent to one.
    files: ["web/src/page/theme.js", "web/scripts/*.mjs"],
    languageOptions: {
      globals: Object.fromEntries(
        [
          ...["document", "navigator", "localStorage", "fetch", "setTimeout", "addEventListener"],
          ...["MutationObserver", "requestAnimationFrame", "MessageChannel"],
        ].map((name) => [name, "readonly"]),
      ),
    },
  },
);
