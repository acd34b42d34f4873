/** Me: the person, and the way to everything that is not a tab. */

import { h } from "../dom.js";
import { actionButton } from "../forms.js";
import { icon } from "../icons.js";
import { t } from "../language.js";

/** Places of the menu with their pictures. */
const MENU = [["family", "family"], ["paper", "paper"], ["health", "health"], ["privacy", "privacy"],
  ["devices", "phone"], ["place", "camera"],
  ["errands", "government"], ["settings", "settings"], ["help", "help"]];

/** @param {object} app */
export function meView(app) {
  const { me } = app.account;
  return { element: h("section", { class: "page" }, h("h2", {}, t("tab.me")),
    h("dl", { class: "facts" }, h("dt", {}, t("real_name.name")), h("dd", { testid: "person-name" }, me.person.name),
      h("dt", {}, t("real_name.id_number")), h("dd", {}, me.person.id_number), h("dt", {}, t("sign_in.phone")),
        h("dd", {}, me.phone)),
    h("ul", { class: "plain-list menu" }, MENU.map(([place, picture]) => h("li", {},
      h("a", { class: "menu-row", href: `#${place}`, testid: `to-${place}` }, icon(picture),
        h("span", {}, t(`menu.${place}`)))))),
    actionButton(t("me.sign_out"), { class: "plain", testid: "sign-out" }, () => app.signOut())) };
}
