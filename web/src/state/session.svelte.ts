/** The one state of the page: a scenario, its answer, and the way back. Everything shown is derived from it. */

import { getContext, setContext } from "svelte";
import { decodeRuns, InputError, isRefusal, withShape } from "lora-calc";
import type { Estimate, LinkedRuns, Mend, Problem, Scenario } from "lora-calc";
import { SITE_DATA } from "virtual:site-data";
import type { Answer, Counsel } from "./answer.js";
import { createEngine, faultOf } from "./engine.js";
import type { Engine } from "./engine.js";
import { baselineOf } from "./baseline.js";
import { fragmentOf } from "./fragment.js";
import { expectEstimate } from "./run.js";
import type { LessonRun, Run } from "./run.js";
import { PinnedRun } from "./pinned.svelte.js";
import { countDifferences, fieldOf, sameValue, toScenario, withField } from "./scenario-fields.js";
import type { FieldPath } from "./scenario-fields.js";

const MAX_UNDO = 200;
/** A pause in the reader's changes, after which advice is worth its many estimates. Unit: ms. */
const REST = 300;
const DEFAULT_SCENARIO = SITE_DATA.scenario;
const DEFAULT_RUN: Run = {
  scenario: DEFAULT_SCENARIO,
  answer: SITE_DATA.answer,
  estimate: expectEstimate(SITE_DATA.answer),
};

export class Session {
  /** As the reader left it, valid or not. */
  scenario: Scenario = $state.raw(DEFAULT_SCENARIO);
  /** The newest scenario that has an answer. */
  answered: Scenario = $state.raw(DEFAULT_SCENARIO);
  answer: Answer = $state.raw(SITE_DATA.answer);
  estimate: Estimate = $state.raw(expectEstimate(SITE_DATA.answer));
  /** Modules and tasks of the newest model that could be read, be the rest valid or not; a frame later, as `detail`. */
  targets: Answer["targets"] = $state.raw(SITE_DATA.answer.targets);
  tasks: Answer["tasks"] = $state.raw(SITE_DATA.answer.tasks);
  /** Advice on `answered`; undefined while it is worked out. */
  counsel: Counsel | undefined = $state.raw(SITE_DATA.counsel);
  /** Advice on `answered` broke off: a fault of ours. */
  hasNoCounsel: boolean = $state.raw(false);
  /** The run as the parts below the answer show it: a frame later, so that the answer never waits for their tables. */
  detail: Run = $state.raw(DEFAULT_RUN);
  /** What the chapters speak of: the run, once the reader rests. They are long, and nobody reads them while dragging. */
  lessonRun: LessonRun = $state.raw({ ...DEFAULT_RUN, counsel: SITE_DATA.counsel });
  /** The advice that was taken last, until the next change of another kind. */
  applied: string | undefined = $state.raw();
  /** Why the scenario has no answer. */
  problem: Problem | undefined = $state.raw();
  /** What would mend it. */
  mends: readonly Mend[] = $state.raw([]);
  /** Why the address of the page or a file could not be read. */
  inputProblem: Problem | undefined = $state.raw();
  /** What the changed-marks compare with: the chosen recipe, or the default. */
  baseline: Scenario = $derived(baselineOf(this.scenario));

  /** The run beside it. */
  readonly pinned = new PinnedRun();

  private past: readonly Scenario[] = $state.raw([]);
  private future: readonly Scenario[] = $state.raw([]);
  private openPath: FieldPath | undefined;
  private answers: Engine<"answer"> | undefined;
  private counsels: Engine<"counsel"> | undefined;
  private resting: ReturnType<typeof setTimeout> | undefined;
  private afterPaint: number | undefined;

  /** What the address says of both runs. */
  fragment: string = $derived(fragmentOf(this.scenario, this.pinned.scenario));
  canUndo: boolean = $derived(this.past.length > 0);
  canRedo: boolean = $derived(this.future.length > 0);
  /** Whether the numbers on the page belong to an earlier scenario. */
  isBehind: boolean = $derived(this.answered !== this.scenario);

  field(path: FieldPath): unknown {
    return fieldOf(this.scenario, path);
  }

  /** The value in force: given, or taken from the stack or the defaults. */
  inForce(path: FieldPath): unknown {
    const given = this.field(path);
    if (given !== undefined) return given;
    return this.estimate.assumed.find((assumption) => assumption.path === path)?.value;
  }

  /** Whether a row of the batch has a length to choose: an image is as large as its model makes it. */
  get hasLength(): boolean {
    if (this.estimate.memory === undefined) return true;
    const path = "training.max_length";
    return this.inForce(path) !== undefined && !this.estimate.ignored.some((x) => x === path);
  }

  /** How many fields differ from where the run started. */
  changes: number = $derived(countDifferences(this.scenario, this.baseline));

  /** Whether a field differs from the recipe it started from. */
  isChanged(path: FieldPath): boolean {
    return !sameValue(this.field(path), fieldOf(this.baseline, path));
  }

  /** The refusal, when it is about this field. */
  problemAt(path: FieldPath): Problem | undefined {
    return this.problem?.path === path || this.problem?.path.startsWith(`${path}.`) === true
      ? this.problem
      : undefined;
  }

