/** The name under which a scenario's model is loaded. */

import { repositoryOf } from "../catalogue/models.js";
import { isObject } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";

/** Repository or folder to load, undefined when the scenario carries only a config or sizes. */
export function modelName(model: string | JsonObject): string | undefined {
  if (typeof model === "string") return repositoryOf(model);
  if (typeof model["id"] === "string") return repositoryOf(model["id"]);
  const config = model["config"];
  const recorded = isObject(config) ? config["_name_or_path"] : undefined;
  return typeof recorded === "string" && recorded !== "" ? recorded : undefined;
}
