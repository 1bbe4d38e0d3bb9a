/** Asks one kind of question in a worker of its own, one at a time: while one is computed, only the newest waits. */

import type { Problem } from "lora-calc";
import type { Message, Question, Questions } from "./engine-worker.js";

type Asked<Q extends Question> = Questions[Q]["asked"];
type Reply<Q extends Question> = Questions[Q]["reply"];

export interface Engine<Q extends Question> {
  ask(asked: Asked<Q>): void;
}

/**
 * `deliver` gets every computed reply with its question; a question overtaken by a newer one has none. A question on
 * which the worker breaks goes to `fail`, and the next one to a new worker.
 */
export function createEngine<Q extends Question>(
  question: Q,
  deliver: (asked: Asked<Q>, reply: Reply<Q>) => void,
  fail: (asked: Asked<Q>, message: string) => void,
): Engine<Q> {
  let compute = startWorker(question);
  let waiting: Asked<Q> | undefined;
  let isBusy = false;

  async function work(): Promise<void> {
    isBusy = true;
    while (waiting !== undefined) {
      const asked = waiting;
      waiting = undefined;
      let reply: Reply<Q>;
      try {
        reply = await compute(asked);
      } catch (error) {
        compute = startWorker(question);
        fail(asked, error instanceof Error ? error.message : String(error));
        continue;
      }
      deliver(asked, reply);
    }
    isBusy = false;
  }

  return {
    ask(asked) {
      waiting = asked;
      if (!isBusy) void work();
    },
  };
}

/** A worker that broke, as what a part of the page can show. */
export function faultOf(message: string): Problem {
  return { code: "internal", path: "", message: `lora-calc has a fault here: ${message}` };
}

function startWorker<Q extends Question>(question: Q): (asked: Asked<Q>) => Promise<Reply<Q>> {
  const worker = new Worker(new URL("./engine-worker.ts", import.meta.url), { type: "module" });
  return (asked) =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Reply<Q>>) => resolve(data);
      worker.onerror = (event) => {
        worker.terminate();
        reject(new Error(event.message));
      };
      worker.postMessage({ question, asked } as Message);
    });
}
