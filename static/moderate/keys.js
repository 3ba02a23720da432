// @ts-check
// The console's keys: one list that both listens and makes the help sheet.

/** @typedef {"next" | "previous" | "newest" | "delete" | "mute" | "mute-long" | "ban" | "pin" | "answered" | "focus" | "approve" | "reject" | "dismiss" | "undo" | "say" | "find" | "slow" | "help"} Act */
/** @typedef {{act: Act, keys: string[], show: string, group: "move" | "act" | "page"}} Binding */

/** @type {readonly Binding[]} */
export const bindings = Object.freeze([
  {act: "next", keys: ["j", "ArrowDown"], show: "J", group: "move"},
  {act: "previous", keys: ["k", "ArrowUp"], show: "K", group: "move"},
  {act: "newest", keys: ["Escape", "End"], show: "Esc", group: "move"},
  {act: "delete", keys: ["d", "Delete"], show: "D", group: "act"},
  {act: "mute", keys: ["m"], show: "M", group: "act"},
  {act: "mute-long", keys: ["M"], show: "⇧ M", group: "act"},
  {act: "ban", keys: ["b"], show: "B", group: "act"},
  {act: "pin", keys: ["p"], show: "P", group: "act"},
  {act: "answered", keys: ["a"], show: "A", group: "act"},
  {act: "focus", keys: ["f"], show: "F", group: "act"},
  {act: "approve", keys: ["y"], show: "Y", group: "act"},
  {act: "reject", keys: ["n"], show: "N", group: "act"},
  {act: "dismiss", keys: ["x"], show: "X", group: "act"},
  {act: "undo", keys: ["u", "z"], show: "U", group: "act"},
  {act: "say", keys: ["c"], show: "C", group: "page"},
  {act: "find", keys: ["/"], show: "/", group: "page"},
  {act: "slow", keys: ["s"], show: "S", group: "page"},
  {act: "help", keys: ["?"], show: "?", group: "page"},
]);

/**
 * What a key press asks for. Keys with Ctrl, Alt or Meta belong to the
 * browser, keys in a field to what is being written, and a held key that acts
 * on people acts once.
 * @param {{key: string, ctrlKey: boolean, altKey: boolean, metaKey: boolean, repeat: boolean}} event
 * @param {boolean} typing whether the focus is in a field
 * @returns {Act | undefined}
 */
export function actFor({key, ctrlKey, altKey, metaKey, repeat}, typing) {
  if (ctrlKey || altKey || metaKey || typing) return undefined;
  const found = bindings.find(({keys}) => keys.includes(key));
  return found && (!repeat || found.group === "move") ? found.act : undefined;
}
