/** Asks once more before something that cannot be undone: in place, because pop-ups get lost in elder mode. */

import { h } from "../dom.js";
import { actionButton } from "../forms.js";
import { t } from "../language.js";

/**
 * @param {string} label of the button
 * @param {{testid: string, effect: string, yes: string, look?: string, tone?: string}} asked effect: what will happen;
 *   look: class of the button; tone: class of the button that does it
 * @param {() => Promise<void>} act
 * @returns {HTMLElement}
 */
export function sure(label, { testid, effect, yes, look = "small", tone = "danger" }, act) {
  const element = h("div", { class: "sure" });
  const first = h("button", { type: "button", class: look, testid, onclick: ask }, label);

  function ask() {
    const again = actionButton(yes, { class: tone, testid: `${testid}-yes` }, act);
    element.replaceChildren(h("div", { class: "notice warn", role: "group" }, h("p", { role: "status" }, effect), again,
      h("button", { type: "button", class: "plain", testid: `${testid}-no`, onclick: calm }, t("confirm.no"))));
    again.querySelector("button").focus();
  }

  function calm() {
    element.replaceChildren(first);
    first.focus();
  }

  element.replaceChildren(first);
  return element;
}
