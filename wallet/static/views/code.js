/** The main screen: the code, the scene, and in words whatever stands in the way of it. */

import { ALL_SCENES, goodUntil } from "../../core/grants.js";
import { h, toggle, write } from "../dom.js";
import { icon } from "../icons.js";
import { hasWords, pick, problemWords, skewWords, t, untilWhen } from "../language.js";
import { helpLink } from "./page.js";
import { keepShowing } from "./showing.js";
import { stage } from "./stage.js";
import { ticketsPanel } from "./tickets.js";

const TICKET_SCENE = "scenic_spot";

/** @param {object} app */
export function codeView(app) {
  const { show } = app;
  const drawn = stage(() => show.redraw(), app.account.me.guide ?? "");
  const offline = badge("offline-badge", "offline");
  const skew = h("p", { class: "notice warn", role: "status", testid: "skew-warning", hidden: true });
  const again = h("p", { class: "notice warn", testid: "sign-in-again", hidden: true }, t("code.sign_in_again"), " ",
    h("button", { type: "button", class: "small", testid: "sign-in-again-button", onclick: () => app.signInAgain() },
      t("sign_in.submit")));
  const obstacle = obstaclePanel(app);
  const tickets = ticketsPanel(app);
  const scenes = sceneSwitch(app, update);
  const whose = whoseSwitch(app);
  const digits = h("a", { class: "button plain", href: "#digit", testid: "digit-code-open" }, icon("bars"),
    t("digit.open"));
  const panel = h("div", { class: "panel", testid: "code-panel", "data-state": "preparing" }, drawn.element,
    obstacle.element);
  const prepared = h("p", { class: "prepared", testid: "prepared-until" });
  const element = h("section", { class: "code-page" }, h("h2", { class: "unseen" }, t("tab.code")),
    whose.element, offline.element, skew, again, panel, scenes.element, tickets.element, digits, prepared,
    h("p", { class: "prepared" }, t("code.screenshot")), h("p", { class: "prepared" }, t("code.bright")),
    helpLink());

  function update() {
    const now = app.trueNow();
    const until = goodUntil(app.device.grants, show.scene, now);
    const why = app.obstacle;
    panel.dataset.state = show.iat !== null ? "drawn" : why === "preparing" ? "preparing" : "none";
    obstacle.tell(why);
    offline.tell(app.online ? "" : until === null ? t("code.offline") : t("code.offline_until",
      { time: untilWhen(until, now) }));
    write(prepared, app.online && until !== null ? t("code.prepared", { time: untilWhen(until, now) }) : "");
    toggle(skew, app.clock.skewed);
    write(skew, skewWords(app.clock));
    toggle(again, app.account.expired);
    scenes.tell();
    whose.tell();
    tickets.tell(show.scene === TICKET_SCENE);
  }

  const leave = keepShowing({ show, drawn, now: app.phoneNow, onChange: update });
  return { element, update, leave };
}

function obstaclePanel(app) {
  const title = h("h3", {});
  const cure = h("p", {});
  const action = h("button", { type: "button", class: "primary", testid: "obstacle-action",
    onclick: () => app.overcome() });
  const element = h("div", { class: "obstacle", role: "status", testid: "no-code", hidden: true }, icon("warning"),
    title, cure, action);
  return { element, tell(why) {
    toggle(element, why !== null);
    if (why === null) return;
    element.dataset.reason = why === "problem" ? app.upkeep.problem.code : why;
    write(title, t(`reason.${why}`));
    write(cure, why === "problem" ? problemWords(app.upkeep.problem) : t(`reason.${why}.cure`));
    write(action, t(hasWords(`reason.${why}.action`) ? `reason.${why}.action` : "retry"));
    toggle(action, why !== "preparing");
  } };
}

/** The switch to the codes of those acted for; hidden for a person who acts for nobody. */
function whoseSwitch(app) {
  const element = h("nav", { class: "whose", "aria-label": t("code.whose"), testid: "whose", hidden: true });
  let shown = null;
  return { element, tell() {
    const { ties } = app.family;
    if (ties === shown) return;
    shown = ties;
    toggle(element, ties.length > 0);
    element.replaceChildren(h("a", { class: "button small", href: "#code", "aria-current": "page" }, icon("me"),
      t("code.mine")),
      ...ties.map(({ id, name }) => h("a", { class: "button small", href: `#family-code/${encodeURIComponent(id)}`,
        testid: "whose-tie" },
        icon("person"), name)));
  } };
}

function sceneSwitch(app, update) {
  const names = [ALL_SCENES, ...app.account.me.scenes.map(({ name }) => name)];
  const words = (name) => (hasWords(`scene.${name}`) ? t(`scene.${name}`) : pick(app.account.me.scenes.find((scene) => scene.name === name)?.title));
  const buttons = new Map(names.map((name) => [name, h("button",
    { type: "button", class: "scene", testid: `scene-${name}`,
    onclick: async () => {
      await app.show.setScene(name);
      update();
      app.upkeep.now();
    } }, icon(name), h("span", {}, words(name)))]));
  const element = h("div", { class: "scenes", role: "group", "aria-label": t("code.scene") }, ...buttons.values());
  return { element, tell() {
    for (const [name, button] of buttons) button.setAttribute("aria-pressed", String(name === app.show.scene));
  } };
}

function badge(testid, name) {
  const words = h("span", {});
  const element = h("p", { class: "badge", role: "status", testid, hidden: true }, icon(name), words);
  return { element, tell(text) {
    toggle(element, text !== "");
    write(words, text);
  } };
}
