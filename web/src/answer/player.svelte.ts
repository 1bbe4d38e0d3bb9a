/** Plays the moments of a step one after the other. */

/** One step, whatever its length. Unit: ms. */
const WHOLE = 6000;
/** One stop for readers who want no motion. Unit: ms. */
const STOP = 1500;

interface Playing {
  /** Moments of the step. */
  readonly count: number;
  /** The few that are shown where motion is not wanted: the highest of every phase. */
  readonly stops: readonly number[];
  readonly show: (moment: number) => void;
}

export class Player {
  isPlaying: boolean = $state(false);

  private frame = 0;

  toggle(playing: Playing): void {
    if (this.isPlaying) this.stop();
    else this.start(playing);
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
    this.isPlaying = false;
  }

  private start({ count, stops, show }: Playing): void {
    const isQuiet = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const moments = isQuiet ? stops : Array.from({ length: count }, (_, moment) => moment);
    const duration = isQuiet ? STOP * stops.length : WHOLE;
    const begin = performance.now();
    this.isPlaying = true;
    const next = (): void => {
      const passed = (performance.now() - begin) / duration;
      const moment = moments[Math.floor(passed * moments.length)];
      if (moment === undefined) {
        this.stop();
        return;
      }
      show(moment);
      this.frame = requestAnimationFrame(next);
    };
    next();
  }
}
