/** How this terminal stands with the service: whether it may act, whether its store can be trusted. Kept over a reload. */

import { put, remove } from "./ledger.js";

const SUSPENDED = "suspended";
/** Wire names of the reasons by which the service says that this terminal may not act. */
const SUSPENSIONS = new Set(["terminal_not_allowed", "invalid_client"]);

/** What the parts of a terminal tell each other. */
export class Standing {
  #ledger;
  #since;

  /** The browser did not store what it was given: nothing is accepted until the next start. */
  failed = false;
  /** A stored scan could not be opened. */
  damaged = false;

  /** @param {import("./ledger.js").Ledger} ledger @param {number|undefined} since version of a profile, or a moment */
  constructor(ledger, since) {
    this.#ledger = ledger;
    this.#since = since ?? null;
  }

  /** @param {import("./ledger.js").Ledger} ledger @returns {Promise<Standing>} */
  static async load(ledger) {
    return new Standing(ledger, await ledger.fact(SUSPENDED));
  }

  /** Whether the service has said that this terminal may not act, and nothing newer since. */
  get suspended() {
    return this.#since !== null;
  }

  /** Hears a refusal of the service. @param {{code: string}} error @param {number} moment the later of profile and now */
  async hear(error, moment) {
    if (SUSPENSIONS.has(error.code)) await this.suspend(moment);
  }

  /** @param {number} moment of the suspension: the later of the profile in force and now */
  async suspend(moment) {
    if (this.suspended) return;
    this.#since = moment;
    await this.#ledger.change([put("fact", { name: SUSPENDED, value: moment })]);
  }

  /** Takes a signed profile for leave to act, if it was made since the suspension: no other is, played back. */
  async resume(profileVersion) {
    if (!this.suspended || profileVersion <= this.#since) return;
    await this.#ledger.change([remove("fact", SUSPENDED)]);
    this.#since = null;
  }

  /** @param {import("./ledger.js").StoreError} error */
  noteFailure(error) {
    this.failed ||= !error.passes;
  }
}
