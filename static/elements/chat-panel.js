// @ts-check
/** @import {HeldMessage, Message, OwnHeld, You} from "../client/protocol.js" */
import {clock, errorText, t, time} from "../i18n.js";
import {aria, flag, h, icon, iconButton, keyed, text, View} from "./dom.js";
import {send} from "./intents.js";
import {plainMaths} from "./maths.js";
import {openMenu} from "./menu.js";
import {avatar, roleBadge} from "./person.js";
import {richText} from "./rich-text.js";

/**
 * @typedef {{chat: Message[], you: You, slow: number, now: () => number, ended?: boolean, staff?: boolean, waiting?: HeldMessage[]}} ChatView
 */

const together = 150_000; // messages of one person within this time are drawn as one
const longest = 500;
const offered = 120_000; // how old one's own question may be to be offered to the board

/**
 * <chat-panel> shows the chat and writes to it, and offers who asks something
 * to ask it on the board. It sends "chat-say", "qa-ask" and, for staff, "mod-approve", "mod-reject", "mod-delete", "mod-mute" and "mod-ban". Being at the end of the chat
 * it stays there; scrolled up it says how many messages are new. For the
 * keyboard the messages are one stop, with the arrow keys from one to another.
 * @extends {View<ChatView>}
 */
export class ChatPanel extends View {
  #atEnd = true;
  #unseen = 0;
  #newest = 0;
  #replyTo = 0;
  /** Own questions that were asked on the board or not, as their author liked. @type {Set<number>} */ #settled = new Set();
  /** @type {ReturnType<typeof setInterval> | undefined} */ #tick;

