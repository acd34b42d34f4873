/** The parts of one terminal in this browser, joined. Whoever opens them is alone: see `alone.js`. */

import { signer } from "/wallet/core/keys.js";
import { Bundle } from "./bundle.js";
import { Documents } from "./documents.js";
import { KeptTime } from "./kept_time.js";
import { openLedger } from "./ledger.js";
import { Scanning } from "./scanning.js";
import { Standing } from "./standing.js";
import { Sync } from "./sync.js";
import { Terminal } from "./terminal.js";

const KID_BYTES = 8;

/**
 * @param {object} record from enrolment; one of an earlier release has neither `pin` nor `kid`
 * @param {() => string} language
 * @param {(online: boolean) => void} onLink contact was made or lost by a scan
 * @returns {Promise<object>} the parts
 */
export async function openParts(record, language, onLink) {
  const ledger = await openLedger(record.terminal);
  const [bundle, standing, clock] = await Promise.all([Bundle.load(ledger), Standing.load(ledger), ledger.fact("clock")]);
  const parts = { ledger, bundle, standing, clock: new KeptTime(clock), documents: new Documents(), onLink,
    terminal: new Terminal(record, language), identity: { terminal: record.terminal, scene: record.scene, pin: record.pin ?? null },
    key: { kid: record.kid ?? new Uint8Array(KID_BYTES), sign: signer(record.privateKey) } };
  parts.sync = new Sync(parts);
  parts.scanning = new Scanning(parts);
  return parts;
}
