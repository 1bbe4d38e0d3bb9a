/** What the first view needs, computed while the site is built: the default's answer, and the names of the catalogue. */

import type { Plugin } from "vite";

const NAME = "virtual:site-data";

export function siteData(): Plugin {
  return {
    name: "site-data",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    async load(id) {
      if (id !== `\0${NAME}`) return undefined;
      const { computeSiteData } = await import("../src/state/site-data.js");
      return `export const SITE_DATA = JSON.parse(${JSON.stringify(JSON.stringify(computeSiteData()))});`;
    },
  };
}
