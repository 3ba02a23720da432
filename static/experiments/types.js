// @ts-check
// What the server says of its experiments (docs/protocol.md, Experiments).

/** @typedef {{at: number, n: number, estimate: number, low: number | null, high: number | null, p: number}} Point */
/** @typedef {{metric: string, kind: "ratio" | "difference", now: Point, level: number, found: boolean, saved?: number, line: Point[] | null}} Comparand */
/** @typedef {{metric: string, p: number, level: number}} Guard */
/** @typedef {{arm: string, metrics: Comparand[], guards: Guard[]}} Comparison */
/**
 * @typedef {object} Arm
 * @property {string} name
 * @property {number} weight share of people, as meant
 * @property {Record<string, string>} set
 * @property {boolean} [stopped]
 * @property {number} exposed
 * @property {Record<string, number>} did people, by metric
 * @property {Record<string, {n: number, mean: number}>} means
 */
/** @typedef {{at: number, what: "stopped" | "shipped", arm: string, by: string, events?: number, arms?: number, p?: number}} Decision */
/**
 * @typedef {object} Experiment
 * @property {string} name
 * @property {string} [layer]
 * @property {[number, number]} share
 * @property {number} window_s
 * @property {number} at
 * @property {"running" | "stopped" | "shipped"} state
 * @property {string} [shipped]
 * @property {boolean} [full]
 * @property {number} exposed
 * @property {number} counted
 * @property {{p: number, level: number, off: boolean}} split
 * @property {Arm[]} arms
 * @property {Comparison[]} comparisons
 * @property {{lists: number, second: number, now: Point, found: boolean} | null} [draft]
 * @property {{effect: number, power: number, purchases: number, rate: number, people: number}} plan
 * @property {Decision[] | null} decisions
 */

export {};
