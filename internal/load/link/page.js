// Peer connections of this page reach the server through a relay: of the
// addresses in a description that the server has sent, one is left, and it is
// the relay's.
"use strict";
(() => {
  const original = RTCPeerConnection.prototype.setRemoteDescription;
  const relay = "a=candidate:1 1 udp 2130706431 RELAY_HOST RELAY_PORT typ host";
  const rewrite = (section) => {
    const lines = section.split("\r\n");
    const first = lines.findIndex((line) => line.startsWith("a=candidate:"));
    if (first < 0) return section;
    lines[first] = relay;
    return lines.filter((line, i) => i === first || !line.startsWith("a=candidate:")).join("\r\n");
  };
  RTCPeerConnection.prototype.setRemoteDescription = function ({type, sdp}) {
    return original.call(this, {type, sdp: sdp.split(/(?=^m=)/m).map(rewrite).join("")});
  };
})();
