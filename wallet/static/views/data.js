/** One's own data: taking it along as one signed file, and erasing it. */

import { eraseData, exportData, listKept, sendErasureMessage } from "../../core/personal_data.js";
import { h } from "../dom.js";
import { actionButton, field, form } from "../forms.js";
import { dayOf, pick, t } from "../language.js";
import { fetched, listOf } from "./fetched.js";
import { saveButton } from "./files.js";
import { page, part } from "./page.js";
import { sure } from "./sure.js";

/** @param {object} app */
export function dataView(app) {
  const file = h("div", { testid: "export-made", "aria-live": "polite" });
  const erasing = h("div", {});

  async function takeAlong() {
    const text = await exportData(app.call);
    file.replaceChildren(h("p", { class: "notice good-notice" }, t("data.ready")),
      saveButton(t("data.save"), { name: "city-code-my-data.jsonl", type: "application/jsonl", bytes: text,
        testid: "export-save" }));
  }

  async function askForPassword() {
    const { challenge } = await sendErasureMessage(app.call);
    erasing.replaceChildren(form({ testid: "erase-form" }, async ({ password }) => {
      await eraseData(app.call, { challenge, password });
      await app.forgetPerson();
    }, field(t("sign_in.password"), { name: "password", inputmode: "numeric", autocomplete: "one-time-code",
      maxlength: 6, testid: "erase-password" }, t("data.password_hint")),
    h("button", { class: "danger", testid: "erase-now" }, t("data.erase_yes"))));
    erasing.querySelector("input").focus();
  }

  const kept = fetched({ testid: "kept" }, async () => [h("p", {}, t("data.kept")),
    listOf((await listKept(app.call)).map(({ what, why, until }) =>
    h("article", { class: "row" }, h("p", {}, h("strong", {}, pick(what))),
      h("p", { class: "hint" }, pick(why), until && ` · ${t("data.kept_until", { time: dayOf(until) })}`))), "")]);

  erasing.replaceChildren(sure(t("data.erase"), { testid: "erase", look: "danger", effect: t("data.erase_effect"),
    yes: t("data.send_password") }, askForPassword));
  return { element: page(t("menu.data"), { back: "privacy" },
    part(t("data.export_title"), h("p", {}, t("data.export_why")),
      actionButton(t("data.export"), { class: "primary", testid: "export" }, takeAlong), file),
    part(t("data.erase_title"), h("p", {}, t("data.erase_why")), kept.element, erasing)) };
}
