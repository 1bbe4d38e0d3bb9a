/// <reference types="@sveltejs/kit" />
/// <reference lib="webworker" />

/** Keeps the whole site (about 1 MB) for offline use after the first visit. A new version replaces the old one as a whole. */

import { base, build, files, prerendered, version } from "$service-worker";

const worker = globalThis as unknown as ServiceWorkerGlobalScope;

const CACHE = `lora-calc-${version}`;
const START = `${base}/`;
/** Names with a hash of their content never change; pages are asked for again, and kept for when nobody answers. */
const FIXED = new Set(build);
/** Without files for the host alone, such as `.nojekyll`, and the picture that previews of links show. */
const KEPT = [...new Set([...build, ...files, ...prerendered, START])].filter(
  (path) => !path.includes("/.") && !path.endsWith("/preview.png"),
);

worker.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(KEPT)));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(removeOlder().then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== worker.location.origin) return;
  event.respondWith(FIXED.has(pathname) ? kept(request) : asked(request));
});

async function removeOlder(): Promise<void> {
  const names = await caches.keys();
  const older = names.filter((name) => name.startsWith("lora-calc-") && name !== CACHE);
  await Promise.all(older.map((name) => caches.delete(name)));
}

async function kept(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? asked(request);
}

async function asked(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const earlier = await cache.match(request);
    const start = request.mode === "navigate" ? await cache.match(START) : undefined;
    if (earlier !== undefined) return earlier;
    if (start !== undefined) return start;
    throw error;
  }
}
