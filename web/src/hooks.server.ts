import { building } from "$app/environment";
import type { Handle } from "@sveltejs/kit";
import { startAfterPaint } from "./page/after-paint.js";
import theme from "./page/theme.js?raw";

/**
 * Fonts of the first screen are fetched with the styles. The theme is chosen by a script inside the page, before anything
 * is painted; vite.config.ts allows it by its hash.
 */
export const handle: Handle = ({ event, resolve }) =>
  resolve(event, {
    preload: ({ type, path }) => type !== "font" || /(?:sans|display|mono)-latin\./.test(path),
    transformPageChunk: ({ html }) => {
      const page = html.replace("%theme%", () => theme);
      return building ? startAfterPaint(page) : page;
    },
  });
