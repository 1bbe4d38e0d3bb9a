/** Exit codes that scripts rely on. */

export const EXIT = {
  ok: 0,
  /** A bug of ours. */
  bug: 1,
  badInput: 2,
  /** Only with --check. */
  doesNotFit: 3,
  network: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
