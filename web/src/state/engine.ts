/** Asks one kind of question in a worker of its own, one at a time: while one is computed, only the newest waits. */

import type { Scenario } from "lora-calc";
import type { Answer, Counsel } from "./answer.js";
import type { Message, Question } from "./engine-worker.js";

interface Replies {
  readonly answer: Answer;
  readonly counsel: Counsel | undefined;
}

export interface Engine {
  ask(scenario: Scenario): void;
}

/** `deliver` gets every computed reply with its question; a question overtaken by a newer one has none. */
export function createEngine<Q extends Question>(
  question: Q,
  deliver: (scenario: Scenario, reply: Replies[Q]) => void,
): Engine {
  const compute = startWorker(question);
  let waiting: Scenario | undefined;
  let isBusy = false;

  async function work(): Promise<void> {
    isBusy = true;
    while (waiting !== undefined) {
      const scenario = waiting;
      waiting = undefined;
      deliver(scenario, await compute(scenario));
    }
    isBusy = false;
  }

  return {
    ask(scenario) {
      waiting = scenario;
      if (!isBusy) void work();
    },
  };
}

type Compute<Q extends Question> = (scenario: Scenario) => Promise<Replies[Q]>;

function startWorker<Q extends Question>(question: Q): Compute<Q> {
  const worker = new Worker(new URL("./engine-worker.ts", import.meta.url), { type: "module" });
  return (scenario) =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Replies[Q]>) => resolve(data);
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage({ question, scenario } satisfies Message);
    });
}
