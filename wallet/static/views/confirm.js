/**
 * A page that asks once more before something that cannot be undone. A page, because pop-ups get lost in elder mode.
 */

import { h } from "../dom.js";
import { actionButton } from "../forms.js";
import { t } from "../language.js";

const ACTS = {
  freeze: { words: "confirm.freeze", act: async (app) => {
    await app.freeze();
    app.shell.go("code");
  } },
  device: { words: "confirm.device", act: async (app, id) => {
    const here = id === app.device.id;
    await app.removeDevice(id);
    app.shell.go(here ? "code" : "devices");
  } },
};

/** @param {object} app @param {string[]} place what, and whose */
export function confirmView(app, [what, id = ""]) {
  const { words, act } = ACTS[Object.hasOwn(ACTS, what) ? what : "freeze"];
  const name = app.account.me.devices.find((device) => device.id === id)?.name ?? "";
  return { element: h("section", { class: "page narrow", testid: "confirm" },
    h("h2", {}, t(`${words}.title`, { name })), h("p", {}, t(`${words}.effect`)),
    actionButton(t(`${words}.yes`), { class: "danger", testid: "confirm-yes" }, () => act(app, id)),
    h("a", { class: "button plain", href: "#devices", testid: "confirm-no" }, t("confirm.no"))) };
}
