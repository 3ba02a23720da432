// @ts-check
/** @import {Intent} from "../elements/intents.js" */
/** @import {Client} from "../client/client.js" */
import {toast} from "../elements/toast.js";
import {errorText, t} from "../i18n.js";

/** What takes an act back. @type {Record<string, string>} */
const opposite = {"mod.mute": "mod.unmute", "mod.ban": "mod.unban", "mod.unmute": "mod.mute", "mod.unban": "mod.ban", "role.set": "role.set"};

/** How many acts back undoing reaches. */
const reach = 20;

/**
 * Tells of what the staff did on this page and offers to take it back, so that
 * a slip costs nothing and no dialog has to ask before every act.
 */
export class Undo {
  #client;
  #nameOf;
  /** What can be taken back, newest last. @type {(() => void)[]} */ #acts = [];

  /**
   * @param {EventTarget} root where intents arrive; bound before, so that each has its reply
   * @param {Client} client
   * @param {(user: string) => string} nameOf
   */
  constructor(root, client, nameOf) {
    this.#client = client;
    this.#nameOf = nameOf;
    for (const type of Object.keys(opposite)) {
      root.addEventListener(type.replace(".", "-"), (event) => {
        const {detail, reply} = /** @type {Intent} */ (event);
        reply?.then(() => this.#offer(type, detail), () => {}); // a refusal was shown already
      });
    }
    root.addEventListener("mod-delete", (event) => {
      /** @type {Intent} */ (event).reply?.then(() => toast(t("mod.done.delete")), () => {});
    });
  }

  /** Takes the newest act back. Says so if there is none. */
  last() {
    const act = this.#acts.at(-1);
    if (act) act();
    else toast(t("mod.undo.none"));
  }

  /** @param {string} type @param {{user: string, role?: string}} data */
  #offer(type, {user, role}) {
    const data = type === "role.set" ? {user, role: role === "moderator" ? "viewer" : "moderator"} : {user};
    const back = () => {
      if (!this.#acts.includes(back)) return; // taken back already
      this.#acts = this.#acts.filter((act) => act !== back);
      hide();
      this.#client.command(opposite[type], data).then(() => toast(t("mod.undone")), refused);
    };
    this.#acts = [...this.#acts, back].slice(-reach);
    const words = type === "role.set" ? `mod.done.role.${role}` : `mod.done.${type.slice("mod.".length)}`;
    const hide = toast(t(words, {name: this.#nameOf(user)}), {action: t("mod.undo"), onAction: back});
  }
}

/** Shows why something was refused. @param {{code?: string, text?: string, retryMs?: number}} err */
export function refused(err) {
  toast(errorText(err), {kind: "danger"});
}
