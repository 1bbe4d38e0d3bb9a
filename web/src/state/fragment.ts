/** What the address says of the page. */

import { encodeLink, encodeRuns } from "lora-calc";
import type { Scenario } from "lora-calc";
import { SITE_DATA } from "virtual:site-data";
import { sameValue } from "./scenario-fields.js";

/** Both runs as the fragment of an address; empty for the untouched page. */
export function fragmentOf(scenario: Scenario, pinned: Scenario | undefined): string {
  if (pinned !== undefined) return `#${encodeRuns(scenario, pinned)}`;
  return sameValue(scenario, SITE_DATA.scenario) ? "" : `#${encodeLink(scenario)}`;
}
