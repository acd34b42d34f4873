/** The lock on the page: setting the PIN, closing, and asking for the PIN. */

import { keepAwake, letSleep } from "/wallet/static/wake_lock.js";
import { Lock } from "./lock.js";
import { isPin } from "./pin.js";
import { t } from "./words.js";

/** An abandoned PIN field would keep the keys of a hand scanner. */
const ASK_SECONDS = 30;
/** Staff who walk away leave no open page behind. What holders and hand scanners do does not count. */
const RELOCK_SECONDS = 180;
const STAFF = "[data-staff], #unlock-form";
const part = (id) => document.getElementById(id);
const seconds = () => Date.now() / 1000;

/** Joins page and lock. What only staff may touch is marked `data-staff` and is gone while the page is locked. */
export class LockPanel {
  #lock;
  #timer = 0;
  #problem = null;
  #touched = seconds();

  /** Called when the page is locked, by hand or by itself. */
  onClosed = () => {};

  /** @param {import("/wallet/core/store.js").Store} store @param {object} record of the terminal */
  constructor(store, record) {
    this.#lock = new Lock(store, record, () => this.write());
    part("pin-set").addEventListener("submit", (event) => this.#set(event));
    part("lock-now").addEventListener("click", () => {
      scrollTo(0, 0);
      fillTheScreen();
      return this.#lock.close();
    });
    part("pin-clear").addEventListener("click", () => this.#lock.clear());
    part("unlock").addEventListener("click", () => this.#ask(part("unlock-form").hidden));
    part("unlock-form").addEventListener("submit", (event) => this.#try(event));
    part("unlock-pin").addEventListener("input", () => this.#ask(true));
    // Browsers fill the screen and keep it lit only after a touch, and let go of both by themselves.
    document.addEventListener("pointerup", () => this.closed && fillTheScreen());
    document.addEventListener("visibilitychange", () => this.closed && keepAwake());
    // Not keys: a hand scanner's go wherever the focus was left.
    for (const kind of ["pointerdown", "input", "focusin"]) {
      document.addEventListener(kind, ({ target }) => {
        if (target.closest?.(STAFF)) this.#touched = seconds();
      });
    }
    setInterval(() => this.#tick(), 1000);
    this.write();
  }

  get closed() {
    return this.#lock.closed;
  }

  /** Writes the state anew, also after a change of language. */
  write() {
    const { closed, hasPin } = this.#lock;
    document.body.toggleAttribute("data-locked", closed);
    part("lock-state").textContent = closed ? t("lock.closed") : "";
    part("unlock").hidden = !closed;
    part("pin-set").hidden = hasPin;
    part("pin-known").hidden = !hasPin;
    part("pin-problem").textContent = this.#problem ? t(this.#problem) : "";
    if (closed) {
      this.onClosed();
      leaveNothing();
      keepAwake();
    } else {
      part("unlock-form").hidden = true;
      letSleep();
    }
    this.#tick();
  }

  async #set(event) {
    event.preventDefault();
    const [pin, again] = [part("pin-new").value, part("pin-again").value];
    part("pin-set").reset();
    if (pin !== again) this.#problem = "lock.differ";
    else if (!isPin(pin)) this.#problem = "lock.rule";
    else {
      this.#problem = null;
      // Before anything is waited for: a browser fills the screen at a touch, and not after it.
      fillTheScreen();
      await this.#lock.set(pin);
      scrollTo(0, 0);
    }
    this.write();
  }

  async #try(event) {
    event.preventDefault();
    const pin = part("unlock-pin").value;
    part("unlock-pin").value = "";
    part("unlock-said").textContent = t("lock.checking");
    const answer = await this.#lock.open(pin, seconds);
    part("unlock-said").textContent = answer === "open" ? "" : t(`lock.${answer}`);
    if (answer === "open") {
      this.#touched = seconds();
      if (document.fullscreenElement) await document.exitFullscreen();
      part("settings-open").focus();
    }
    this.#tick();
  }

  #ask(open) {
    clearTimeout(this.#timer);
    part("unlock-form").hidden = !open;
    part("unlock").setAttribute("aria-expanded", String(open));
    if (!open) {
      part("unlock-form").reset();
      part("unlock-said").textContent = "";
      return;
    }
    this.#timer = setTimeout(() => this.#ask(false), ASK_SECONDS * 1000);
    if (document.activeElement !== part("unlock-pin")) part("unlock-pin").focus();
  }

  #tick() {
    if (this.#lock.hasPin && !this.closed && seconds() - this.#touched >= RELOCK_SECONDS) this.#lock.close();
    const left = this.#lock.wait(seconds());
    part("unlock-try").disabled = left > 0;
    part("unlock-wait").textContent = left > 0 ? t("lock.seconds", { count: left }) : "";
  }
}

/** What staff typed or ticked is not for who comes next. */
function leaveNothing() {
  part("document-checked").checked = false;
  part("clinic-number").value = "";
  part("enrol-anew-link").value = "";
  document.activeElement?.closest("[data-staff]") && document.activeElement.blur();
}

/** A browser that does not, such as an iPhone's, stays as it is. */
function fillTheScreen() {
  if (!document.fullscreenElement) document.documentElement.requestFullscreen?.().catch(() => {});
}
