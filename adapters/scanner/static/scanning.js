/**
 * From a reading to a stored verdict, with the service or without it: the same steps as `adapters/terminal/runtime.py`.
 *
 * While there is contact the service decides. Without it the verifier and the scene's rules decide here. No verdict leaves
 * before its scan is on the disk, in the numbering that the service reconciles.
 */

import { UNREACHABLE } from "/wallet/core/api.js";
import { PAPER } from "/wallet/core/claims.js";
import { isDigitCode } from "/wallet/core/digit.js";
import * as reasons from "/wallet/core/reasons.js";
import { decisionFor, Rejected } from "/wallet/core/reasons.js";
import { writeItem } from "/wallet/core/upload.js";
import { decide } from "/wallet/core/verifier.js";
import { cityDay } from "./city_time.js";
import { put, StoreError } from "./ledger.js";
import { LocalMemory } from "./local_memory.js";
import { policyOf } from "./policy.js";
import { localVerdict } from "./verdict.js";

/** Scans that may wait for the service; beyond them nothing is accepted, so that none is lost. */
const QUEUE = 100_000;
/** What a person waits for the service where this terminal can decide by itself. */
const PATIENCE_MS = 2000;

/** One terminal at work. Scans are decided one after the other: the desk sees to that. */
export class Scanning {
  #parts;
  #connected = true;

  /**
   * @param {object} parts those of `Sync`, and
   * @param {import("./sync.js").Sync} parts.sync
   * @param {(online: boolean) => void} parts.onLink contact was made or lost
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Contact was made, or lost. @param {boolean} connected */
  set connected(connected) {
    this.#connected = connected;
  }

  /** Whether a signed code can be decided without the service now, as far as anybody can tell before it is read. */
  get decidesHere() {
    return this.#barrier() === null;
  }

  /**
   * @param {object} body the code, and what the scene wants to know beside it
   * @param {string} act names the scan, here and at the service
   * @returns {Promise<object>} the verdict, in the shape of the service's
   * @throws {ApiError} when only the service can decide, and it did not; the act may be tried again
   */
  async scan(body, act) {
    const here = this.#canBeHere(body);
    if (this.#connected || !here) {
      try {
        return await this.#online(body, act, here);
      } catch (error) {
        if (!isSilence(error)) {
          if (error.code) await this.#parts.standing.hear(error, this.#parts.sync.moment());
          throw error;
        }
        // The service may have recorded it nevertheless: the upload carries the same act, and is one scan there.
        this.#connected = false;
        this.#parts.onLink(false);
        if (!here) throw error;
      }
    }
    return this.#here(body, act);
  }

