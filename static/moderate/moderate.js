// @ts-check
/** @import {Kept} from "../host/pass.js" */
// The moderator's page: through the gate to the console, and back to the gate
// when the server no longer accepts the token.

import {Client} from "../client/client.js";
import {closed} from "../client/protocol.js";
import {roomOf} from "../host/address.js";
import {enter, noFragment, takeFragment, waiting} from "../host/gate.js";
import {welcomed} from "../host/pass.js";
import {lang, onLang, t} from "../i18n.js";
import {forget} from "../pages/identity.js";
import {Console} from "./console.js";

const app = /** @type {HTMLElement} */ (document.getElementById("app"));
const room = roomOf(location.pathname);
let fragment = takeFragment();
/** @type {string | undefined} */
let refused; // the key of why, when they were sent back

/** Close codes after which a token is of no use here. @type {Record<number, string>} */
const sentBack = {
  [closed.token]: "host.back.token", [closed.expired]: "host.back.expired", [closed.banned]: "host.back.banned",
  [closed.refused]: "host.back.role",
};

for (;;) {
  document.title = `${t("mod.page")} · Lyceum`;
  const pass = await enter(app, {desk: "moderate", room, fragment, refused});
  fragment = noFragment;
  refused = await moderate(pass);
}

/**
 * Runs the console until the server sends the moderator back to the gate.
 * @param {Kept} pass
 * @returns {Promise<string>} why, as a text's key
 */
function moderate(pass) {
  return new Promise((resolve) => {
    const {token} = pass;
    const client = new Client({room, token, admin: true, lang});
    const banner = waiting(app);
    /** @type {Console | null} */
    let console = null;
    const quiet = onLang((which) => (client.lang = which));
    client.on("@welcome", () => {
      const {room: state} = client.state;
      if (state) welcomed(room, pass, state.title);
      console ??= new Console(app, {client, room});
    });
    client.on("@state", ({state, code}) => {
      banner.view = {state, code};
      if (state !== "closed" || !sentBack[code]) return;
      quiet();
      console?.close();
      if (code === closed.token || code === closed.expired) forget(room, token);
      resolve(sentBack[code]);
    });
    client.connect();
  });
}
