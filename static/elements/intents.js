// @ts-check
// How wishes leave the elements. An Intent is an event named after the
// protocol's command with "-" for "." ("chat.say" is "chat-say"), and its
// detail is the command's data. Elements know no socket; the page binds them
// to its client once.

/** @typedef {{command(type: string, data: object): Promise<any>, request(type: string, data: object): Promise<any>}} Door */

export class Intent extends CustomEvent {
  /** What became of it: settles when the page has an answer. @type {Promise<any>} */
  reply = Promise.resolve(undefined);

  /** @param {string} type @param {object} detail */
  constructor(type, detail) {
    super(type, {detail, bubbles: true, composed: true, cancelable: true});
  }

  /** Called by whoever carries it out. @param {Promise<any>} reply */
  respondWith(reply) {
    this.reply = reply;
    this.stopPropagation();
  }
}

/**
 * Sends a wish up from node; the promise is the answer, and is rejected with
 * the refusal ({code, text, retryMs}).
 * @param {EventTarget} node
 * @param {string} type
 * @param {object} [detail]
 * @returns {Promise<any>}
 */
export function send(node, type, detail = {}) {
  const intent = new Intent(type, detail);
  node.dispatchEvent(intent);
  return intent.reply;
}

/** Commands that elements may send; the first list is kept in the log. */
const commands = ["chat.say", "hand.raise", "hand.lower", "qa.ask", "qa.upvote", "qa.unvote", "qa.answer", "qa.pin",
  "qa.unpin", "qa.reply", "qa.label", "qa.dismiss", "qa.restore", "qa.hold", "qa.approve", "qa.reject", "qa.merge", "qa.expert", "qa.focus", "poll.create", "poll.edit", "poll.open", "poll.close", "poll.drop", "poll.vote", "poll.retract",
  "poll.show", "poll.remove", "poll.quick", "room.topic", "room.segment", "shelf.pin", "survey.create", "survey.edit", "survey.drop", "survey.open", "survey.answer", "survey.close", "survey.show", "quiz.create",
  "quiz.edit", "quiz.drop", "quiz.ask", "quiz.answer", "quiz.close", "quiz.reveal", "quiz.finish", "quiz.join", "quiz.pause", "quiz.resume",
  "quiz.extend", "quiz.allow", "room.open",
  "room.end", "room.set", "role.set", "stage.go", "stage.invite", "stage.accept", "stage.leave", "stage.admit", "stage.remove", "stage.switch", "stage.pin", "stage.move", "stage.layout", "stage.rules", "mod.delete", "mod.approve", "mod.reject", "mod.mute", "mod.unmute", "mod.ban", "mod.unban",
  "mod.slow", "suggest.click", "suggest.dismiss"];
const queries = ["chat.react", "people.list", "quiz.practise", "quiz.check", "qa.similar", "poll.missing", "survey.texts", "pulse.say", "mod.audit"];

/** What helps and is not missed where it fails: nobody is told. */
const helpful = new Set(["qa.similar"]);

/**
 * Carries the intents that rise to root out through client. A refusal goes to
 * onError and back to the element that asked.
 * @param {EventTarget} root
 * @param {Door} client
 * @param {(err: any, type: string) => void} onError
 * @returns {() => void} ends it
 */
export function bindIntents(root, client, onError) {
  const stop = new AbortController();
  /** @param {string} type @param {(data: object) => Promise<any>} act */
  const listen = (type, act) =>
    root.addEventListener(type.replace(".", "-"), (event) => {
      if (!(event instanceof Intent)) return;
      const reply = act(event.detail);
      reply.catch((err) => helpful.has(type) || onError(err, type));
      event.respondWith(reply);
    }, {signal: stop.signal});
  for (const type of commands) listen(type, (data) => client.command(type, data));
  for (const type of queries) listen(type, (data) => client.request(type, data));
  return () => stop.abort();
}
