/** Who scanned this person's code: where, when, with what result, and what was disclosed. Refused scans too. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { dayAndTime, hasWords, pick, problemWords, t } from "../language.js";

const ICONS = { accepted: "done", refused: "refused", undetermined: "undetermined" };

/** @param {object} app */
export function recordsView(app) {
  const list = h("div", { testid: "record-list", "aria-live": "polite" }, h("p", { class: "hint" }, t("loading")));

  async function load() {
    try {
      const { records } = await app.call("GET", "/wallet/api/v1/records");
      list.replaceChildren(records.length ? h("ul", { class: "plain-list" }, records.map(recordElement)) : h("p", {}, t("records.none")));
    } catch (error) {
      list.replaceChildren(h("p", { class: "notice warn", role: "alert" }, problemWords(error)));
    }
  }

  load();
  return { element: h("section", { class: "page" }, h("h2", {}, t("tab.records")), h("p", { class: "hint" }, t("records.why")), list) };
}

function recordElement(record) {
  const disclosed = record.disclosed.map((name) => (hasWords(`attribute.${name}`) ? t(`attribute.${name}`) : name));
  return h("li", { class: `record ${record.decision}`, testid: "record", "data-decision": record.decision, "data-scene": record.scene },
    h("p", { class: "record-head" }, h("strong", {}, pick(record.scene_title)), " · ", record.place),
    h("p", { class: "verdict-line" }, icon(ICONS[record.decision]), h("span", {}, t(`decision.${record.decision}`),
      record.decision === "accepted" ? "" : t("colon") + pick(record.message))),
    (record.marks ?? []).map((mark) => h("p", { class: "notice warn", testid: "record-mark" }, pick(mark))),
    h("p", { class: "hint" }, h("time", { datetime: new Date(record.at * 1000).toISOString() }, dayAndTime(record.at))),
    h("p", { class: "hint" }, t("records.disclosed"), t("colon"), disclosed.length ? disclosed.join(t("comma")) : t("records.nothing")));
}
