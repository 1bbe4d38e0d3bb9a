/**
 * Runs a program on a text as CPython's `re` does: the preferred way first, back to the last choice where it fails.
 * Some patterns then need time that doubles with every character, in Python as here; here the steps are counted and
 * the work is refused beyond a bound.
 */

import { isAsciiWord, isSameLetter, isWord } from "./character-sets.js";
import type { Instruction, Program, Until } from "./program.js";
import type { Anchor, CharacterTest } from "./syntax.js";
import { missing } from "../../problem/missing.js";

const NEWLINE = 10;
const UNSET = -1;
/** Numbers of a choice. */
const CHOICE = 4;

/** Counts steps down over all runs that share it; at zero the work is refused. */
export interface StepBudget {
  left: number;
}

export class StepBudgetError extends Error {}

/** Start and end of every group, `UNSET` for those that took no part; group 0 is the whole match. */
export type Spans = Int32Array;

/** The preferred match at the start of the text; `isFull` also demands that it ends at the end. */
export function run(
  program: Program,
  text: string,
  isFull: boolean,
  budget: StepBudget,
): Spans | undefined {
  const matcher = new Matcher(program, codePoints(text), isFull, budget);
  const end = matcher.run(0, 0);
  if (end === UNSET) return undefined;
  matcher.registers[0] = 0;
  matcher.registers[1] = end;
  return matcher.registers;
}

function codePoints(text: string): readonly number[] {
  return Array.from(text, (letter) => letter.codePointAt(0) ?? missing());
}

class Matcher {
  readonly registers: Int32Array;
  private readonly instructions: readonly Instruction[];
  private readonly codes: readonly number[];
  private readonly isFull: boolean;
  private readonly budget: StepBudget;
  /** Choices that are left, four numbers each: place, positions to try (from, to), length of the trail. */
  private readonly choices: number[] = [];
  private position = 0;
  /** Registers as they were, two numbers each: register, value. */
  private readonly trail: number[] = [];

  constructor(program: Program, codes: readonly number[], isFull: boolean, budget: StepBudget) {
    this.instructions = program.instructions;
    this.registers = new Int32Array(program.registers).fill(UNSET);
    this.codes = codes;
    this.isFull = isFull;
    this.budget = budget;
  }

  /** Position where the match from here ends, UNSET where there is none. Choices made on the way are final. */
  run(startPlace: number, startPosition: number): number {
    const { instructions, choices } = this;
    const floor = choices.length;
    let place = startPlace;
    this.position = startPosition;
    for (;;) {
      this.budget.left -= 1;
      if (this.budget.left < 0) throw new StepBudgetError();
      const instruction = instructions[place];
      if (instruction === undefined || instruction.kind === "accept" || this.isEnd(instruction)) {
        choices.length = floor;
        return this.position;
      }
      place = this.follow(instruction, place);
      if (place !== UNSET) continue;
      if (choices.length === floor) return UNSET;
      place = this.nextChoice();
    }
  }

  private isEnd({ kind }: Instruction): boolean {
    return kind === "match" && (!this.isFull || this.position === this.codes.length);
  }

  /** Place of the instruction that follows, UNSET where this one fails. */
  private follow(instruction: Instruction, place: number): number {
    const { position } = this;
    switch (instruction.kind) {
      case "character":
        if (!this.stands(instruction.test, position)) return UNSET;
        this.position = position + 1;
        return place + 1;
      case "scan":
        return this.scan(instruction, place + 1) ? place + 1 : UNSET;
      case "split":
        this.choose(instruction.other);
        return place + 1;
      case "jump":
        return instruction.to;
      case "until":
        return this.repeatOrLeave(instruction, place);
      case "again":
        return this.takeAgain(instruction.until, instruction.body);
      case "mark":
        this.set(instruction.register, position);
        return place + 1;
      case "repeat":
        this.set(instruction.register, UNSET);
        this.set(instruction.register + 1, UNSET);
        return place + 1;
      case "anchor":
        return holds(instruction.anchor, this.codes, position) ? place + 1 : UNSET;
      case "look":
        return this.sees(instruction.width, place + 1) === instruction.isNegated
          ? UNSET
          : instruction.end;
      case "atomic":
        return this.run(place + 1, position) === UNSET ? UNSET : instruction.end;
      case "reference":
        return this.takeCopy(instruction) ? place + 1 : UNSET;
      case "conditional":
        return this.registers[2 * instruction.group + 1] === UNSET ? instruction.no : place + 1;
      case "accept":
      case "match":
        return UNSET;
    }
  }

