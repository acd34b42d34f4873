/** The head of the page: server's clock, connection, trust-list version, scans of today. */

import { UNREACHABLE } from "/wallet/core/api.js";
import { language, t } from "./words.js";

const EVERY_MS = 30_000;
const SOON_MS = 5000;
const LOCALES = { zh: "zh-CN", en: "en-GB" };

/** Asks for the terminal's state and shows it. */
export class Heartbeat {
  #terminal;
  #state = null;
  #link = "unknown";
  #timer = 0;

  /** @param {import("./terminal.js").Terminal} terminal */
  constructor(terminal) {
    this.#terminal = terminal;
  }

  start() {
    setInterval(() => this.#tick(), 250);
    window.addEventListener("online", () => this.beat());
    window.addEventListener("offline", () => this.tell("offline"));
    return this.beat();
  }

  async beat() {
    clearTimeout(this.#timer);
    try {
      this.#state = await this.#terminal.state();
      this.tell("online");
    } catch (error) {
      if (!error.code) throw error;
      this.tell(error.code === UNREACHABLE || error.status === 429 ? "offline" : "refused");
    }
    this.#timer = setTimeout(() => this.beat(), this.#link === "online" ? EVERY_MS : SOON_MS);
  }

  /** @param {"online"|"offline"|"refused"} link as seen by the last call */
  tell(link) {
    this.#link = link;
    this.write();
  }

  /** A scan was answered. */
  count() {
    if (this.#state) this.#state.scans_today += 1;
    this.tell("online");
  }

  /** Writes the words anew, also after a change of language. */
  write() {
    const link = document.getElementById("link");
    link.dataset.link = this.#link;
    link.lastElementChild.textContent = t(`link.${this.#link}`);
    if (!this.#state) return;
    document.getElementById("list-version").textContent = t("list.version", { version: this.#state.trust_list_version });
    document.getElementById("scans-today").textContent = t("scans.today", { count: this.#state.scans_today });
  }

  #tick() {
    document.getElementById("clock").textContent = new Intl.DateTimeFormat(LOCALES[language()],
      { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }).format(new Date(this.#terminal.now() * 1000));
  }
}
