/** Keeps one code on screen while its page is seen: draws, redraws, hides, and keeps the screen lit. */

import { keepAwake, letSleep } from "../wake_lock.js";

const TICK_MS = 250;

/**
 * @param {object} parts
 * @param {import("../../core/show.js").Show} parts.show
 * @param {object} parts.drawn see stage.js
 * @param {() => number} parts.now seconds, the phone's own
 * @param {() => void} parts.onChange another code is on screen, or none
 * @returns {() => void} to be called when the page is left
 */
export function keepShowing({ show, drawn, now, onChange }) {
  async function tick() {
    drawn.tick(show.iat, now());
    const before = show.iat;
    await show.tick();
    if (show.iat !== before) {
      drawn.tick(show.iat, now());
      onChange();
    }
  }

  function onVisibility() {
    // What is not looked at is not kept: a frozen page could otherwise come back with an old code.
    if (document.visibilityState === "hidden") show.hide();
    else keepAwake();
    tick();
  }

  const onHide = () => show.hide();
  const onResize = () => drawn.fit();
  show.surface = drawn;
  show.iat = null;
  const timer = setInterval(tick, TICK_MS);
  document.addEventListener("visibilitychange", onVisibility);
  window.addEventListener("pagehide", onHide);
  window.addEventListener("resize", onResize);
  keepAwake();
  tick();
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", onVisibility);
    window.removeEventListener("pagehide", onHide);
    window.removeEventListener("resize", onResize);
    show.hide();
    show.surface = null;
    letSleep();
  };
}