  private choose(place: number, from = this.position, to = this.position): void {
    this.choices.push(place, from, to, this.trail.length);
  }

  /** Back to the latest choice that is left, at the first of its positions. */
  private nextChoice(): number {
    const { choices } = this;
    const top = choices.length - CHOICE;
    const place = choices[top] ?? UNSET;
    const to = choices[top + 2] ?? missing();
    const next = this.instructions[place];
    this.undo(choices[top + 3] ?? missing());
    let position = choices[top + 1] ?? missing();
    const step = Math.sign(to - position);
    // Positions where the next character is another one fail at once.
    while (next?.kind === "character" && position !== to && !this.stands(next.test, position)) {
      position += step;
    }
    this.position = position;
    if (position === to) choices.length = top;
    else choices[top + 1] = position + step;
    return place;
  }

  private stands(test: CharacterTest, position: number): boolean {
    const code = this.codes[position];
    return code !== undefined && test(code);
  }

  private set(register: number, value: number): void {
    this.trail.push(register, this.registers[register] ?? UNSET);
    this.registers[register] = value;
  }

  private undo(length: number): void {
    const { trail, registers } = this;
    while (trail.length > length) {
      const value = trail.pop() ?? UNSET;
      registers[trail.pop() ?? missing()] = value;
    }
  }

  /** Steps over the characters that a repeat takes; every other number of them is a choice. */
  private scan(
    { test, min, max, isLazy }: Extract<Instruction, { kind: "scan" }>,
    next: number,
  ): boolean {
    const least = this.position + min;
    const limit = Math.min(this.codes.length, this.position + max);
    let most = this.position;
    while (most < limit && this.stands(test, most)) most += 1;
    if (most < least) return false;
    if (most > least) {
      if (isLazy) this.choose(next, least + 1, most);
      else this.choose(next, most - 1, least);
    }
    this.position = isLazy ? least : most;
    return true;
  }

  /** Place after an `until`: the item once more, or what follows the repeat. */
  private repeatOrLeave(until: Until, place: number): number {
    const { register, min, max, isLazy, exit } = until;
    const count = (this.registers[register] ?? UNSET) + 1;
    const body = place + (isLazy ? 2 : 1);
    if (count < min) {
      this.set(register, count);
      return body;
    }
    // An item that took nothing is not tried again at the same position.
    if (count >= max || this.registers[register + 1] === this.position) return exit;
    this.choose(isLazy ? place + 1 : exit);
    return isLazy ? exit : this.takeAgain(until, body);
  }

  private takeAgain({ register }: Until, body: number): number {
    this.set(register, (this.registers[register] ?? UNSET) + 1);
    this.set(register + 1, this.position);
    return body;
  }

  /** Whether the part from `place` matches `width` characters before; the position stays. */
  private sees(width: number, place: number): boolean {
    const { position } = this;
    const trail = this.trail.length;
    const isSeen = position >= width && this.run(place, position - width) !== UNSET;
    if (!isSeen) this.undo(trail);
    this.position = position;
    return isSeen;
  }

  /** Steps over a second copy of what the group took, if it stands here. */
  private takeCopy({ group, flags }: Extract<Instruction, { kind: "reference" }>): boolean {
    const start = this.registers[2 * group] ?? UNSET;
    const end = this.registers[2 * group + 1] ?? UNSET;
    if (end === UNSET || start > end) return false;
    for (let offset = 0; offset < end - start; offset += 1) {
      const before = this.codes[start + offset] ?? UNSET;
      const here = this.codes[this.position + offset];
      if (here === undefined) return false;
      if (here === before) continue;
      if (!flags.ignoreCase || !isSameLetter(here, before, flags)) return false;
    }
    this.position += end - start;
    return true;
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
      return isEdge(codes, position, isWord);
    case "not_word":
      return codes.length > 0 && !isEdge(codes, position, isWord);
    case "ascii_word":
      return isEdge(codes, position, isAsciiWord);
    case "not_ascii_word":
      return codes.length > 0 && !isEdge(codes, position, isAsciiWord);
  }
}

function isEdge(codes: readonly number[], position: number, isInside: CharacterTest): boolean {
  const before = codes[position - 1];
  const after = codes[position];
  return (before !== undefined && isInside(before)) !== (after !== undefined && isInside(after));
}
