/**
 * Runs a program on a text: all possible positions in the program advance together, so time grows with
 * text length × program length, whatever the pattern. Preferences are kept, so the first match is the one that a
 * backtracking engine finds.
 */

import { isWord } from "./character-sets.js";
import type { Instruction } from "./program.js";
import type { Anchor } from "./syntax.js";

const NEWLINE = 10;

export interface Match {
  /** Text of the captured group, if it took part. */
  readonly captured?: string;
}

/** Counts steps down over all runs that share it; at zero the work is refused. */
export interface StepBudget {
  left: number;
}

export class StepBudgetError extends Error {}

interface Thread {
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

interface Subject {
  readonly text: string;
  readonly codes: readonly number[];
}

/** The preferred match at the start of the text; `isFull` also demands that it ends at the end. */
export function run(
  program: readonly Instruction[],
  text: string,
  isFull: boolean,
  budget: StepBudget,
): Match | undefined {
  const codes = Array.from(text, (letter) => letter.codePointAt(0) ?? 0);
  const subject = { text, codes };
  let threads: Thread[] = [];
  let found: Thread | undefined;
  const add = (list: Thread[], seen: Set<number>, thread: Thread, position: number): void =>
    follow({ program, subject, position, list, seen, budget }, thread);
  add(threads, new Set(), { at: 0, start: -1, end: -1 }, 0);
  for (let position = 0; position <= codes.length; position += 1) {
    const code = codes[position];
    const next: Thread[] = [];
    const seen = new Set<number>();
    for (const thread of threads) {
      const instruction = program[thread.at];
      if (instruction?.kind === "match") {
        if (isFull && position < codes.length) continue;
        found = thread;
        break;
      }
      if (instruction?.kind !== "character" || code === undefined || !instruction.test(code))
        continue;
      add(next, seen, { ...thread, at: thread.at + 1 }, position + 1);
    }
    threads = next;
  }
  if (found === undefined) return undefined;
  return found.end < 0
    ? {}
    : { captured: String.fromCodePoint(...codes.slice(found.start, found.end)) };
}

interface Walk {
  readonly program: readonly Instruction[];
  readonly subject: Subject;
  readonly position: number;
  readonly list: Thread[];
  readonly seen: Set<number>;
  readonly budget: StepBudget;
}

/** Adds the places reachable without reading a character, preferred ones first. */
function follow(walk: Walk, start: Thread): void {
  const { program, position, list, seen, budget } = walk;
  const pending = [start];
  for (let thread = pending.pop(); thread !== undefined; thread = pending.pop()) {
    if (seen.has(thread.at)) continue;
    seen.add(thread.at);
    budget.left -= 1;
    if (budget.left < 0) throw new StepBudgetError();
    const instruction = program[thread.at];
    if (instruction === undefined) continue;
    const next = { ...thread, at: thread.at + 1 };
    switch (instruction.kind) {
      case "split":
        pending.push({ ...thread, at: instruction.second }, { ...thread, at: instruction.first });
        break;
      case "jump":
        pending.push({ ...thread, at: instruction.to });
        break;
      case "mark":
        pending.push(instruction.end ? { ...next, end: position } : { ...next, start: position });
        break;
      case "anchor":
        if (holds(instruction.anchor, walk.subject.codes, position)) pending.push(next);
        break;
      case "character":
      case "match":
        list.push(thread);
    }
  }
}

function holds(anchor: Anchor, codes: readonly number[], position: number): boolean {
  const atEnd = position === codes.length;
  switch (anchor) {
    case "text_start":
      return position === 0;
    case "text_end":
      return atEnd;
    case "line_start":
      return position === 0 || codes[position - 1] === NEWLINE;
    case "line_end":
      return atEnd || codes[position] === NEWLINE;
    case "last_line_end":
      return atEnd || (position === codes.length - 1 && codes[position] === NEWLINE);
    case "word":
      return isWordEdge(codes, position);
    case "not_word":
      return !isWordEdge(codes, position);
  }
}

function isWordEdge(codes: readonly number[], position: number): boolean {
  const before = codes[position - 1];
  const after = codes[position];
  const isWordBefore = before !== undefined && isWord(before);
  const isWordAfter = after !== undefined && isWord(after);
  return isWordBefore !== isWordAfter;
}
