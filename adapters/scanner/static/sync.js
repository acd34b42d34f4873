/** Contact with the service: time, trust list, profile and lists come, scans go, as in `adapters/terminal/sync.py`. */

import { UNREACHABLE } from "/wallet/core/api.js";
import { MAX_PROFILE } from "/wallet/core/profile.js";
import { DocumentError } from "/wallet/core/signed.js";
import { MAX_DOCUMENT, OlderError } from "/wallet/core/snapshot.js";
import { readUnsigned, TrustListError } from "/wallet/core/trust_list.js";
import { MAX_SCANS, MAX_UPLOAD, writeUpload } from "/wallet/core/upload.js";
import { put } from "./ledger.js";

/** Seconds for which a profile, and a whole snapshot beside its deltas, are good enough. */
const PROFILE_EVERY = 60;
const WHOLE_EVERY = 600;
const TIDY_EVERY = 60;
/** Seconds that a fresh profile and the service's own clock may differ; a profile played back is older. */
const TIME_APART = 90;
/** Seconds that a profile may take to come if it is to set the clock, which is wrong by half of that at most. */
const SLOWEST_TIME = 10;
const MAX_TRUST_LIST = 65_536;
const MAX_STEPS = 1000;
const ITEM_ROOM = MAX_UPLOAD - 1024;
const ITEM_FRAME = 16;

/** Keeps one terminal in step. One contact at a time. */
export class Sync {
  #parts;
  #due = { profile: 0, whole: 0, tidy: 0 };
  #tag = null;
  #turn = Promise.resolve();

