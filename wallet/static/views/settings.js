/** Settings of this phone: language, elder mode, size of text, motion; and what this wallet is. */

import { h } from "../dom.js";
import { elder, language, motion, setElder, setLanguage, setMotion, setTextSize, textSize,
  textSizes } from "../preferences.js";
import { t } from "../language.js";
import { page, part } from "./page.js";

/** @param {object} app */
export function settingsView(app) {
  const change = (set) => (value) => {
    set(value);
    app.shell.render();
  };
  const options = [
    choices("language", language(), [["zh", "中文"], ["en", "English"]], change(setLanguage)),
    choices("elder", elder() ? "on" : "off", ["off", "on"].map((value) => [value, t(`settings.elder.${value}`)]),
      change((value) => setElder(value === "on"))),
    choices("text", textSize(), textSizes().map((size) => [size, t(`settings.text.${size}`)]), change(setTextSize)),
    choices("motion", motion(), ["full", "still"].map((value) => [value, t(`settings.motion.${value}`)]),
      change(setMotion)),
  ];
  return { element: page(t("menu.settings"), { back: app.account.me?.person ? "me" : "" }, ...options,
    part(t("settings.about"), h("p", {}, t("settings.about.what")),
      h("p", { class: "hint" }, t("settings.about.kept")))) };
}

/** One of a few, as radio buttons: all are seen at once. */
function choices(name, chosen, options, choose) {
  return h("fieldset", { class: "choices" }, h("legend", {}, t(`settings.${name}`)),
    options.map(([value, words]) => h("label", { class: "choice" },
      h("input", { type: "radio", name, value, testid: `${name}-${value}`, checked: value === chosen,
        onchange: () => choose(value) }), h("span", {}, words))));
}
