/** The groups of a pattern: their numbers, names and widths, and what may refer to them. */

import { PatternError } from "./syntax.js";
import type { Width } from "./width.js";

export class Groups {
  readonly widths: (Width | undefined)[] = [undefined];
  readonly numbers = new Map<string, number>();
  private readonly promised: number[] = [];
  /** Inside a look-behind: the first group number that it may not refer to. */
  private lookBehind: number | undefined;

  /** The number of a group that begins here. */
  open(name: string | undefined): number {
    const group = this.widths.push(undefined) - 1;
    if (name !== undefined) {
      if (this.numbers.has(name)) throw new PatternError(`redefinition of group name '${name}'`);
      this.numbers.set(name, group);
    }
    return group;
  }

  close(group: number, width: Width): void {
    this.widths[group] = width;
  }

  numberOf(name: string): number {
    const group = this.numbers.get(name);
    if (group === undefined) throw new PatternError(`unknown group name '${name}'`);
    return group;
  }

  /** A group whose text is asked for: it must have ended. */
  refer(group: number): number {
    if (group >= this.widths.length) throw new PatternError(`invalid group reference ${group}`);
    if (this.widths[group] === undefined) throw new PatternError("cannot refer to an open group");
    this.checkLookBehind(group);
    return group;
  }

  /** A group that a conditional asks for; it may come later in the pattern. */
  promise(group: number): number {
    if (group === 0) throw new PatternError("bad group number");
    this.promised.push(group);
    this.checkLookBehind(group);
    return group;
  }

  /** Reads the content of a look-behind; what it defines it cannot refer to. */
  insideLookBehind<Content>(read: () => Content): Content {
    const outer = this.lookBehind;
    this.lookBehind ??= this.widths.length;
    const content = read();
    this.lookBehind = outer;
    return content;
  }

  /** At the end of the pattern: every promised group must have come. */
  settle(): void {
    const missing = this.promised.find((group) => group >= this.widths.length);
    if (missing !== undefined) throw new PatternError(`invalid group reference ${missing}`);
  }

  private checkLookBehind(group: number): void {
    if (this.lookBehind === undefined) return;
    if (this.widths[group] === undefined) throw new PatternError("cannot refer to an open group");
    if (group >= this.lookBehind) {
      throw new PatternError("cannot refer to group defined in the same lookbehind subpattern");
    }
  }
}
