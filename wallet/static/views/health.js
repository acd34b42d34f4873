/** The health status with rule, evidence and validity, its history, and the appeal against a change. */

import { appeal, LONGEST_APPEAL, readHealthStatus } from "../../core/health_status.js";
import { h } from "../dom.js";
import { area, form } from "../forms.js";
import { icon } from "../icons.js";
import { dayAndTime, pick, t } from "../language.js";
import { fetched, listOf } from "./fetched.js";
import { page, part } from "./page.js";

const SHAPES = { dash: "dash", circle: "circle", triangle: "triangle", square: "square" };

/** @param {object} app */
export function healthView(app) {
  const content = fetched({ testid: "health" }, async () => {
    const { status, title, shape, until, appealDays, changes } = await readHealthStatus(app.call);
    return [h("p", { class: `health health-${shape}`, testid: "health-status", "data-status": status },
      icon(SHAPES[shape]), h("strong", {}, pick(title))),
      h("p", {}, until === null ? t("health.none") : t("health.until", { time: dayAndTime(until) })),
      part(t("health.changes"), listOf(changes.map((change) => changeElement(change, appealDays)),
        t("health.no_changes")))];
  });

  function changeElement(change, days) {
    return h("article", { class: "row", testid: "health-change" },
      h("p", {}, icon(SHAPES[change.shape]), h("strong", {}, pick(change.title)), " ",
        h("span", { class: "hint" }, dayAndTime(change.at))),
      h("p", {}, t("health.reason"), t("colon"), pick(change.reason)),
      change.basis && h("p", { class: "hint" }, t("health.basis"), t("colon"), change.basis),
      change.rule && h("p", { class: "hint" }, t("health.rule", { rule: change.rule, version: change.rule_version })),
      change.evidence_title && h("p", { class: "hint" }, t("health.evidence"), t("colon"),
        [pick(change.evidence_title), ...change.evidence.map(({ observed }) => dayAndTime(observed))].join(t("comma"))),
      change.appeal ? h("p", { class: "notice", testid: "appeal-state" }, t("health.appeal"), t("colon"),
        pick(change.appeal.state_title), t("stop"),
        t("health.due", { time: dayAndTime(change.appeal.due) })) : appealForm(change, days));
  }

  function appealForm(change, days) {
    return h("details", { class: "fold inner" }, h("summary", { testid: "appeal-open" }, t("health.appeal")),
      h("p", { class: "hint" }, t("health.appeal_why", { days })),
      form({ testid: "appeal-form" }, async ({ text }) => {
        await appeal(app.call, change.change, text);
        await content.load();
      }, area(t("health.appeal_text"), { id: `appeal-${change.change}`, name: "text", maxlength: LONGEST_APPEAL,
        testid: "appeal-text" }),
      h("button", { class: "primary", testid: "appeal-send" }, t("health.appeal_send"))));
  }

  return { element: page(t("menu.health"), {}, h("p", { class: "hint" }, t("health.why")), content.element) };
}