  /** Changes one field. Changes of the same field are one step of undo until `settle`. */
  edit(path: FieldPath, value: unknown): void {
    if (path !== this.openPath) this.remember();
    this.openPath = path;
    this.show(withField(this.scenario, path, value));
  }

  /** Changes batch and length together, as dragging on the map does: one step of undo until `settle`. */
  reshape(batch: number, length: number): void {
    if (this.openPath !== "map") this.remember();
    this.openPath = "map";
    this.show(withShape(this.scenario, batch, length));
  }

  /** The reader let go of a control: the next change is a new step of undo. */
  settle(): void {
    this.openPath = undefined;
  }

  /** Changes one field as one step. */
  set(path: FieldPath, value: unknown): void {
    this.settle();
    this.edit(path, value);
    this.settle();
  }

  /** Takes advice as one step of undo, and says so. */
  apply(scenario: Scenario, text: string): void {
    this.replace(scenario);
    this.applied = text;
  }

  /** Replaces the scenario as one step of undo. */
  replace(scenario: Scenario): void {
    this.remember();
    this.settle();
    this.show(scenario);
  }

  /** Takes a way to mend what is refused. */
  mend({ scenario }: Mend): void {
    this.replace(toScenario(scenario));
  }

  revert(path: FieldPath): void {
    this.set(path, fieldOf(this.baseline, path));
  }

  reset(): void {
    this.replace(DEFAULT_SCENARIO);
  }

  undo(): void {
    const previous = this.past.at(-1);
    if (previous === undefined) return;
    this.past = this.past.slice(0, -1);
    this.future = [...this.future, this.scenario];
    this.settle();
    this.show(previous);
  }

  redo(): void {
    const next = this.future.at(-1);
    if (next === undefined) return;
    this.future = this.future.slice(0, -1);
    this.past = [...this.past, this.scenario];
    this.settle();
    this.show(next);
  }

  /** Takes the state of an address, none being the default; a damaged one leaves the page as it is and says why. */
  open(fragment: string): void {
    if (fragment !== "" && !fragment.startsWith("#v=")) return;
    if (fragment === this.fragment) return;
    this.attempt(() => {
      const runs: LinkedRuns = fragment ? decodeRuns(fragment) : { scenario: DEFAULT_SCENARIO };
      if (!sameValue(runs.scenario, this.scenario)) this.replace(runs.scenario);
      this.pinned.set(runs.pinned);
    });
  }

  /** Whether an address already says what the page shows, be it in other words. */
  isAt(fragment: string): boolean {
    if (fragment === this.fragment || !fragment.startsWith("#v=")) {
      return fragment === this.fragment;
    }
    try {
      const { scenario, pinned } = decodeRuns(fragment);
      return sameValue([scenario, pinned], [this.scenario, this.pinned.scenario]);
    } catch {
      return false;
    }
  }

  /** Trades places with the pinned run. */
  swap(): void {
    const { scenario } = this.pinned;
    if (scenario === undefined) return;
    this.pinned.set(this.scenario);
    this.replace(scenario);
  }

  /** Runs something that reads foreign input; its Problem is shown and nothing is lost. */
  attempt(read: () => void): void {
    try {
      read();
      this.inputProblem = undefined;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.inputProblem = error.problem;
    }
  }

  private remember(): void {
    this.past = [...this.past.slice(-MAX_UNDO), this.scenario];
    this.future = [];
  }

  private show(scenario: Scenario): void {
    this.applied = undefined;
    this.scenario = scenario;
    this.answers ??= createEngine(
      "answer",
      (asked, answer) => this.take(asked, answer),
      (_, message) => (this.problem = faultOf(message)),
    );
    this.answers.ask(scenario);
  }

  private take(asked: Scenario, answer: Answer): void {
    if (isRefusal(answer.result)) {
      this.showTargets(answer);
      this.problem = answer.result.error;
      this.mends = answer.mends;
      return;
    }
    this.problem = undefined;
    this.mends = answer.mends;
    this.answered = asked;
    this.answer = answer;
    this.estimate = answer.result;
    this.counsel = undefined;
    this.hasNoCounsel = false;
    this.afterPaint ??= requestAnimationFrame(() => setTimeout(() => this.showDetail()));
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.rest(), REST);
  }

  private showDetail(): void {
    const { answered: scenario, answer, estimate } = this;
    this.afterPaint = undefined;
    this.detail = { scenario, answer, estimate };
    this.showTargets(answer);
  }

  private showTargets({ targets, tasks }: Answer): void {
    if (targets.length === 0) return;
    this.targets = targets;
    this.tasks = tasks;
  }

  private rest(): void {
    const { answered: scenario, answer, estimate } = this;
    this.lessonRun = { scenario, answer, estimate, counsel: undefined };
    this.seekCounsel(scenario);
  }

  private seekCounsel(scenario: Scenario): void {
    this.counsels ??= createEngine(
      "counsel",
      (asked, counsel) => {
        if (asked !== this.answered) return;
        this.counsel = counsel;
        this.lessonRun = { ...this.lessonRun, counsel };
      },
      (asked) => (this.hasNoCounsel = asked === this.answered),
    );
    this.counsels.ask(scenario);
  }
}

const KEY = Symbol("session");

export function provideSession(session: Session): Session {
  return setContext(KEY, session);
}

export function useSession(): Session {
  return getContext<Session>(KEY);
}