  build() {
    this.classList.add("chat");
    this.list = h("ol");
    this.log = h("div", {class: "chat__log", role: "log", tabIndex: 0, aria: {label: t("chat.label")}}, this.list);
    this.log.addEventListener("scroll", () => this.#scrolled(), {passive: true});
    this.list.addEventListener("keydown", (event) => this.#walk(event));
    this.empty = h("div", {class: "empty"}, icon("chat"), h("p", {class: "empty__title"}, t("chat.empty")),
      h("p", {class: "empty__text"}, t("chat.empty.text")));
    this.pill = h("button", {type: "button", class: "chat__pill", hidden: true, onclick: () => this.#toEnd()});
    this.input = h("textarea", {class: "textarea", rows: 1, maxLength: longest, placeholder: t("chat.placeholder"),
      aria: {label: t("chat.placeholder")}, enterKeyHint: "send"});
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.form?.requestSubmit();
      } else if (event.key === "Escape" && this.#replyTo) {
        event.preventDefault();
        this.#reply(0);
      }
    });
    this.submit = h("button", {type: "submit", class: "btn btn--primary btn--icon", title: t("chat.send"),
      aria: {label: t("chat.send")}}, icon("send"), h("span", {class: "numeric", hidden: true}));
    this.quote = h("div", {class: "chat__quote", hidden: true}, h("span", {class: "truncate grow"}),
      iconButton("close", t("chat.reply.cancel"), {class: "btn btn--icon btn--quiet btn--small", onclick: () => this.#reply(0)}));
    this.refusal = h("p", {class: "error chat__refusal", role: "alert", hidden: true});
    this.form = h("form", {class: "chat__form", onsubmit: (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      void this.#say();
    }}, this.quote, this.refusal, h("div", {class: "chat__line"}, this.input, this.submit));
    this.closed = h("p", {class: "chat__closed", role: "status", hidden: true});
    this.append(h("div", {class: "chat__scroll"}, this.empty, this.log, this.pill), this.form, this.closed);
    this.#newest = 0;
    this.#atEnd = true;
  }

  connectedCallback() {
    super.connectedCallback();
    this.#tick = setInterval(() => this.#composer(), 500);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#tick);
  }

  /** @param {ChatView} view */
  update({chat, you, waiting}) {
    if (!this.list || !this.empty) return;
    const lines = withHeld(chat, you, waiting);
    this.empty.hidden = lines.length > 0;
    keyed(this.list, lines, (message) => message.id, (message) => (message.held ? this.#held(message) : this.#message(message)), (node, message, i) => {
      const before = lines[i - 1];
      if (message.held) text(node.querySelector(".message__note"), message.rule === undefined ? t(`chat.held.${message.held}`) : t("qa.state.waiting"));
      flag(node, "message--same", before && before.by.id === message.by.id && !message.reply_to && message.at - before.at < together);
    });
    this.#stop();
    const newest = chat.at(-1);
    if (newest && newest.id > this.#newest) {
      const fresh = chat.filter((message) => message.id > this.#newest && message.by.id !== you.id).length;
      if (this.#newest && !this.#atEnd) this.#unseen += fresh;
      this.#newest = newest.id;
    }
    if (this.#atEnd) this.#toEnd();
    this.#showPill();
    this.#composer();
  }

  /** @returns {HTMLElement[]} the buttons of the messages' menus, oldest first */
  #mores() {
    return [...(this.list?.querySelectorAll(".message__more") ?? [])].filter((node) => node instanceof HTMLElement);
  }

  /** Lets Tab stop at one message only: where the focus is, else at the newest. */
  #stop() {
    const mores = this.#mores();
    const at = mores.find((more) => more === document.activeElement) ?? mores.at(-1);
    for (const more of mores) more.tabIndex = more === at ? 0 : -1;
  }

  /** Goes to the message before or after with the arrow keys. @param {KeyboardEvent} event */
  #walk(event) {
    const mores = this.#mores();
    const at = mores.findIndex((more) => more === event.target);
    const to = at < 0 ? -1 : {ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: mores.length - 1}[event.key] ?? -1;
    if (to < 0 || to >= mores.length) return;
    event.preventDefault();
    mores[to].focus();
    this.#stop();
  }

  /** @param {Message} message */
  #message(message) {
    const {you} = this.view;
    const own = message.by.id === you.id;
    const more = iconButton("more", t("chat.more", {name: message.by.name}), {class: "btn btn--icon btn--quiet btn--small message__more"});
    more.onclick = () => openMenu(more, this.#acts(message));
    const quoted = message.reply_to ? this.view.chat.find((other) => other.id === message.reply_to) : undefined;
    const words = h("p", {class: "message__text"});
    richText(words, message.text, {author: own, links: true});
    return h("li", {class: own ? "message message--own" : "message", data: {id: message.id}},
      h("span", {class: "message__avatar"}, avatar(message.by)),
      h("div", {class: "message__body"},
        h("p", {class: "message__head"}, h("span", {class: "message__name"}, own ? t("chat.you") : message.by.name), roleBadge(message.by.role),
          h("time", {class: "message__time", dateTime: new Date(message.at).toISOString()}, time(message.at))),
        quoted ? h("p", {class: "message__quote truncate"}, `${quoted.by.name}: ${plainMaths(quoted.text)}`) : null,
        words, own ? this.#offer(message) : null),
      more);
  }

  /** A message that the class does not see: it waits for approval, or is one's own and was rejected. @param {Line} line */
  #held({id, by, at, text: said, rule}) {
    const own = rule === undefined;
    const words = h("p", {class: "message__text"});
    richText(words, said, {author: own});
    return h("li", {class: own ? "message message--own message--held" : "message message--held", data: {id}},
      h("span", {class: "message__avatar"}, avatar(by)),
      h("div", {class: "message__body"},
        h("p", {class: "message__head"}, h("span", {class: "message__name"}, own ? t("chat.you") : by.name),
          h("time", {class: "message__time", dateTime: new Date(at).toISOString()}, time(at))),
        words, h("p", {class: "message__note small"}), own ? null : h("p", {class: "message__offer"},
          h("button", {type: "button", class: "btn btn--small", onclick: () => quietly(send(this, "mod-approve", {item: id}))}, icon("check"), t("qa.approve")),
          h("button", {type: "button", class: "btn btn--small", onclick: () => quietly(send(this, "mod-reject", {item: id}))}, icon("close"), t("qa.reject")))));
  }

  /** Chat runs away with a question; on the board it stays until it is answered. @param {Message} message */
  #offer({id, text: words, at, is_question}) {
    const {staff, ended, now} = this.view;
    if (!is_question || staff || ended || this.#settled.has(id) || now() - at > offered) return null;
    const settle = (/** @type {string} */ said) => {
      this.#settled.add(id);
      const inside = offer.contains(document.activeElement);
      offer.replaceChildren(...(said ? [h("span", {class: "small faint"}, said)] : []));
      if (inside) this.input?.focus();
    };
    const offer = h("p", {class: "message__offer", role: "status"},
      h("button", {type: "button", class: "chip", onclick: () => {
        send(this, "qa-ask", {text: words}).then(() => settle(t("chat.asked")), (err) => settle(errorText(err)));
      }}, icon("question"), t("chat.ask")),
      iconButton("close", t("chat.ask.no"), {class: "btn btn--icon btn--quiet btn--small", onclick: () => settle("")}));
    return offer;
  }

  /** @param {Message} message @returns {import("./menu.js").MenuItem[]} */
  #acts(message) {
    const {staff, you} = this.view;
    /** @type {import("./menu.js").MenuItem[]} */
    const acts = [{label: t("chat.reply"), icon: "reply", act: () => this.#reply(message.id)}];
    if (!staff) return acts;
    acts.push({label: t("mod.delete"), icon: "trash", danger: true, act: () => quietly(send(this, "mod-delete", {item: message.id}))});
    if (message.by.id === you.id || message.by.role === "host") return acts;
    const user = message.by.id;
    acts.push("line", {title: message.by.name},
      {label: t("mod.mute.minutes", {n: 1}), icon: "mute", act: () => quietly(send(this, "mod-mute", {user, seconds: 60}))},
      {label: t("mod.mute.minutes", {n: 10}), icon: "mute", act: () => quietly(send(this, "mod-mute", {user, seconds: 600}))},
      {label: t("mod.ban"), icon: "ban", danger: true, act: () => quietly(send(this, "mod-ban", {user}))});
    return acts;
  }

  /** @param {number} id 0: none */
  #reply(id) {
    const message = this.view.chat.find((other) => other.id === id);
    this.#replyTo = message ? id : 0;
    if (!this.quote || !this.input) return;
    this.quote.hidden = !message;
    if (message) text(/** @type {Element} */ (this.quote.firstElementChild), t("chat.replying", {name: message.by.name, text: plainMaths(message.text)}));
    this.input.focus();
  }

  async #say() {
    const {input, refusal} = this;
    if (!input || !refusal || this.submit?.getAttribute("aria-disabled") === "true") return;
    const words = input.value.trim();
    if (!words) return;
    input.value = "";
    refusal.hidden = true;
    const replyTo = this.#replyTo;
    this.#reply(0);
    this.#atEnd = true;
    try {
      await send(this, "chat-say", replyTo ? {text: words, reply_to: replyTo} : {text: words});
    } catch (err) {
      if (!input.value) input.value = words; // nothing that somebody wrote is lost
      refusal.hidden = false;
      text(refusal, errorText(/** @type {any} */ (err)));
    }
  }

  /** What keeps this person from writing now, and for how long. */
  #composer() {
    if (!this.view || !this.form || !this.closed || !this.submit || !this.input) return;
    const {you, slow, chat, ended, now} = this.view;
    const muted = you.muted_until === -1 || you.muted_until > now();
    let why = "";
    if (ended) why = t("chat.ended");
    else if (you.muted_until === -1) why = t("chat.muted");
    else if (muted) why = t("chat.muted.for", {time: clock((you.muted_until - now()) / 1000)});
    this.form.hidden = why !== "";
    this.closed.hidden = why === "";
    text(this.closed, why);

    let wait = 0;
    if (slow > 0 && you.role === "viewer") {
      const last = withHeld(chat, you).findLast((message) => message.by.id === you.id);
      if (last) wait = Math.max(0, Math.ceil((last.at + slow * 1000 - now()) / 1000));
    }
    aria(this.submit, "disabled", wait > 0 ? true : null);
    const [picture, count] = /** @type {[SVGElement, HTMLElement]} */ ([...this.submit.children]);
    picture.toggleAttribute("hidden", wait > 0);
    count.hidden = wait === 0;
    text(count, String(wait));
    const hint = slow > 0 && you.role === "viewer" ? t("chat.slow", {n: slow}) : t("chat.placeholder");
    if (this.input.placeholder !== hint) this.input.placeholder = hint;
  }

  #scrolled() {
    const {log} = this;
    if (!log) return;
    this.#atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 48;
    if (this.#atEnd) this.#unseen = 0;
    this.#showPill();
  }

  #toEnd() {
    if (this.log) this.log.scrollTop = this.log.scrollHeight;
    this.#atEnd = true;
    this.#unseen = 0;
    this.#showPill();
  }

  /** The page calls it when the panel becomes visible: hidden things do not scroll. */
  shown() {
    if (this.#atEnd) this.#toEnd();
  }

  #showPill() {
    if (!this.pill) return;
    this.pill.hidden = this.#unseen === 0;
    text(this.pill, t("chat.new", {n: this.#unseen}));
  }
}

/** @typedef {Message & {held?: OwnHeld["state"], rule?: string}} Line */

/**
 * The chat with one's own messages that wait for approval or were rejected and,
 * for the staff, with all that wait, in order.
 * @param {Message[]} chat
 * @param {You} you
 * @param {HeldMessage[]} [waiting]
 * @returns {Line[]}
 */
function withHeld(chat, you, waiting = []) {
  const own = (you.held ?? []).filter(({id}) => !waiting.some((message) => message.id === id));
  if (own.length + waiting.length === 0) return chat;
  const by = {id: you.id, name: you.name, role: you.role};
  return [...chat, ...waiting.map((message) => ({...message, held: /** @type {const} */ ("waiting")})), ...own.map(({id, text: said, at, state}) => ({id, by, text: said, at, held: state}))].sort((a, b) => a.id - b.id);
}

/** The page shows what was refused; here there is nothing more to do. @param {Promise<any>} reply */
function quietly(reply) {
  reply.catch(() => {});
}

customElements.define("chat-panel", ChatPanel);
