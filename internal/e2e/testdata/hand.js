// What the test does inside a page: it finds what a person could see, says
// where to click it, and waits for something to become true.
"use strict";

const hand = {
  /** All that people can read of a node: its label, or else its text. */
  name(node) {
    const labels = [...(node.labels ?? [])].map((label) => label.textContent);
    return [node.getAttribute("aria-label"), ...labels, node.innerText, node.placeholder]
      .filter(Boolean).map((words) => words.replace(/\s+/g, " ").trim());
  },

  /** Whether a node is drawn at all, in sight or not. */
  visible(node) {
    if (!node.checkVisibility({visibilityProperty: true, opacityProperty: true, contentVisibilityAuto: true})) return false;
    const {width, height} = node.getBoundingClientRect();
    return width > 0 && height > 0;
  },

  /** The visible nodes that match a selector and, if given, a name; exact names come first. */
  all(selector, name = "") {
    const nodes = [...document.querySelectorAll(selector)].filter((node) => hand.visible(node));
    if (!name) return nodes;
    const exact = nodes.filter((node) => hand.name(node).includes(name));
    return exact.length ? exact : nodes.filter((node) => hand.name(node).some((words) => words.includes(name)));
  },

  /** The texts of the visible nodes that match a selector. */
  texts(selector) {
    return hand.all(selector).map((node) => node.textContent.trim());
  },

  /** Waits until look() is true or throws no more, and gives what it gave; after ms, null. */
  until(look, ms) {
    const end = performance.now() + ms;
    return new Promise((resolve) => {
      const again = () => {
        let seen = null;
        try {
          seen = look();
        } catch {
          // What it looks at is not there yet.
        }
        if (seen) resolve(seen);
        else if (performance.now() > end) resolve(null);
        else setTimeout(again, 40);
      };
      again();
    });
  },

  /** Where a click on a node would land, or why it would miss it. */
  aim(node) {
    if (node.disabled || node.getAttribute("aria-disabled") === "true") return {why: "it is disabled"};
    const box = node.getBoundingClientRect();
    const x = box.left + box.width / 2, y = box.top + box.height / 2;
    if (x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) return {why: `it is out of sight at ${Math.round(x)},${Math.round(y)}`};
    const top = document.elementFromPoint(x, y);
    const hit = top && (node.contains(top) || [...(top.closest("label")?.querySelectorAll("input") ?? [])].includes(node));
    if (hit) return {x, y};
    // A sheet that a phone shows over the page can be put away.
    return {why: `${top?.tagName.toLowerCase()}.${top?.className} lies over it`, sheet: Boolean(top?.closest(".class__below"))};
  },

  /** Where to click what matches, once it has come to rest and nothing lies over it; null if that does not happen in ms. */
  async spot(selector, name, ms) {
    const end = performance.now() + ms;
    let why = "it is not there", x = NaN, y = NaN;
    while (performance.now() < end) {
      const [node] = hand.all(selector, name);
      if (node) {
        if (hand.aim(node).why) node.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
        const found = hand.aim(node);
        if (!found.why && found.x === x && found.y === y) return found;
        ({x = NaN, y = NaN} = found);
        why = found.why ?? "it moves";
      } else [x, y] = [NaN, NaN];
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    return {why};
  },

  /** Notes whether anything matching selector appears from now on; see noted. */
  note(selector) {
    hand.noted = false;
    new MutationObserver(() => (hand.noted ||= document.querySelector(selector) !== null)).observe(document.body, {childList: true, subtree: true});
    return true;
  },

  /** What a finger could not reach on this page: controls beside the screen or under something else. */
  unreachable() {
    const out = [];
    const [dialog] = document.querySelectorAll("dialog[open]");
    for (const node of (dialog ?? document).querySelectorAll("button, a[href], input, textarea, select, summary")) {
      if (!hand.visible(node) || node.closest(".sr-only, .skip, [inert]") || node.disabled) continue;
      if (node.closest(".stage--resting")) continue; // a player's controls come back with the pointer
      const at = document.scrollingElement.scrollTop;
      if (hand.aim(node).why) node.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
      const {why, sheet} = hand.aim(node);
      document.scrollingElement.scrollTop = at;
      if (why && !sheet) out.push(`${node.tagName.toLowerCase()}.${node.className} "${hand.name(node)[0] ?? ""}": ${why}`);
    }
    return out;
  },

  /** Buttons and tabs whose words do not fit into them. */
  tight() {
    return hand.all("button, .btn, .chip, .badge, .tab").filter((node) => !node.closest(".sr-only") && !node.querySelector(".truncate")
      && (node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 0))
      .map((node) => `"${hand.name(node)[0]}" is ${node.scrollWidth} wide in ${node.clientWidth}`);
  },

  /** What sticks out of the page to the right, innermost nodes only. */
  wider() {
    const page = document.scrollingElement;
    if (page.scrollWidth <= page.clientWidth && innerWidth <= screen.width) return [];
    const far = [...document.body.querySelectorAll("*")].filter((node) => hand.visible(node) && node.getBoundingClientRect().right > screen.width + 1);
    return far.filter((node) => !far.some((other) => other !== node && node.contains(other)))
      .map((node) => `${node.tagName.toLowerCase()}.${node.getAttribute("class")} ends at ${Math.round(node.getBoundingClientRect().right)}`).slice(0, 5)
      .concat(`the page is ${page.scrollWidth} wide on a screen of ${screen.width}`);
  },

  /** Words on this page that should be in another language: texts that equal one of foreign's, and bare keys. */
  foreign(foreign, written) {
    const strange = new Set(foreign);
    const words = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const {parentElement: node} = walk.currentNode;
      if (node && hand.visible(node) && !node.closest(written)) words.push(walk.currentNode.data.trim());
    }
    for (const node of document.querySelectorAll("[aria-label], [title], [placeholder]")) {
      if (hand.visible(node) && !node.closest(written)) words.push(...["aria-label", "title", "placeholder"].map((name) => node.getAttribute(name) ?? ""));
    }
    return [...new Set(words.filter((word) => strange.has(word) || /^[a-z]+(\.[a-z0-9_]+)+$/.test(word)))];
  },

  /** How bright the page's ground is and its text, 0 to 1. */
  brightness() {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
    const of = (colour) => {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
      return (r + g + b) / 765;
    };
    const style = getComputedStyle(document.body);
    return {ground: of(style.backgroundColor), text: of(style.color)};
  },

  /** How many frames the page's large picture has decoded. */
  frames() {
    const video = document.querySelector("class-stage video.stage__main");
    return video && video.videoWidth > 0 ? video.getVideoPlaybackQuality().totalVideoFrames : 0;
  },
};
globalThis.hand = hand;
