/** Emphasis for a terminal, or none. */

import { styleText } from "node:util";

export interface Style {
  readonly strong: (text: string) => string;
  readonly quiet: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
}

const asIs = (text: string): string => text;

export const PLAIN: Style = { strong: asIs, quiet: asIs, good: asIs, bad: asIs };

type Format = Parameters<typeof styleText>[0];

/** Whether the stream is a terminal was asked before: every command writes to one of two. */
function styled(format: Format): (text: string) => string {
  return (text) => styleText(format, text, { validateStream: false });
}

export const ANSI: Style = {
  strong: styled("bold"),
  quiet: styled("dim"),
  good: styled("green"),
  bad: styled("red"),
};
