/** What the reader has answered, kept in this browser. A browser that keeps nothing still plays. */

import type { QuestionId } from "lora-calc/teach";

export type Mark = "right" | "wrong";
type Marks = Readonly<Partial<Record<QuestionId, Mark>>>;

const KEY = "lora-calc.quiz.1";

export class Progress {
  marks: Marks = $state.raw({});

  /** Takes what was kept; anything that is not a mark is left out. */
  restore(): void {
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
      if (typeof kept !== "object" || kept === null) return;
      this.marks = Object.fromEntries(
        Object.entries(kept).filter(([, mark]) => mark === "right" || mark === "wrong"),
      );
    } catch {
      this.marks = {};
    }
  }

  set(id: QuestionId, mark: Mark): void {
    this.keep({ ...this.marks, [id]: mark });
  }

  clear(): void {
    this.keep({});
  }

  private keep(marks: Marks): void {
    this.marks = marks;
    try {
      localStorage.setItem(KEY, JSON.stringify(marks));
    } catch {
      // Storage is full or forbidden: the marks last as long as the page.
    }
  }
}
