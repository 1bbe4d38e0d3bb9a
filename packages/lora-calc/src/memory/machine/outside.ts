/** Memory other than the card's: how much of it is held, and the most that was. */

/** The card; the host's memory; managed memory, which the driver moves between the two. */
export type Place = "cuda" | "host" | "managed";

export class Outside {
  private readonly held = { cuda: 0, host: 0, managed: 0 };
  private readonly most = { cuda: 0, host: 0, managed: 0 };

  take(place: Place, bytes: number): void {
    this.held[place] += bytes;
    this.most[place] = Math.max(this.most[place], this.held[place]);
  }

  give(place: Place, bytes: number): void {
    this.held[place] -= bytes;
  }

  /** Unit: bytes, of the whole run: what stands for many layers counts as many. */
  peak(place: Place): number {
    return this.most[place];
  }
}
