/** Real-name check: name and ID number, once. */

import { h } from "../dom.js";
import { actionButton, field, form } from "../forms.js";
import { t } from "../language.js";
import { helpLink } from "./page.js";

/** @param {object} app */
export function realNameView(app) {
  return { element: h("section", { class: "page narrow" },
    h("h2", {}, t("real_name.title")), h("p", {}, t("real_name.why")),
    form({ testid: "real-name-form", autocomplete: "off" }, async ({ name, id_number: idNumber }) => {
      await app.account.confirmRealName(name, idNumber.toUpperCase());
      app.shell.render();
      await app.upkeep.now();
    },
    field(t("real_name.name"), { name: "name", type: "text", autocomplete: "off", maxlength: 50, testid: "name" }),
    field(t("real_name.id_number"), { name: "id_number", type: "text", autocomplete: "off", maxlength: 18, testid: "id-number",
      autocapitalize: "characters", spellcheck: "false" }, t("real_name.hint")),
    h("button", { class: "primary", testid: "confirm-real-name" }, t("real_name.submit"))),
    actionButton(t("me.sign_out"), { class: "plain", testid: "sign-out" }, () => app.signOut()),
    helpLink()) };
}
