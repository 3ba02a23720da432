// @ts-check
import {Behaviors} from "../client/api.js";
import {token} from "./identity.js";

/**
 * What this person does with the catalogue, told to the recommender: what
 * they saw, opened, liked, shared, hid and how far they read. Without a token
 * (nobody has joined a class yet) nothing is told.
 */
export class Watching {
  #post;
  /** @type {Set<string>} */ #seen = new Set();
  #observer;

  constructor() {
    const own = token();
    this.#post = own ? new Behaviors({token: own}) : null;
    this.#observer = new IntersectionObserver((entries) => {
      for (const {isIntersecting, target} of entries) {
        const item = /** @type {HTMLElement} */ (target).dataset.item;
        if (!isIntersecting || !item) continue;
        this.#observer.unobserve(target);
        if (this.#seen.has(item)) continue;
        this.#seen.add(item);
        this.tell(item, "impression");
      }
    }, {threshold: 0.6});
  }

  /** Whether anybody is told anything. */
  get on() {
    return this.#post !== null;
  }

  /**
   * @param {string} item
   * @param {"browse" | "impression" | "click" | "watch" | "like" | "share" | "hide"} kind
   * @param {number} [weight] of a watch: the part that was seen, 0 to 1
   */
  tell(item, kind, weight) {
    this.#post?.add(weight === undefined ? {item, kind} : {item, kind, weight});
  }

  /** Sends what waits. */
  flush() {
    void this.#post?.flush();
  }

  /** Tells once when a card has come into sight, and when it is opened. @param {HTMLElement} card */
  follow(card) {
    if (!this.#post) return;
    this.#observer.observe(card);
    card.addEventListener("click", (event) => {
      if (event.target instanceof Element && event.target.closest("a") && card.dataset.item) this.tell(card.dataset.item, "click");
    });
  }
}
