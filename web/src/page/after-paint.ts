/**
 * The page is read before it is moved: its scripts are fetched and run once the text is painted. SvelteKit fetches them
 * with the page; its inline script is rewritten here, with its hash in the content security policy. Runs only while the site
 * is built.
 */

import { createHash } from "node:crypto";

const PRELOAD = /\s*<link href="([^"]+)" rel="modulepreload">/g;
const INLINE_START = /<script>((?:(?!<\/script>)[\s\S])*\bkit\.start\([\s\S]*?)<\/script>/;

export function startAfterPaint(html: string): string {
  const script = INLINE_START.exec(html)?.[1];
  if (script === undefined) throw new Error("the page has no script of SvelteKit's to put off");
  const files = [...html.matchAll(PRELOAD)].map(([, file]) => file);
  // A frame is asked for, drawn, and over: from then on the reader sees the page.
  const late = `{
        const painted = new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        painted.then(() => {
          for (const href of ${JSON.stringify(files)})
            document.head.append(Object.assign(document.createElement("link"), { rel: "modulepreload", href }));
        });
${script.replaceAll(/import\("[^"]+"\)/g, (call) => `painted.then(() => ${call})`)}}`;
  const [old, own] = [hashOf(script), hashOf(late)];
  if (!html.includes(old)) throw new Error("the content security policy does not name the script");
  return html
    .replaceAll(PRELOAD, "")
    .replace(script, () => late)
    .replace(old, own);
}

/** What a content security policy calls a script that stands inside the page. */
function hashOf(script: string): string {
  return `sha256-${createHash("sha256").update(script).digest("base64")}`;
}
