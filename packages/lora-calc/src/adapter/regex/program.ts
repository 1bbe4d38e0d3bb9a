/** A syntax tree as a list of instructions for the matcher in run.ts. */

import type { Anchor, CharacterTest, Flags, Syntax } from "./syntax.js";
import { PatternError } from "./syntax.js";

const MAX_INSTRUCTIONS = 40_000;

/** Places in the program are indices; "registers" hold positions of groups and the state of repeats. */
export type Instruction =
  | { readonly kind: "character"; readonly test: CharacterTest }
  /** A repeat of one character. */
  | {
      readonly kind: "scan";
      readonly test: CharacterTest;
      readonly min: number;
      readonly max: number;
      readonly isLazy: boolean;
    }
  | { readonly kind: "anchor"; readonly anchor: Anchor }
  /** Continue at the next place, or at `other` if that fails. */
  | { readonly kind: "split"; other: number }
  | { readonly kind: "jump"; to: number }
  /** Remember the position. */
  | { readonly kind: "mark"; readonly register: number }
  /** A repeat begins: no repeats yet, no position tried. */
  | { readonly kind: "repeat"; readonly register: number }
  /** Behind a repeat's item and before its first: once more, or on to `exit`. */
  | Until
  /** A lazy repeat takes its item after all. */
  | { readonly kind: "again"; readonly until: Until; readonly body: number }
  /** What stands up to `end` is tried for itself, from `width` characters before. */
  | {
      readonly kind: "look";
      readonly width: number;
      readonly isNegated: boolean;
      end: number;
    }
  /** What stands up to `end` is matched once, whatever follows. */
  | { readonly kind: "atomic"; end: number }
  | { readonly kind: "reference"; readonly group: number; readonly flags: Flags }
  /** Continue at the next place if the group took part, else at `no`. */
  | { readonly kind: "conditional"; readonly group: number; no: number }
  /** The end of a part that is tried for itself. */
  | { readonly kind: "accept" }
  | { readonly kind: "match" };

export interface Until {
  readonly kind: "until";
  /** This register counts, the next one has the position at which the item was last tried. */
  readonly register: number;
  readonly min: number;
  readonly max: number;
  readonly isLazy: boolean;
  exit: number;
}

export interface Program {
  readonly instructions: readonly Instruction[];
  /** Registers 2 g and 2 g + 1 hold start and end of group g; the others belong to repeats. */
  readonly registers: number;
}

/** `groups` is how many groups the tree has, the whole match among them. */
export function programOf(syntax: Syntax, groups: number): Program {
  const compiler = new Compiler(2 * groups);
  compiler.emit(syntax);
  compiler.add({ kind: "match" });
  return { instructions: compiler.instructions, registers: compiler.registers };
}

/** What a tree is made of. */
export function partsOf(syntax: Syntax): readonly Syntax[] {
  switch (syntax.kind) {
    case "character":
    case "anchor":
    case "reference":
      return [];
    case "sequence":
      return syntax.items;
    case "alternation":
      return syntax.options;
    case "conditional":
      return [syntax.yes, syntax.no];
    case "repeat":
    case "capture":
    case "atomic":
    case "look":
      return [syntax.item];
  }
}

/** The test of a part that is one character, with or without a group that is not remembered around it. */
export function characterTest(syntax: Syntax): CharacterTest | undefined {
  if (syntax.kind === "character") return syntax.test;
  const [item] = syntax.kind === "sequence" ? syntax.items : [];
  return syntax.kind === "sequence" && syntax.items.length === 1 && item !== undefined
    ? characterTest(item)
    : undefined;
}

class Compiler {
  readonly instructions: Instruction[] = [];
  registers: number;

  constructor(registers: number) {
    this.registers = registers;
  }

  add<Kind extends Instruction>(instruction: Kind): Kind {
    if (this.instructions.length >= MAX_INSTRUCTIONS) {
      throw new PatternError(`patterns of more than ${MAX_INSTRUCTIONS} steps`, true);
    }
    this.instructions.push(instruction);
    return instruction;
  }

  emit(syntax: Syntax): void {
    switch (syntax.kind) {
      case "character":
      case "anchor":
      case "reference":
        this.add(syntax);
        return;
      case "sequence":
        for (const item of syntax.items) this.emit(item);
        return;
      case "alternation":
        this.emitAlternation(syntax.options);
        return;
      case "repeat":
        this.emitRepeat(syntax);
        return;
      case "capture":
        this.add({ kind: "mark", register: 2 * syntax.group });
        this.emit(syntax.item);
        this.add({ kind: "mark", register: 2 * syntax.group + 1 });
        return;
      case "atomic":
        this.emitApart({ kind: "atomic", end: 0 }, syntax.item);
        return;
      case "look": {
        const { width, isNegated, item } = syntax;
        this.emitApart({ kind: "look", width, isNegated, end: 0 }, item);
        return;
      }
      case "conditional":
        this.emitConditional(syntax);
    }
  }

  private emitAlternation(options: readonly Syntax[]): void {
    const exits = options.slice(0, -1).map((option) => {
      const split = this.add({ kind: "split" as const, other: 0 });
      this.emit(option);
      const exit = this.add({ kind: "jump" as const, to: 0 });
      split.other = this.instructions.length;
      return exit;
    });
    const last = options.at(-1);
    if (last !== undefined) this.emit(last);
    for (const exit of exits) exit.to = this.instructions.length;
  }

  private emitRepeat({ item, min, max, greed }: Extract<Syntax, { kind: "repeat" }>): void {
    if (greed === "possessive") {
      // Each round is final, and so is their number.
      const rounds: Syntax = {
        kind: "repeat",
        item: { kind: "atomic", item },
        min,
        max,
        greed: "greedy",
      };
      this.emit({ kind: "atomic", item: rounds });
      return;
    }
    const test = characterTest(item);
    const isLazy = greed === "lazy";
    if (test !== undefined) {
      this.add({ kind: "scan", test, min, max, isLazy });
      return;
    }
    const register = this.registers;
    this.registers += 2;
    this.add({ kind: "repeat", register });
    const start = this.instructions.length;
    const until = this.add({ kind: "until" as const, register, min, max, isLazy, exit: 0 });
    if (isLazy) this.add({ kind: "again", until, body: start + 2 });
    this.emit(item);
    this.add({ kind: "jump", to: start });
    until.exit = this.instructions.length;
  }

  private emitApart(instruction: Extract<Instruction, { end: number }>, item: Syntax): void {
    this.add(instruction);
    this.emit(item);
    this.add({ kind: "accept" });
    instruction.end = this.instructions.length;
  }

  private emitConditional({ group, yes, no }: Extract<Syntax, { kind: "conditional" }>): void {
    const condition = this.add({ kind: "conditional" as const, group, no: 0 });
    this.emit(yes);
    const exit = this.add({ kind: "jump" as const, to: 0 });
    condition.no = this.instructions.length;
    this.emit(no);
    exit.to = this.instructions.length;
  }
}
