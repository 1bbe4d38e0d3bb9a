/** Emphasis for a terminal, or none. */

export interface Style {
  readonly strong: (text: string) => string;
  readonly quiet: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
}

const asIs = (text: string): string => text;

export const PLAIN: Style = { strong: asIs, quiet: asIs, good: asIs, bad: asIs };

/** SGR codes on and off. */
function sgr(on: number, off: number): (text: string) => string {
  return (text) => `\u001b[${on}m${text}\u001b[${off}m`;
}

export const ANSI: Style = {
  strong: sgr(1, 22),
  quiet: sgr(2, 22),
  good: sgr(32, 39),
  bad: sgr(31, 39),
};
