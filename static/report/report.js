// @ts-check
// The page of a class's report, for its staff: through the gate to what came
// of the class, and back to the gate when the server no longer lets them.

import {roomOf} from "../host/address.js";
import {enter, noFragment, takeFragment} from "../host/gate.js";
import {t} from "../i18n.js";
import {forget} from "../pages/identity.js";
import {ReportPage} from "./report-view.js";

const app = /** @type {HTMLElement} */ (document.getElementById("app"));
const room = roomOf(location.pathname);
let fragment = takeFragment();
/** @type {string | undefined} */
let refused; // the key of why, when they were sent back

for (;;) {
  document.title = `${t("report.page")} · Lyceum`;
  const {token} = await enter(app, {desk: "moderate", room, fragment, refused});
  fragment = noFragment;
  refused = await new Promise((resolve) => {
    const page = new ReportPage(app, {room, token, back: ({status, code}) => {
      page.close();
      if (status === 401) forget(room, token);
      resolve(status === 401 ? "host.back.expired" : code === "mod.banned" ? "host.back.banned" : "host.back.role");
    }});
  });
}
