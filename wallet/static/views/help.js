/** Help that needs neither network nor sign-in. */

import { h } from "../dom.js";
import { t } from "../language.js";
import { page } from "./page.js";

const TOPICS = ["refused", "screenshot", "clock", "offline", "lost", "family", "paper", "privacy", "access", "people"];

/** @param {object} app */
export function helpView(app) {
  return { element: page(t("menu.help"), { back: app.account.me?.person ? "me" : "", testid: "help" },
    TOPICS.map((topic) => h("details", { class: "fold", testid: `help-${topic}` }, h("summary", {}, t(`help.${topic}`)),
      t(`help.${topic}.answer`).split("\n").map((line) => h("p", {}, line)))),
    h("a", { class: "button primary", href: `tel:${t("help.number")}`, testid: "call" }, t("help.call"))) };
}
