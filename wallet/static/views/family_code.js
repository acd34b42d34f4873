/** The code of somebody whom the holder acts for: whose it is stands above it in large type. */

import { goodUntil } from "../../core/grants.js";
import { Show } from "../../core/show.js";
import { h, toggle, write } from "../dom.js";
import { icon } from "../icons.js";
import { hasWords, problemWords, skewWords, t, untilWhen } from "../language.js";
import { page } from "./page.js";
import { keepShowing } from "./showing.js";
import { stage } from "./stage.js";

/** @param {object} app @param {string[]} place the tie */
export function familyCodeView(app, [id]) {
  const tie = app.family.find(id);
  if (tie === null) return { element: page(t("menu.family"), { back: "family" },
    h("p", { testid: "tie-gone" }, t("family.code_gone"))) };
  const show = new Show({ device: app.device.actingFor(id), platform: app.platform, trueNow: app.trueNow,
    isBarred: (scene) => app.barred(scene) !== null });
  [show.scene] = tie.scenes;
  const drawn = stage(() => show.redraw(), app.account.me.guide ?? "");
  const obstacle = h("div", { class: "obstacle", role: "status", testid: "no-code", hidden: true }, icon("warning"),
    h("h3", {}, t("family.code_none")), h("p", {}));
  const skew = h("p", { class: "notice warn", role: "status", hidden: true });
  const prepared = h("p", { class: "prepared", role: "status" });
  const element = page(t("family.code", { name: tie.name }), { back: "family", testid: "family-code" }, skew,
    h("div", { class: "panel" }, drawn.element, obstacle), scenes(tie, show, update), prepared,
      h("p", { class: "hint" }, t("family.code_why")),
    h("p", { class: "hint" }, t("code.screenshot")));

  function update() {
    const now = app.trueNow();
    const until = goodUntil(app.device.grantsOf(id), show.scene, now);
    toggle(obstacle, show.iat === null);
    write(obstacle.querySelector("p"), why());
    write(prepared, until === null ? "" : t(app.online ? "code.prepared" : "code.offline_until",
      { time: untilWhen(until, now) }));
    toggle(skew, app.clock.skewed);
    write(skew, skewWords(app.clock));
    show.refresh();
  }

  function why() {
    if (app.family.find(id) === null) return t("family.code_gone");
    if (app.blocked) return t(`reason.${app.blocked}`);
    const barred = app.barred(show.scene);
    if (barred !== null) return t(`reason.${barred}.cure`);
    if (app.upkeep.problem) return problemWords(app.upkeep.problem);
    return t(app.online ? "reason.preparing.cure" : "reason.offline.cure");
  }

  const leave = keepShowing({ show, drawn, now: app.phoneNow, onChange: update });
  app.upkeep.now();
  return { element, update, leave };
}

/** A tie may hold at some places only; then one of them is chosen. */
function scenes(tie, show, update) {
  const buttons = tie.scenes.map((name) => h("button", { type: "button", class: "scene", testid: `scene-${name}`,
    "aria-pressed": String(name === show.scene),
    onclick: async () => {
      await show.setScene(name);
      buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(tie.scenes[at] === name)));
      update();
    } }, icon(name), h("span", {}, hasWords(`scene.${name}`) ? t(`scene.${name}`) : name)));
  return tie.scenes.length > 1 && h("div", { class: "scenes", role: "group", "aria-label": t("code.scene") }, buttons);
}
