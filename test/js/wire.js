// A server made of objects: sockets that behave like the browser's, and a
// script's view of their other end. Time is node's mocked timers.

/** Lets promises and queued events run; mocked timers stand still. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));

/** The sockets that a client has dialled, oldest first. */
export class Wire {
  sockets = [];
  /** Whether a dialled socket opens; otherwise the network is dead. */
  up = true;

  constructor() {
    const wire = this;
    this.WebSocket = class {
      readyState = 0;
      onopen = null;
      onmessage = null;
      onclose = null;

      constructor(url, protocol) {
        Object.assign(this, {url, protocol});
        wire.sockets.push(new End(this));
        queueMicrotask(() => {
          if (!wire.up) return this.finish(1006);
          this.readyState = 1;
          this.onopen?.({});
        });
      }

      send(frame) {
        if (this.readyState !== 1) throw new Error("not open");
        wire.sockets.find((end) => end.socket === this).heard.push(JSON.parse(frame));
      }

      close(code = 1005) {
        this.readyState = 2;
        this.closedWith = code;
      }

      finish(code) {
        this.readyState = 3;
        this.onclose?.({code});
      }
    };
  }

  get last() {
    return this.sockets.at(-1);
  }
}

/** The server's end of one socket. */
class End {
  heard = [];

  constructor(socket) {
    this.socket = socket;
  }

  /** What the client has said since the last call. */
  take() {
    return this.heard.splice(0);
  }

  say(...messages) {
    this.socket.onmessage?.({data: JSON.stringify(messages.length === 1 ? messages[0] : messages)});
  }

  ok(re, data = {}) {
    this.say({re, type: "ok", data});
  }

  refuse(re, data) {
    this.say({re, type: "error", data});
  }

  /** Answers the hello that is waiting, and returns its data. */
  welcome(data = {}) {
    const [hello] = this.take();
    this.say({re: hello.id, type: "welcome", data: {you, epoch: "k3", seq: 10, now: 0, resumed: false, room, ...data}});
    return hello.data;
  }

  end(code) {
    this.socket.finish(code);
  }
}

export const you = {id: "u-ana", name: "Ana", role: "viewer", hand: false, muted_until: 0, votes: {}, upvotes: [], answers: [], quiz: null};
export const room = {id: "go-101", title: "Go", phase: "live", started_at: 0, ended_at: 0, slow: 0,
  stage: {live: false, by: null, since: 0, sources: []}, chat: [], questions: [], polls: [], quiz: null, count: 1, hands: []};

/** A numbered chat.said. */
export const said = (seq, prev, text = "x") =>
  ({seq, prev, type: "chat.said", data: {id: seq, by: {id: "u-bo", name: "Bo", role: "viewer"}, text, at: 0, reply_to: 0}});
