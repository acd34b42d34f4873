/** Who scanned this person's code: where, when, with what result, and what was disclosed. Refused scans too. */

import { dispute, DISPUTE_KINDS, listRecords, LONGEST_DISPUTE } from "../../core/records.js";
import { h } from "../dom.js";
import { area, choice, form } from "../forms.js";
import { icon } from "../icons.js";
import { attribute, dayAndTime, pick, t } from "../language.js";
import { fetched, listOf } from "./fetched.js";
import { page } from "./page.js";

const ICONS = { accepted: "done", refused: "refused", undetermined: "undetermined" };

/** @param {object} app */
export function recordsView(app) {
  const list = fetched({ testid: "record-list" },
    async () => listOf((await listRecords(app.call)).map((record) => recordElement(record, true)), t("records.none")));
  return { element: h("section", { class: "page" }, h("h2", {}, t("tab.records")),
    h("p", { class: "hint" }, t("records.why")), list.element) };
}

/**
 * "This was not me", or something in it is wrong.
 *
 * @param {object} app
 * @param {string[]} place the record's identifier
 */
export function recordView(app, [id]) {
  const content = fetched({ testid: "record-page" }, async () => {
    const record = (await listRecords(app.call)).find((entry) => entry.id === id);
    if (!record) return h("p", {}, t("records.gone"));
    return [recordElement(record, false), record.disputable && disputeForm(record)];
  });

  function disputeForm(record) {
    return form({ testid: "dispute-form" }, async (word) => {
      await dispute(app.call, record.id, word);
      await content.load();
    }, choice(t("dispute.kind"), { name: "kind", testid: "dispute-kind" },
      DISPUTE_KINDS.map((kind) => [kind, t(`dispute.${kind}`)])),
    area(t("dispute.text"), { name: "text", required: false, maxlength: LONGEST_DISPUTE, testid: "dispute-text" }),
    h("p", { class: "hint" }, t("dispute.then")),
    h("button", { class: "primary", testid: "dispute-send" }, t("dispute.send")));
  }

  return { element: page(t("dispute.title"), { back: "records", narrow: true }, content.element,
    h("a", { class: "button plain", href: "#devices" }, t("dispute.freeze"))) };
}

function recordElement(record, linked) {
  return h("article", { class: `record ${record.decision}`, testid: "record", "data-decision": record.decision,
    "data-scene": record.scene },
    h("p", { class: "record-head" }, h("strong", {}, pick(record.scene_title)), " · ", record.place),
    h("p", { class: "verdict-line" }, icon(ICONS[record.decision]), h("span", {}, t(`decision.${record.decision}`),
      record.decision === "accepted" ? "" : t("colon") + pick(record.message))),
    (record.marks ?? []).map((mark) => h("p", { class: "notice warn", testid: "record-mark" }, pick(mark))),
    record.shown_for && h("p", { class: "hint" }, t("records.shown_for", { name: record.shown_for })),
    record.shown_by && h("p", { class: "hint" }, t("records.shown_by", { name: record.shown_by })),
    h("p", { class: "hint" }, h("time", { datetime: new Date(record.at * 1000).toISOString() }, dayAndTime(record.at)),
      " · ", t(record.online ? "records.online" : "records.offline")),
    h("p", { class: "hint" }, t("records.disclosed"), t("colon"),
      record.disclosed.map(attribute).join(t("comma")) || t("records.nothing")),
    record.dispute && h("p", { class: "notice", testid: "dispute-state", "data-state": record.dispute },
      pick(record.dispute_title),
      record.reply && `${t("colon")}${record.reply}`),
    linked && record.disputable && h("a", { class: "button small", href: `#record/${encodeURIComponent(record.id)}`,
      testid: "dispute-open" }, t("dispute.open")));
}
