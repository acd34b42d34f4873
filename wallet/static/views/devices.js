/** Devices that can show the code, sessions that are signed in, and loss. */

import { endOtherSessions, endSession, listSessions } from "../../core/sessions.js";
import { h } from "../dom.js";
import { actionButton } from "../forms.js";
import { icon } from "../icons.js";
import { dayAndTime, t } from "../language.js";
import { fetched, listOf } from "./fetched.js";
import { page, part } from "./page.js";
import { sure } from "./sure.js";

/** @param {object} app */
export function devicesView(app) {
  let { me } = app.account;
  const devices = h("ul", { class: "plain-list", testid: "device-list" });
  const fill = () => devices.replaceChildren(...me.devices.map((device) => deviceElement(app, device)));
  const sessions = fetched({ testid: "sessions" }, async () => {
    const found = await listSessions(app.call);
    return [listOf(found.map(sessionElement), t("sessions.none")),
      found.length > 1 && actionButton(t("sessions.end_others"), { class: "plain", testid: "end-others" },
      async () => {
        await endOtherSessions(app.call);
        await sessions.load();
      })];
  });

  function sessionElement(session) {
    return h("article", { class: "row", testid: "session", "data-this": session.current ? "1" : "0" },
      h("p", {}, icon("phone"), h("strong", {}, session.device ?? t("sessions.no_device")),
        session.current && h("span", { class: "here" }, t("me.this_device"))),
      h("p", { class: "hint" }, t("sessions.since", { time: dayAndTime(session.started_at) }), " · ",
        t("sessions.seen", { time: dayAndTime(session.seen_at) })),
      !session.current && actionButton(t("sessions.end"), { class: "small", testid: "end-session" }, async () => {
        await endSession(app.call, session.id);
        await sessions.load();
      }));
  }

  fill();
  const update = () => {
    if (app.account.me === me || app.account.me === null) return;
    me = app.account.me;
    fill();
  };
  return { update, element: page(t("menu.devices"), {},
    h("section", { class: "loss" }, h("h3", {}, icon("warning"), t("me.loss")), h("p", {}, t("me.loss_why")),
      sure(t("me.freeze"), { testid: "freeze", look: "danger", effect: t("confirm.freeze.effect"),
        yes: t("confirm.freeze.yes") }, async () => {
        await app.freeze();
        app.shell.go("code");
      })),
    part(t("me.devices"), h("p", { class: "hint" }, t("me.devices_why")), devices),
      part(t("sessions.title"), h("p", { class: "hint" }, t("sessions.why")), sessions.element)) };
}

function deviceElement(app, device) {
  const here = device.id === app.device.id;
  return h("li", { class: "device", testid: "device", "data-this": here ? "1" : "0" },
    h("p", {}, h("strong", {}, device.name), here && h("span", { class: "here" }, t("me.this_device"))),
    h("p", { class: "hint" }, t("me.since", { time: dayAndTime(device.enrolled_at) })),
    sure(t("me.remove"), { testid: "remove-device", effect: t("confirm.device.effect"), yes: t("confirm.device.yes") },
      async () => {
        await app.removeDevice(device.id);
        if (here) app.shell.go("code");
      }));
}
