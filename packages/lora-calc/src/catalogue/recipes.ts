/** Finds published training configurations. */

import { reject } from "../problem/problem.js";
import { didYouMean, firstOf, nameKey, nearestNames } from "./nearest.js";
import type { RecipeRow } from "./rows/row.js";
import { RECIPE_ROWS } from "./rows/recipes.js";

/** Every recipe of the catalogue, the most copied first. */
export function listRecipes(): readonly RecipeRow[] {
  return RECIPE_ROWS;
}

/** The recipe with this id. Stops with `unknown_recipe` and the nearest ids. */
export function findRecipe(id: string): RecipeRow {
  const row = RECIPE_ROWS.find((candidate) => nameKey(candidate.id) === nameKey(id));
  if (row !== undefined) return row;
  const ids = RECIPE_ROWS.map((candidate) => candidate.id);
  const nearest = nearestNames(id, ids);
  reject({
    code: "unknown_recipe",
    path: "recipe",
    message: `recipe is not in the catalogue: ${id}${didYouMean(nearest)}`,
    received: id,
    expected: ids,
    ...firstOf(nearest),
  });
}
