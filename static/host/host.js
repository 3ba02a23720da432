// @ts-check
/** @import {Kept} from "./pass.js" */
// The host's page: through the gate into the studio, and back to the gate when
// the server no longer accepts the token.

import {Client} from "../client/client.js";
import {HostMedia} from "../client/media.js";
import {closed} from "../client/protocol.js";
import {lang, onLang, t} from "../i18n.js";
import {forget} from "../pages/identity.js";
import {roomOf} from "./address.js";
import {previewMaths} from "../elements/rich-text.js";
import {enter, noFragment, takeFragment, waiting} from "./gate.js";
import {welcomed} from "./pass.js";
import {Studio} from "./studio.js";

const app = /** @type {HTMLElement} */ (document.getElementById("app"));
const room = roomOf(location.pathname);
let fragment = takeFragment();
previewMaths(document.body); // in every editor
/** @type {string | undefined} */
let refused; // the key of why, when they were sent back

/** Close codes after which a token is of no use here. @type {Record<number, string>} */
const sentBack = {
  [closed.token]: "host.back.token", [closed.expired]: "host.back.expired", [closed.banned]: "host.back.banned",
  [closed.refused]: "host.back.role",
};

for (;;) {
  document.title = `${t("host.page")} · Lyceum`;
  const pass = await enter(app, {desk: "host", room, fragment, refused});
  fragment = noFragment;
  refused = await teach(pass);
}

/**
 * Runs the studio until the server sends the host back to the gate.
 * @param {Kept} pass
 * @returns {Promise<string>} why, as a text's key
 */
function teach(pass) {
  return new Promise((resolve) => {
    const {token} = pass;
    const client = new Client({room, token, lang});
    // H.264 is recorded as MP4, which every player knows; a browser that cannot encode it sends VP8.
    const publisher = new HostMedia(client, {codec: () => (client.state.room?.recording?.on || client.state.room?.records ? "video/h264" : "video/vp8")});
    /** @type {Studio | null} */
    let studio = null;
    const back = (/** @type {string} */ why) => {
      quiet();
      studio?.close();
      client.close();
      resolve(why);
    };
    const quiet = onLang((which) => (client.lang = which));
    client.on("@welcome", () => {
      const {you, room: state} = client.state;
      if (you?.role !== "host") return back("host.back.role");
      if (state) welcomed(room, pass, state.title);
      studio ??= new Studio(app, {client, room, token, publisher});
    });
    const banner = waiting(app);
    client.on("@state", ({state, code}) => {
      banner.view = {state, code};
      if (state !== "closed" || !sentBack[code]) return;
      if (code === closed.token || code === closed.expired) forget(room, token);
      back(sentBack[code]);
    });
    client.connect();
  });
}
