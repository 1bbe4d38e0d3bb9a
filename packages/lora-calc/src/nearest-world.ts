/** Which computed world is nearest to what a launcher installs. */

import type { Launcher } from "./stacks/launchers.js";
import { chooseWorld } from "./worlds/choose-world.js";

/** Its id, by transformers. Example: nearestWorld(listLaunchers()[0]) // "transformers-5.18" */
export function nearestWorld({ name, pins: { transformers } }: Launcher): string {
  const release = /\d[\d.]*/.exec(transformers ?? "")?.[0];
  const releases = release === undefined ? {} : { transformers: release };
  return chooseWorld(undefined, { name, releases }).world.id;
}
