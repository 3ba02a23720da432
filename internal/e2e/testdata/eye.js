// Looks at what a page receives, many times a second, as the browser measures
// it: what the network trials read.
"use strict";

const eye = {
  /** @type {RTCPeerConnection[]} */ connections: [],
  /** One look each: see look(). */ looks: [],

  /** What all connections together have received. */
  async look() {
    const now = {at: performance.now(), frames: 0, width: 0, freezes: 0, frozen: 0, lost: 0, received: 0, bytes: 0,
      samples: 0, concealed: 0, silent: 0, rtt: 0};
    for (const pc of eye.connections) {
      if (pc.connectionState === "closed") continue;
      for (const s of (await pc.getStats()).values()) {
        if (s.type === "candidate-pair" && s.nominated) now.rtt = s.currentRoundTripTime ?? 0;
        if (s.type !== "inbound-rtp") continue;
        now.lost += s.packetsLost ?? 0;
        now.received += s.packetsReceived ?? 0;
        now.bytes += s.bytesReceived ?? 0;
        if (s.kind === "video") {
          now.frames += s.framesDecoded ?? 0;
          now.width = s.frameWidth ?? 0;
          now.freezes += s.freezeCount ?? 0;
          now.frozen += s.totalFreezesDuration ?? 0;
        } else {
          now.samples += s.totalSamplesReceived ?? 0;
          now.concealed += s.concealedSamples ?? 0;
          now.silent += s.silentConcealedSamples ?? 0;
        }
      }
    }
    return now;
  },

  /** How wide the large picture is. */
  width() {
    const video = document.querySelector("class-stage video.stage__main");
    return video ? video.videoWidth : 0;
  },

  /** Looks on from now, until told otherwise. */
  begin() {
    eye.looks = [];
    eye.on = true;
    const again = async () => {
      if (!eye.on) return;
      eye.looks.push(await eye.look());
      setTimeout(again, 40);
    };
    void again();
    return performance.now();
  },

  /** What was seen since begin(). */
  end() {
    eye.on = false;
    return eye.looks;
  },
};

{
  globalThis.eye = eye;
  const Original = RTCPeerConnection;
  RTCPeerConnection = class extends Original {
    constructor(...options) {
      super(...options);
      eye.connections.push(this);
    }
  };
}
