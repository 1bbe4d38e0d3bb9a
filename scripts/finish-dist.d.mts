/** Files of dist/ that package.json names. */
export const ENTRY_FILES: readonly string[];
/** Absolute paths of the files that are reached from entries. */
export function reachable(dist: string, entries: readonly string[]): ReadonlySet<string>;
