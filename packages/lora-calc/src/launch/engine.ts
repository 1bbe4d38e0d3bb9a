/** An engine that exists, and what it needs to run a training script on its cards. */

/** A script and the cards that it runs on. */
export interface Job {
  /** The script as text, `train.py`. */
  readonly script: string;
  /** Id of the catalogue; undefined where the scenario names no card of it. */
  readonly card: string | undefined;
  /** Cards of one machine, and machines. */
  readonly cards: number;
  readonly nodes: number;
  /** What pip installs: the releases that the script is for. */
  readonly packages: readonly string[];
}

export interface Engine {
  /** The engine, as its users call it, and the releases that its file was checked against. */
  readonly release: string;
  readonly fileName: string;
  /** How the job is started. */
  readonly command: string;
  /** What nobody can say but its user. */
  readonly toFill: string;
  readonly write: (job: Job) => string;
  /** What is to be known of it. */
  readonly notes?: readonly string[];
  /** Why there is no such file of a job; undefined where there is. */
  readonly whyNone?: (job: Job) => string | undefined;
  /** Lines that the script begins with on this engine. */
  readonly scriptHead?: (job: Job) => readonly string[];
}

/** One process per card, over all machines. `at` finds the first of them. */
export function torchrun({ cards, nodes }: Job, at: readonly string[]): string {
  if (cards * nodes === 1) return "python train.py";
  const words = ["torchrun", `--nproc-per-node=${cards}`, ...(nodes === 1 ? ["--standalone"] : at)];
  return `${words.join(" ")} train.py`;
}
