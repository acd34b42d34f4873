/** The digit code: bars for a one-dimensional scanner, and the same eighteen digits to be read aloud. */

import { ApiError, UNREACHABLE } from "../../core/api.js";
import { drawBars } from "../../core/code128.js";
import { groupsOf, writeDigitCode } from "../../core/digit.js";
import { STEP } from "../../core/totp.js";
import { h, size, toggle, write } from "../dom.js";
import { icon } from "../icons.js";
import { problemWords, t } from "../language.js";
import { keepAwake, letSleep } from "../wake_lock.js";
import { ring } from "./ring.js";

const TICK_MS = 250;
const BAR_HEIGHT = 110;
const PLACE = "#digit";

/** @param {object} app */
export function digitView(app) {
  const { digits } = app;
  const paper = digitPaper(app.platform.keys.hmac);
  const obstacle = obstacleBox(() => again());
  const next = h("button", { type: "button", class: "primary", testid: "digit-next", hidden: true, onclick: () => another() }, t("digit.next"));
  const element = h("section", { class: "page digit-page", testid: "digit-code", "data-state": "preparing" },
    h("h2", {}, t("digit.title")), h("p", { class: "digit-once" }, icon("warning"), t("digit.once")),
    h("div", { class: "panel" }, paper.element, obstacle.element), next,
    h("p", { class: "hint" }, t("digit.how")),
    h("a", { class: "button plain", href: "#code", testid: "digit-code-close" }, t("digit.back")));
  let problem = null;
  let fetching = false;
  let closed = false;

  async function supply() {
    const ready = app.device.id !== null && app.account.me?.csrf;
    if (fetching || problem || app.blocked || digits.standing || !ready) return;
    fetching = true;
    paper.clear();
    tell();
    try {
      await digits.next();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      problem = error;
      if (error.code === "device_removed") await app.block("device_removed");
    } finally {
      fetching = false;
    }
  }

  async function tick() {
    if (closed || document.visibilityState === "hidden") return;
    await supply();
    if (!closed && document.visibilityState !== "hidden") await paper.show(digits.standing ? digits.current : null, app.trueNow());
    if (closed || document.visibilityState === "hidden") paper.clear();
    tell();
  }

  /** What stands in the way, in words; null when nothing does. */
  function obstacleWords() {
    const fault = problem ?? app.upkeep.problem;
    if (app.blocked) return [t(`reason.${app.blocked}`), t(`reason.${app.blocked}.cure`)];
    if (paper.drawn || fetching) return null;
    if (fault && fault.code !== UNREACHABLE) return [t("digit.none"), problemWords(fault)];
    return app.online ? null : [t("digit.none"), t("digit.offline")];
  }

  function tell() {
    const words = obstacleWords();
    element.dataset.state = paper.drawn ? "drawn" : words === null ? "preparing" : "none";
    obstacle.tell(paper.drawn ? null : words ?? [t("digit.preparing"), ""], words !== null);
    toggle(next, paper.drawn);
  }

  function update() {
    if (app.blocked) paper.clear();
    // The network is back: what failed for the want of it is tried again.
    if (app.online && problem?.code === UNREACHABLE) problem = null;
    tick();
  }

  function another() {
    digits.finish();
    paper.clear();
    tick();
  }

  function again() {
    problem = null;
    app.upkeep.now();
    tick();
  }

  function onVisibility() {
    if (document.visibilityState === "hidden") paper.clear();
    else keepAwake();
    tick();
  }

  const onResize = () => paper.fit();
  const timer = setInterval(tick, TICK_MS);
  document.addEventListener("visibilitychange", onVisibility);
  window.addEventListener("resize", onResize);
  keepAwake();
  return { element, update, leave() {
    closed = true;
    clearInterval(timer);
    document.removeEventListener("visibilitychange", onVisibility);
    window.removeEventListener("resize", onResize);
    paper.clear();
    // Drawn anew in another language or size it is the same showing.
    if (location.hash !== PLACE) digits.finish();
    letSleep();
  } };
}

/** Bars, digits and countdown. */
function digitPaper(hmac) {
  const canvas = h("canvas", { testid: "digit-bars", role: "img", "aria-label": t("digit.bars"), width: 1, height: 1, class: "bars", hidden: true });
  const spoken = h("p", { class: "digit-text", testid: "digit-text" });
  const left = ring("digit-countdown");
  const element = h("div", { class: "digit-paper" }, canvas, spoken, left.element);
  let text = null;
  let shown = "";

  function fit() {
    if (text === null) return;
    const room = element.clientWidth || document.documentElement.clientWidth;
    size(canvas, drawBars(canvas, text, { room, height: BAR_HEIGHT, density: window.devicePixelRatio || 1 }));
  }

  function clear() {
    text = null;
    shown = "";
    canvas.width = 1;
    canvas.height = 1;
    delete canvas.dataset.iat;
    toggle(canvas, false);
    spoken.replaceChildren();
    left.tell(null);
  }

  return { element, fit, clear, get drawn() {
    return text !== null;
  }, async show(code, now) {
    if (code === null) {
      clear();
      return;
    }
    const showing = `${code.handle} ${Math.floor(now / STEP)}`;
    if (showing !== shown) {
      shown = showing;
      const written = await writeDigitCode({ ...code, now, hmac });
      // Another code was asked for, or none, while this one was being made.
      if (shown !== showing) return;
      text = written;
      spoken.replaceChildren(...groupsOf(text).flatMap((group) => [h("span", {}, group), " "]));
      toggle(canvas, true);
      fit();
      canvas.dataset.iat = String(now);
    }
    const seconds = STEP - (now % STEP);
    if (text !== null) left.tell({ seconds, share: seconds / STEP, words: t("digit.left", { seconds }) });
  } };
}

function obstacleBox(onRetry) {
  const title = h("h3", {});
  const cure = h("p", {});
  const retry = h("button", { type: "button", class: "primary", testid: "digit-retry", onclick: onRetry }, t("retry"));
  const element = h("div", { class: "obstacle", role: "status", testid: "no-digit-code" }, title, cure, retry);
  return { element, tell(words, canRetry) {
    toggle(element, words !== null);
    if (words === null) return;
    write(title, words[0]);
    write(cure, words[1]);
    toggle(retry, canRetry);
  } };
}
