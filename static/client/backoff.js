// @ts-check

/**
 * How long to wait before the next try: a random part of a time that doubles
 * with every failure, so that a thousand clients that lost the same server do
 * not come back together.
 */
export class Backoff {
  #tries = 0;
  #first;
  #most;
  #random;

  /**
   * @param {object} [options]
   * @param {number} [options.first] the longest first wait, in milliseconds
   * @param {number} [options.most] the longest wait of all, in milliseconds
   * @param {() => number} [options.random] from 0 up to 1
   */
  constructor({first = 1000, most = 30_000, random = Math.random} = {}) {
    this.#first = first;
    this.#most = most;
    this.#random = random;
  }

  /** The next wait, in milliseconds. */
  next() {
    const span = Math.min(this.#most, this.#first * 2 ** this.#tries);
    this.#tries = Math.min(this.#tries + 1, 32);
    return Math.round(span * this.#random());
  }

  /** Begins again with the shortest wait. */
  reset() {
    this.#tries = 0;
  }
}