  /**
   * @param {object} parts
   * @param {{terminal: string, scene: string, pin: string|null}} parts.identity
   * @param {{kid: Uint8Array, sign: Function}} parts.key of this terminal, for uploads
   * @param {import("./terminal.js").Terminal} parts.terminal for its token
   * @param {import("./documents.js").Documents} parts.documents
   * @param {import("./ledger.js").Ledger} parts.ledger
   * @param {import("./bundle.js").Bundle} parts.bundle
   * @param {import("./kept_time.js").KeptTime} parts.clock
   * @param {import("./standing.js").Standing} parts.standing
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Makes one contact, all of it. @throws {ApiError} */
  step() {
    return this.#inTurn(async () => {
      try {
        await this.#followTrustList();
        await this.#fetchProfile();
        await this.#fetchLists();
      } catch (error) {
        if (!error.code || error.code === UNREACHABLE) throw error;
        // What was scanned is handed over, whatever the service thinks of this terminal.
        await this.#uploadAll();
        throw error;
      }
      await this.#uploadAll();
      await this.tidy();
    });
  }

  /** Uploads what waits, and nothing else. @throws {ApiError} */
  flush() {
    return this.#inTurn(() => this.#uploadAll());
  }

  /** @returns {number} the later of the profile in force and now: a suspension holds against everything signed before */
  moment() {
    const { bundle, clock } = this.#parts;
    return Math.max(bundle.profile?.version ?? 0, clock.now() ?? 0);
  }

  /** Forgets marks that have had their time, and remembers that time went by: who idles lives through it as well. */
  async tidy() {
    const { clock, ledger } = this.#parts;
    const now = clock.now();
    if (now === null || clock.steady() < this.#due.tidy) return;
    this.#due.tidy = clock.steady() + TIDY_EVERY;
    await ledger.purge(now);
    await ledger.change([put("fact", { name: "clock", value: clock.kept() })]);
  }

  #inTurn(work) {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #followTrustList() {
    const { bundle, documents, identity } = this.#parts;
    await this.#noting(async () => {
      const found = await orNone(documents.get("/trust-list", { longest: MAX_TRUST_LIST }));
      if (found === null) return;
      const newest = found.bytes;
      if (bundle.trustList === null) {
        await bundle.begin(newest, identity.pin);
        return;
      }
      const offered = await readUnsigned(newest);
      const last = Math.min(offered.version, bundle.trustList.version + MAX_STEPS);
      for (let version = bundle.trustList.version + 1; version <= last; version += 1) {
        const bytes = version === offered.version ? newest : (await documents.get(`/trust-list/${version}`, { longest: MAX_TRUST_LIST })).bytes;
        await bundle.takeTrustList(bytes, this.#roughTime());
      }
    });
  }

  async #fetchProfile() {
    const { bundle, clock, documents, identity, ledger, standing, terminal } = this.#parts;
    const needed = clock.now() === null || bundle.profile === null || standing.suspended;
    if (bundle.trustList === null || (clock.steady() < this.#due.profile && !needed)) return;
    const asked = clock.steady();
    const { bytes } = await terminal.authorised((token) => documents.get("/terminals/v1/profile", { longest: MAX_PROFILE, token }));
    // A kept time that is wrong must not keep the right one out: the service's own word is asked first.
    const rough = documents.saidAt ?? this.#roughTime();
    const took = clock.steady() - asked;
    await this.#noting(async () => {
      await bundle.takeProfile(bytes, { ...identity, now: rough });
      const { version } = bundle.profile;
      if (Math.abs(version - rough) <= TIME_APART && took <= SLOWEST_TIME && clock.set(version, asked)) {
        await ledger.change([put("fact", { name: "clock", value: clock.kept() })]);
      }
      await standing.resume(version);
      this.#due.profile = asked + PROFILE_EVERY;
    });
  }

  async #fetchLists() {
    const { bundle, clock, documents } = this.#parts;
    const now = clock.now();
    if (now === null || bundle.trustList === null) return;
    await this.#noting(async () => {
      while (bundle.snapshot !== null) {
        const delta = await orNone(documents.get(`/snapshot/deltas/${bundle.snapshot.version}`, { longest: MAX_DOCUMENT }));
        if (delta === null || !await bundle.takeLists(delta.bytes, now)) break;
      }
    }, () => {
      this.#due.whole = 0;
    });
    if (bundle.snapshot !== null && clock.steady() < this.#due.whole) return;
    await this.#noting(async () => {
      const whole = await orNone(documents.get("/snapshot", { longest: MAX_DOCUMENT, tag: bundle.snapshot && this.#tag }));
      if (whole !== null && !whole.unchanged) {
        try {
          await bundle.takeLists(whole.bytes, now);
        } catch (error) {
          // Deltas have led beyond it.
          if (!(error instanceof OlderError)) throw error;
        }
        this.#tag = whole.tag;
      }
      this.#due.whole = clock.steady() + WHOLE_EVERY;
    });
  }

  async #uploadAll() {
    while (await this.#upload());
  }

  /** Hands over one part of the queue; true when more waits. */
  async #upload() {
    const { documents, identity, key, ledger, standing } = this.#parts;
    const { last } = ledger;
    const items = fitting(await ledger.scans(MAX_SCANS));
    if (items.length === 0) return false;
    standing.damaged ||= items.some(([, item]) => item.length === 0);
    const answer = await documents.upload(await writeUpload({ terminal: identity.terminal, stream: ledger.stream, last, items }, key));
    // Only what the service names is forgotten, and only what was sent.
    const sent = new Set(items.map(([seq]) => seq));
    const done = [answer.stored, answer.quarantined].filter(Array.isArray).flat().filter((seq) => sent.has(seq));
    const waiting = await ledger.confirm(done);
    // Nobody has signed this answer: it takes the leave to act, and only a profile gives it back.
    if (answer.state === "suspended") await standing.suspend(this.moment());
    return done.length > 0 && waiting > 0;
  }

  /** The kept time, else what the service says on its own word: enough to ask, not to decide. */
  #roughTime() {
    const { clock, documents } = this.#parts;
    return clock.now() ?? documents.saidAt ?? clock.deviceTime();
  }

  /** A document that is refused changes nothing: contact goes on without it. */
  async #noting(take, refused = () => {}) {
    try {
      await take();
    } catch (error) {
      if (!(error instanceof DocumentError) && !(error instanceof TrustListError)) throw error;
      console.warn("refused:", error.message);
      refused();
    }
  }
}

function fitting(found) {
  let room = ITEM_ROOM;
  return found.filter(([, item]) => {
    room -= item.length + ITEM_FRAME;
    return room >= 0;
  });
}

async function orNone(asked) {
  try {
    return await asked;
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}
