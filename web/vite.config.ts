import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import adapter from "@sveltejs/adapter-static";
import { sveltekit } from "@sveltejs/kit/vite";
import { defineConfig } from "vite";
import { siteData } from "./scripts/site-data.js";

/** The folder the site is served from, for example `/lora-calc`; empty at the root of a host. */
const base = readBase(process.env["BASE"] ?? "");

/** The address people will open, for example `https://example.org/lora-calc`; link previews show a picture only with it. */
const site = (process.env["SITE"] ?? "").replace(/\/$/, "");

export default defineConfig({
  define: { "import.meta.env.SITE": JSON.stringify(site) },
  plugins: [
    siteData(),
    sveltekit({
      adapter: adapter({ fallback: "404.html" }),
      paths: { base, relative: true },
      // Styles come with the page: one round trip less before the first paint.
      inlineStyleThreshold: 50_000,
      csp: {
        mode: "hash",
        directives: {
          "default-src": ["none"],
          "script-src": ["self", hashOf("./src/page/theme.js")],
          "style-src": ["self"],
          "style-src-attr": ["unsafe-inline"],
          "img-src": ["self", "data:", "blob:"],
          "font-src": ["self"],
          // The Hub, and the hosts that it sends readers of large files to: asked only when the reader looks a name up.
          "connect-src": [
            "self",
            "https://huggingface.co",
            "https://*.huggingface.co",
            "https://*.hf.co",
          ],
          "manifest-src": ["self"],
          "worker-src": ["self"],
          "base-uri": ["none"],
          "form-action": ["none"],
        },
      },
    }),
  ],
  // The content security policy takes fonts from files only.
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: { advancedChunks: { groups: [{ name: "site-data", test: /virtual:site-data/ }] } },
    },
  },
  worker: { format: "es" },
});

function readBase(path: string): "" | `/${string}` {
  if (path === "") return "";
  return path.startsWith("/") ? `/${path.slice(1)}` : `/${path}`;
}

/** What a content security policy calls a script that stands inside the page. */
function hashOf(path: string): `sha256-${string}` {
  const text = readFileSync(new URL(path, import.meta.url));
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
