// A camera that films a clock: the page that asks for one gets a canvas which
// shows the time in black and white fields, so that whoever reads them from a
// picture that has come over the network knows how old it is.
"use strict";

const clock = {
  columns: 8,
  rows: 6,

  /** The time of this machine in milliseconds, the same in all its pages. */
  now: () => performance.timeOrigin + performance.now(),

  /** The fields that show a time: 24 bits of it, then what they are not, which shows whether they were read right. */
  fields(ms) {
    const bits = [...Array(24).keys()].map((i) => Math.floor(ms / 2 ** i) % 2 === 1);
    return [...bits, ...bits.map((on) => !on)];
  },

  /** Draws a time over a whole canvas. */
  draw(pen, ms) {
    const width = pen.canvas.width / clock.columns, height = pen.canvas.height / clock.rows;
    clock.fields(ms).forEach((on, i) => {
      pen.fillStyle = on ? "#fff" : "#000";
      pen.fillRect((i % clock.columns) * width, Math.floor(i / clock.columns) * height, width, height);
    });
  },

  /** Scatters dust along the edges of the fields, so that a picture costs what one of a person costs. */
  dust(pen) {
    const width = pen.canvas.width / clock.columns, height = pen.canvas.height / clock.rows;
    for (let i = 0; i < 30; i++) {
      pen.fillStyle = `hsl(${Math.random() * 360} 70% ${Math.random() * 100}%)`;
      const along = Math.random() * pen.canvas.width, across = Math.floor(Math.random() * clock.rows) * height;
      pen.fillRect(along, across, width / 12, height / 8);
    }
  },

  /** How old the picture is that a canvas holds, in milliseconds; NaN: it cannot be read. */
  age(pen, now) {
    const {width, height} = pen.canvas;
    const on = [...Array(48).keys()].map((i) => {
      const x = ((i % clock.columns) + 0.5) * width / clock.columns, y = (Math.floor(i / clock.columns) + 0.5) * height / clock.rows;
      return pen.getImageData(x, y, 1, 1).data[1] > 127;
    });
    const bits = on.slice(0, 24);
    if (bits.some((bit, i) => bit === on[24 + i])) return NaN;
    const shown = bits.reduce((sum, bit, i) => sum + (bit ? 2 ** i : 0), 0);
    const span = 2 ** 24;
    return ((Math.floor(now) % span) - shown + span) % span;
  },
};
globalThis.clock = clock;

{
  const original = navigator.mediaDevices?.getUserMedia;
  if (original) {
    navigator.mediaDevices.getUserMedia = async function (wants) {
      const stream = await original.call(this, wants);
      if (!wants?.video) return stream;
      const canvas = document.createElement("canvas");
      canvas.width = 1280;
      canvas.height = 720;
      const pen = canvas.getContext("2d");
      clock.draw(pen, clock.now());
      const camera = canvas.captureStream(30).getVideoTracks()[0];
      setInterval(() => {
        clock.draw(pen, clock.now());
        clock.dust(pen);
      }, 33);
      for (const track of stream.getVideoTracks()) track.stop();
      return new MediaStream([camera, ...stream.getAudioTracks()]);
    };
  }
}
