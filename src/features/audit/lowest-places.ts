/** Memory is taken as it is needed: most exports are small. */
const FIRST = 1_024;

/**
 * The lowest of any number of places, in 8 bytes each and never more than so many: a question that finds more is
 * answered in several rounds, each of which begins behind the last place of the one before.
 */
export class LowestPlaces {
  readonly #most: number;
  #held: Float64Array;
  #count = 0;
  #highest = Infinity;

  /** @param most how many are held at once; 2 or more */
  constructor(most: number) {
    this.#most = most;
    this.#held = new Float64Array(Math.min(FIRST, most));
  }

  /** Whether places behind those that are held were let go. */
  get isCut(): boolean {
    return this.#highest < Infinity;
  }

  add(place: number): void {
    if (place > this.#highest) return;
    if (this.#count === this.#most) this.#cut();
    else if (this.#count === this.#held.length) this.#grow();
    if (place > this.#highest) return;
    this.#held[this.#count] = place;
    this.#count += 1;
  }

  /** In ascending order, each once. */
  sorted(): Float64Array {
    const places = this.#held.subarray(0, this.#count).sort();
    let kept = 0;
    for (const place of places) {
      if (kept > 0 && place === places[kept - 1]) continue;
      places[kept] = place;
      kept += 1;
    }
    this.#count = kept;
    return places.subarray(0, kept);
  }

  /** By halves, so that sorting costs little for each place however they come. */
  #cut(): void {
    this.#held.sort();
    this.#count = Math.floor(this.#most / 2);
    this.#highest = this.#held[this.#count - 1] ?? Infinity;
  }

  #grow(): void {
    const grown = new Float64Array(Math.min(2 * this.#held.length, this.#most));
    grown.set(this.#held);
    this.#held = grown;
  }
}
