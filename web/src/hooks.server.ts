import type { Handle } from "@sveltejs/kit";
import theme from "./page/theme.js?raw";

/**
 * Fonts of the first screen are fetched with the styles, scripts after both: the page is read before it is moved. The theme
 * is chosen by a script inside the page, before anything is painted; vite.config.ts allows it by its hash.
 */
export const handle: Handle = ({ event, resolve }) =>
  resolve(event, {
    preload: ({ type, path }) => type !== "font" || /(?:sans|serif|mono)-latin\./.test(path),
    transformPageChunk: ({ html }) =>
      html
        .replace("%theme%", () => theme)
        .replaceAll('rel="modulepreload"', 'rel="modulepreload" fetchpriority="low"'),
  });
