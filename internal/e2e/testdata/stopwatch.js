// Measures, in the page of a viewer, when the first picture was shown after the
// page began to load and after it called the server, and reads the clock off
// each picture.
"use strict";

const stopwatch = {
  called: 0, // when the first socket was opened, in ms since the page began
  first: 0, // when the first picture was shown
  ages: [],
  unread: 0,

  /** Reads the clock of every picture of a video from now on. */
  read(video) {
    const canvas = document.createElement("canvas");
    canvas.width = 160;
    canvas.height = 96;
    const pen = canvas.getContext("2d", {willReadFrequently: true});
    const next = () => {
      pen.drawImage(video, 0, 0, canvas.width, canvas.height);
      const age = clock.age(pen, clock.now());
      if (Number.isNaN(age)) stopwatch.unread++;
      else stopwatch.ages.push(age);
      video.requestVideoFrameCallback(next);
    };
    video.requestVideoFrameCallback(next);
  },
};
globalThis.stopwatch = stopwatch;

{
  const source = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "srcObject");
  Object.defineProperty(HTMLMediaElement.prototype, "srcObject", {
    get: source.get,
    set(stream) {
      source.set.call(this, stream);
      if (stream && this instanceof HTMLVideoElement) {
        this.requestVideoFrameCallback(() => { stopwatch.first ||= performance.now(); });
      }
    },
  });
  const Socket = WebSocket;
  globalThis.WebSocket = class extends Socket {
    constructor(...options) {
      stopwatch.called ||= performance.now();
      super(...options);
    }
  };
}
