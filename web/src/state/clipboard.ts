/** The clipboard, which a browser may refuse. */

import { WORDS } from "../words/en.js";

/** Copies a text, and says what became of it. */
export async function copyText(text: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return WORDS.takeAway.copied;
  } catch {
    return WORDS.takeAway.copyFailed;
  }
}
