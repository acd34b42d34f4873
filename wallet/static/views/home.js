/** The first screen of elder mode: a few large choices, and in words whether the code can be shown. */

import { goodUntil } from "../../core/grants.js";
import { h, write } from "../dom.js";
import { icon } from "../icons.js";
import { t, untilWhen } from "../language.js";
import { canSpeak, speak } from "../speech.js";

const CHOICES = [["code", "code"], ["cards", "cards"], ["family", "family"], ["messages", "messages"], ["help", "help"],
  ["me", "more"]];

/** @param {object} app */
export function homeView(app) {
  const state = h("p", { class: "home-state", role: "status", testid: "home-state" });
  const unread = h("span", { class: "count", testid: "home-unread" });
  const element = h("section", { class: "home", testid: "home" }, h("h2", { class: "unseen" }, t("tab.home")), state,
    canSpeak() && h("button", { type: "button", class: "plain", testid: "speak",
      onclick: () => speak(state.textContent) }, icon("speak"), t("home.speak")),
    h("ul", { class: "plain-list choices-large" }, CHOICES.map(([place, picture]) => h("li", {},
      h("a", { class: place === "code" ? "large large-first" : "large", href: `#${place}`, testid: `home-${place}` },
        icon(picture), h("span", {}, t(`home.${place}`)),
        place === "messages" && unread))),
    h("li", {}, h("a", { class: "large", href: `tel:${t("help.number")}`, testid: "home-call" }, icon("call"),
      h("span", {}, t("home.call"))))));

  function update() {
    const now = app.trueNow();
    const until = goodUntil(app.device.grants, "all", now);
    const words = until === null ? ["home.preparing", "home.offline"] : ["home.ready", "home.ready_offline"];
    write(state, t(words[app.online ? 0 : 1], { time: until === null ? "" : untilWhen(until, now) }));
    write(unread, app.inbox.count > 0 ? t("messages.unread", { count: app.inbox.count }) : "");
  }

  return { element, update };
}
