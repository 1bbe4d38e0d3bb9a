/** Words around a file: comments of one line each, and words of a command line, whatever names hold. */

/** Characters that end a line or hide something in it. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A comment of YAML and Python; nothing of the text can end it. */
export function comment(text: string): string {
  return `# ${text.replace(UNSEEN, "?")}`;
}

/** A word of a POSIX shell. Example: shellWord("a b") // "'a b'" */
export function shellWord(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