  /** Digit codes, typed numbers and scenes without an offline policy are the service's alone. */
  #canBeHere({ code, typed }) {
    const policy = this.#policy();
    return policy !== null && policy.offline !== null && !typed && !isDigitCode(code ?? "");
  }

  #policy() {
    const { profile } = this.#parts.bundle;
    return profile && policyOf(profile);
  }

  async #online(body, act, here) {
    const { clock, terminal } = this.#parts;
    const verdict = await terminal.scan(body, act, here ? PATIENCE_MS : undefined);
    this.#connected = true;
    if (this.#parts.bundle.profile === null) return verdict;
    const { decision, reason, at } = verdict;
    const item = { act, at, deviceAt: clock.deviceTime(), outcome: decision, reason, online: true };
    const used = decision === "accepted" && body.code ? await this.#useHere(body.code) : [];
    // What cannot be stored is not accepted, also when the service has it; the next try is the same act.
    return await this.#store(item, used, {}) ? verdict : unstored();
  }

  /** A code that the service took is used up here too: the network may be gone in the next second. */
  async #useHere(code) {
    const { bundle, clock, ledger } = this.#parts;
    const policy = this.#policy();
    const now = clock.now();
    if (policy === null || now === null || bundle.trustList === null) return [];
    const memory = new LocalMemory(ledger, bundle.profile, bundle.snapshot, now);
    const { verified } = await this.#decide({ code }, memory, policy, now, () => null);
    if (verified === null || verified.kind === PAPER) return [];
    memory.drop();
    await memory.use(verified.grant.list, verified.grant.idx, verified.iat);
    return memory.changes();
  }

  async #here(body, act) {
    const { bundle, clock, ledger, standing } = this.#parts;
    const policy = this.#policy();
    const now = clock.now();
    try {
      const memory = new LocalMemory(ledger, bundle.profile, bundle.snapshot, now);
      const decision = await this.#decideHere(body, memory, policy, now);
      const accepted = decision.decision === "accepted";
      if (!accepted) memory.drop();
      const { verified, effect, reason } = decision;
      const item = { act, at: now ?? clock.deviceTime(), deviceAt: clock.deviceTime(), outcome: decision.decision, reason,
        snapshot: bundle.snapshot?.version ?? 0, policy: policy.label, effect: effect ?? {},
        ...(verified && { kind: verified.kind, use: [verified.grant.list, verified.grant.idx, verified.iat], asked: askedOf(verified, body, policy) }) };
      const counted = accepted ? [put("fact", { name: "accepted", value: ((await ledger.fact("accepted")) ?? 0) + 1 })] : [];
      return await this.#store(item, [...memory.changes(), ...counted]) ? verdictOf(decision, policy) : unstored();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      standing.noteFailure(error);
      return unstored();
    }
  }

  async #decideHere(body, memory, policy, now) {
    const { ledger, bundle: { profile } } = this.#parts;
    const reason = this.#barrier() ?? await this.#full(ledger, profile);
    if (reason !== null) return { decision: decisionFor(reason), reason, verified: null, effect: null };
    return this.#decide(body, memory, policy, now, async (verified) => {
      if (await memory.take(`accepted:${cityDay(now)}`, 1, profile.holderLimit) === null) throw new Rejected(reasons.LIMIT_REACHED);
      return policy.rules.decide(verified, body, memory, policy.document, now);
    });
  }

  /** Why nothing can be decided, whatever the code says; null when something can. */
  #barrier() {
    const { bundle: { profile, trustList }, clock, standing } = this.#parts;
    const now = clock.now();
    if (standing.suspended) return reasons.TERMINAL_NOT_ALLOWED;
    if (now === null) return reasons.TIME_UNTRUSTED;
    if (profile === null || now >= profile.expires || trustList === null || standing.failed) return reasons.TEMPORARILY_UNAVAILABLE;
    return this.#policy()?.offline ? null : reasons.TEMPORARILY_UNAVAILABLE;
  }

  async #full(ledger, profile) {
    const accepted = (await ledger.fact("accepted")) ?? 0;
    return accepted >= profile.terminalLimit || await ledger.waiting() >= QUEUE ? reasons.TEMPORARILY_UNAVAILABLE : null;
  }

  #decide({ code, document_checked: documentChecked = false }, memory, policy, now, rules) {
    const { bundle } = this.#parts;
    return decide(code, { trustList: bundle.trustList, policy: policy.checks, memory, now, guide: bundle.profile.guide, documentChecked, rules });
  }

  /** Whether the scan is on the disk. */
  async #store(item, changes) {
    const { clock, ledger, standing } = this.#parts;
    try {
      await ledger.addScan(writeItem(item), item.at, [...changes, put("fact", { name: "clock", value: clock.kept() })]);
      return true;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      standing.noteFailure(error);
      return false;
    }
  }
}

/** What a trial of another policy needs: entitlements, and the body without the code. */
function askedOf({ grant }, body, { rules }) {
  return { entitlements: Object.fromEntries(grant.entitlements), body: { ...rules.kept(body), document_checked: body.document_checked === true } };
}

function verdictOf({ decision, reason, effect }, policy) {
  const undetermined = decision === "undetermined";
  const said = decision === "accepted" ? policy.rules.reply(effect, policy.document) : { message: null, details: {} };
  return { decision, reason, ...said, advice: undetermined ? policy.offline.advice : null, repeat: false, here: true,
    let_pass: undetermined && policy.offline.let_pass, holder_check_required: policy.holderCheck && decision === "accepted" };
}

function unstored() {
  return { ...localVerdict("undetermined", reasons.TEMPORARILY_UNAVAILABLE), here: true };
}

/** No answer, or one that says nothing of this scan. */
function isSilence(error) {
  return error.code === UNREACHABLE || error.status === 429 || error.status >= 500;
}
