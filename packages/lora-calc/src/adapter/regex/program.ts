/** A syntax tree as a list of instructions for the simulation in run.ts. */

import type { Anchor, CharacterTest, Syntax } from "./syntax.js";
import { PatternError } from "./syntax.js";

const MAX_INSTRUCTIONS = 20_000;

export type Instruction =
  | { readonly kind: "character"; readonly test: CharacterTest }
  | { readonly kind: "anchor"; readonly anchor: Anchor }
  /** Continue at both places; the first is preferred. */
  | { kind: "split"; first: number; second: number }
  | { kind: "jump"; to: number }
  /** Remember the position as start or end of the named group that is asked for. */
  | { readonly kind: "mark"; readonly end: boolean }
  | { readonly kind: "match" };

/** Instructions of a tree; positions of the group called `captured` are remembered. */
export function programOf(syntax: Syntax, captured?: string): readonly Instruction[] {
  const program: Instruction[] = [];
  emit(syntax, program, captured);
  program.push({ kind: "match" });
  return program;
}

function emit(syntax: Syntax, program: Instruction[], captured: string | undefined): void {
  if (program.length > MAX_INSTRUCTIONS) {
    throw new PatternError(`patterns of more than ${MAX_INSTRUCTIONS} steps`, true);
  }
  switch (syntax.kind) {
    case "character":
      program.push({ kind: "character", test: syntax.test });
      return;
    case "anchor":
      program.push({ kind: "anchor", anchor: syntax.anchor });
      return;
    case "sequence":
      for (const item of syntax.items) emit(item, program, captured);
      return;
    case "alternation":
      emitAlternation(syntax.options, program, captured);
      return;
    case "repeat":
      emitRepeat(syntax, program, captured);
      return;
    case "group":
      emitGroup(syntax, program, captured);
  }
}

function emitGroup(
  { item, name }: Extract<Syntax, { kind: "group" }>,
  program: Instruction[],
  captured: string | undefined,
): void {
  const isMarked = name !== undefined && name === captured;
  if (isMarked) program.push({ kind: "mark", end: false });
  emit(item, program, captured);
  if (isMarked) program.push({ kind: "mark", end: true });
}

function emitAlternation(
  options: readonly Syntax[],
  program: Instruction[],
  captured: string | undefined,
): void {
  const exits: { to: number }[] = [];
  options.forEach((option, index) => {
    if (index === options.length - 1) {
      emit(option, program, captured);
      return;
    }
    const split = { kind: "split" as const, first: program.length + 1, second: 0 };
    program.push(split);
    emit(option, program, captured);
    const exit = { kind: "jump" as const, to: 0 };
    program.push(exit);
    exits.push(exit);
    split.second = program.length;
  });
  for (const exit of exits) exit.to = program.length;
}

function emitRepeat(
  { item, min, max, lazy }: Extract<Syntax, { kind: "repeat" }>,
  program: Instruction[],
  captured: string | undefined,
): void {
  for (let count = 0; count < min; count += 1) emit(item, program, captured);
  if (max === Infinity) {
    const start = program.length;
    const split = branch(program, lazy);
    emit(item, program, captured);
    program.push({ kind: "jump", to: start });
    leave(split, program.length, lazy);
    return;
  }
  const splits = [];
  for (let count = min; count < max; count += 1) {
    splits.push(branch(program, lazy));
    emit(item, program, captured);
  }
  for (const split of splits) leave(split, program.length, lazy);
}

interface Split {
  kind: "split";
  first: number;
  second: number;
}

/** A choice between the next instruction and a place set later by `leave`; lazy prefers leaving. */
function branch(program: Instruction[], lazy: boolean): Split {
  const next = program.length + 1;
  const split: Split = { kind: "split", first: lazy ? 0 : next, second: lazy ? next : 0 };
  program.push(split);
  return split;
}

function leave(split: Split, place: number, lazy: boolean): void {
  if (lazy) split.first = place;
  else split.second = place;
}
