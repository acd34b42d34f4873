/** The head of the page: the time, contact with the service, how old what it decides by is, what waits, what is wrong. */

import { UNREACHABLE } from "/wallet/core/api.js";
import { StoreError } from "./ledger.js";
import { language, t } from "./words.js";

const EVERY_MS = 30_000;
const SOON_MS = 5000;
const LOCALES = { zh: "zh-CN", en: "en-GB" };
const UNITS = [["day", 86_400], ["hour", 3600], ["minute", 60]];

/** Keeps contact, and shows how it stands. */
export class Heartbeat {
  #parts;
  #state = null;
  #waiting = 0;
  #link = "unknown";
  #timer = 0;

  /**
   * @param {object} parts those of `Sync`, and
   * @param {import("./sync.js").Sync} parts.sync
   * @param {import("./scanning.js").Scanning} parts.scanning
   */
  constructor(parts) {
    this.#parts = parts;
  }

  start() {
    setInterval(() => this.#tick(), 250);
    window.addEventListener("online", () => this.beat());
    window.addEventListener("offline", () => this.tell("offline"));
    return this.beat();
  }

  /** Makes one contact, and plans the next. */
  async beat() {
    clearTimeout(this.#timer);
    try {
      await this.#storing(() => this.#contact());
      await this.#count();
    } finally {
      // Whatever went wrong, contacts must go on.
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.beat(), this.#link === "online" ? EVERY_MS : SOON_MS);
    }
  }

  /** @param {"online"|"offline"|"refused"} link as seen by the last call */
  tell(link) {
    // Who was heard a moment ago is asked again soon.
    if (link !== "online" && this.#link === "online") {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.beat(), SOON_MS);
    }
    this.#link = link;
    this.#parts.scanning.connected = link !== "offline";
    this.write();
  }

  /** A scan was decided. @param {{here?: boolean}} verdict here: without the service */
  async count({ here = false }) {
    if (this.#state) this.#state.scans_today += 1;
    if (here) this.write();
    else this.tell("online");
    await this.#count();
    if (this.#link !== "online" || this.#waiting === 0) return;
    try {
      await this.#storing(() => this.#parts.sync.flush());
      await this.#count();
    } catch (error) {
      // The next beat says what is wrong.
      if (!error.code) throw error;
    }
  }

  /** Writes the words anew, also after a change of language. */
  write() {
    const link = part("link");
    const alone = this.#link === "offline" && this.#parts.scanning.decidesHere;
    link.dataset.link = alone ? "alone" : this.#link;
    link.lastElementChild.textContent = t(`link.${link.dataset.link}`);
    if (this.#state) {
      part("list-version").textContent = t("list.version", { version: this.#state.trust_list_version });
      part("scans-today").textContent = t("scans.today", { count: this.#state.scans_today });
    }
    this.#writeAges();
    part("waiting").textContent = this.#waiting > 0 ? t("waiting", { count: this.#waiting }) : "";
    part("faults").textContent = this.#faults().map((fault) => t(`fault.${fault}`)).join(" ");
  }

  async #contact() {
    const { standing, sync, terminal } = this.#parts;
    try {
      await sync.step();
      this.#state = await terminal.state();
      this.tell("online");
    } catch (error) {
      if (!error.code) throw error;
      this.tell(error.code === UNREACHABLE || error.status === 429 ? "offline" : "refused");
      await standing.hear(error, sync.moment());
      await sync.tidy();
    }
  }

  async #count() {
    await this.#storing(async () => {
      this.#waiting = await this.#parts.ledger.waiting();
    });
    this.write();
  }

  /** A browser that does not store is no reason to lose contact. */
  async #storing(work) {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#parts.standing.noteFailure(error);
    }
  }

  #writeAges() {
    const { bundle: { snapshot, trustList }, clock } = this.#parts;
    const now = clock.now();
    const said = (name, made) => (made === undefined || now === null ? "" : t(name, { age: ageOf(now - made) }));
    part("list-age").textContent = said("list.age", snapshot?.version);
    part("key-age").textContent = said("key.age", trustList?.issued);
  }

  #faults() {
    const { bundle: { profile, snapshot, trustList }, clock, standing } = this.#parts;
    if (trustList === null) return [];
    const now = clock.now();
    const fresh = snapshot && profile && now !== null && now < snapshot.expires && now - snapshot.version <= profile.listAge;
    const found = { suspended: standing.suspended, store_failed: standing.failed, store_damaged: standing.damaged,
      time_untrusted: now === null, profile_expired: profile === null || (now !== null && now >= profile.expires),
      lists_stale: now !== null && profile?.listAge > 0 && !fresh };
    return Object.keys(found).filter((name) => found[name]);
  }

  #tick() {
    const { clock, terminal } = this.#parts;
    const now = clock.now() ?? terminal.now();
    part("clock").textContent = new Intl.DateTimeFormat(LOCALES[language()],
      { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }).format(new Date(now * 1000));
  }
}

function ageOf(seconds) {
  const [unit, length] = UNITS.find(([, least]) => seconds >= least) ?? ["now", 1];
  return t(`age.${unit}`, { count: Math.floor(seconds / length) });
}

function part(id) {
  return document.getElementById(id);
}
