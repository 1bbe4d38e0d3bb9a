/** Prerendered text of a part that comes alive later (page/Island.svelte). Runs only while the site is built. */

import type { Component } from "svelte";
import { render } from "svelte/server";

/** One element around it: what wakes it takes all of it over. */
export function prerender(part: Component, context: Map<unknown, unknown>): string {
  return `<div>${render(part, { context }).body}</div>`;
}
