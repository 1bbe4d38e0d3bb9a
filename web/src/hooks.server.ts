import type { Handle } from "@sveltejs/kit";

/** Fonts of the first screen are fetched with the styles. */
export const handle: Handle = ({ event, resolve }) =>
  resolve(event, {
    preload: ({ type, path }) => type !== "font" || /(?:sans|serif|mono)-latin\./.test(path),
  });
