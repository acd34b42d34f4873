/** Me: the person, the devices that can show their code, loss, signing out. */

import { h } from "../dom.js";
import { actionButton } from "../forms.js";
import { icon } from "../icons.js";
import { dayAndTime, t } from "../language.js";

/** @param {object} app */
export function meView(app) {
  let { me } = app.account;
  const devices = h("ul", { class: "plain-list", testid: "device-list" });
  const fill = () => devices.replaceChildren(...me.devices.map((device) => deviceElement(app, device)));
  fill();
  const update = () => {
    if (app.account.me === me) return;
    me = app.account.me;
    fill();
  };
  return { update, element: h("section", { class: "page" }, h("h2", {}, t("tab.me")),
    h("dl", { class: "facts" }, h("dt", {}, t("real_name.name")), h("dd", { testid: "person-name" }, me.person.name),
      h("dt", {}, t("real_name.id_number")), h("dd", {}, me.person.id_number), h("dt", {}, t("sign_in.phone")), h("dd", {}, me.phone)),
    h("h3", {}, t("me.devices")), h("p", { class: "hint" }, t("me.devices_why")),
    devices,
    h("section", { class: "loss" }, h("h3", {}, icon("warning"), t("me.loss")), h("p", {}, t("me.loss_why")),
      h("a", { class: "button danger", href: "#confirm/freeze", testid: "freeze" }, t("me.freeze"))),
    actionButton(t("me.sign_out"), { class: "plain", testid: "sign-out" }, () => app.signOut())) };
}

function deviceElement(app, device) {
  const here = device.id === app.device.id;
  return h("li", { class: "device", testid: "device", "data-this": here ? "1" : "0" },
    h("p", {}, h("strong", {}, device.name), here && h("span", { class: "here" }, t("me.this_device"))),
    h("p", { class: "hint" }, t("me.since", { time: dayAndTime(device.enrolled_at) })),
    h("a", { class: "button small", href: `#confirm/device/${encodeURIComponent(device.id)}`, testid: "remove-device" }, t("me.remove")));
}
