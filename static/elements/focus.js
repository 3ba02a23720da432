// @ts-check
// Where the keyboard is while a card is drawn anew: what moved keeps the
// focus, and what can have it no more passes it on. Without this it would fall
// back to the top of the page at every vote.

/** Whether a node can have the focus now. @param {Element | null | undefined} node @returns {node is HTMLElement} */
const able = (node) => node instanceof HTMLElement && node.isConnected && !node.matches(":disabled") && node.checkVisibility({visibilityProperty: true});

/**
 * Draws what is in root. The focus stays inside: where it was or, if that has
 * gone, is hidden or disabled, at the first of heirs that can have it.
 * @param {Element} root
 * @param {() => void} draw
 * @param {(held: Element) => Iterable<Element | null | undefined>} heirs by what had the focus, after it was drawn
 */
export function keepFocus(root, draw, heirs) {
  const held = document.activeElement;
  if (!held || !root.contains(held)) return draw();
  const byKeyboard = held.matches(":focus-visible"); // who points with a finger looks where they point
  draw();
  const heir = able(held) ? held : [...heirs(held)].find(able);
  if (heir && heir !== document.activeElement) heir.focus({preventScroll: heir === held || !byKeyboard});
}
