/** The flags of a scenario as options of a command, and their values by name. */

import { Option } from "commander";
import type { Command } from "commander";
import type { FlagValues } from "./apply-flags.js";
import { FLAG_GROUPS, SCENARIO_FLAGS } from "./scenario-flags.js";
import type { ScenarioFlag } from "./scenario-flags.js";

export function addScenarioFlags(command: Command): void {
  for (const { title, flags } of FLAG_GROUPS) {
    for (const flag of flags)
      for (const option of optionsOf(flag)) command.addOption(option.helpGroup(title));
  }
}

/** The option of a flag, the negation of a switch, and the other spellings, which the help leaves out. */
function optionsOf(flag: ScenarioFlag): readonly Option[] {
  const { name, argument, aliases, kind, help, isOn = false } = flag;
  const value = argument === undefined ? "" : ` <${argument}>`;
  const shown = new Option(
    `${name}${value}`,
    kind === "switch" && isOn ? `${help}; --no-${name.slice(2)}` : help,
  );
  const negation = kind === "switch" ? [new Option(`--no-${name.slice(2)}`).hideHelp()] : [];
  return [shown, ...negation, ...aliases.map((alias) => new Option(`${alias}${value}`).hideHelp())];
}

/** Values by the name of the flag, whichever spelling was typed. */
export function flagValues(options: Readonly<Record<string, unknown>>): FlagValues {
  const values = new Map<string, string | boolean>();
  for (const { name, aliases } of SCENARIO_FLAGS) {
    for (const spelling of [...aliases, name]) {
      const value = options[new Option(spelling).attributeName()];
      if (typeof value === "string" || typeof value === "boolean") values.set(name, value);
    }
  }
  return values;
}
