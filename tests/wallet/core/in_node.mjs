/** `node in_node.mjs TASK` reads one JSON document, does the task with the wallet's own modules, prints the answer. */

import { json } from "node:stream/consumers";

import { KeptTime } from "../../../adapters/scanner/static/kept_time.js";
import { ALGORITHMS } from "../../../wallet/core/algorithms.js";
import { fromBase64url, toBase64url } from "../../../wallet/core/base64url.js";
import { decodeCbor, encodeCbor } from "../../../wallet/core/cbor.js";
import { modulesOf } from "../../../wallet/core/code128.js";
import { writeDeviceCode } from "../../../wallet/core/code.js";
import { isDigitCode, writeDigitCode } from "../../../wallet/core/digit.js";
import { bytesToDigits, digitsToBytes } from "../../../wallet/core/digits.js";
import { ApiError } from "../../../wallet/core/api.js";
import { FamilyCodes } from "../../../wallet/core/family_codes.js";
import { chooseGrant, goodUntil, needsRenewal } from "../../../wallet/core/grants.js";
import { compare, roughly } from "../../../wallet/core/here.js";
import { browserKeys, compressedPoint, holderOf, makeGrantKey, makeKeyPair, signer } from "../../../wallet/core/keys.js";
import { wordsIn } from "../../../wallet/core/language.js";
import { luhnDigit } from "../../../wallet/core/luhn.js";
import { readPoster } from "../../../wallet/core/poster.js";
import { readShow, readSignedGrant } from "../../../wallet/core/reader.js";
import { Show } from "../../../wallet/core/show.js";
import { openTrustList } from "../../../wallet/core/trust_list.js";
import { fromBase32, totp } from "../../../wallet/core/totp.js";
import { fromUtf8, utf8 } from "../../../wallet/core/utf8.js";
import { sentence } from "../../../wallet/core/words.js";
import { decideIn } from "../../../wallet/core/context.js";
import { decide } from "../../../wallet/core/verifier.js";
import { writeItem, writeUpload } from "../../../wallet/core/upload.js";
import { kidOf } from "../../../wallet/core/trust_list_body.js";
import { offerLists, offerProfiles } from "./documents.js";
import { offerAll } from "./trust_lists.js";
import { asked } from "./turns.js";
import { decideAll } from "./vectors.js";

const P256 = { name: "ECDSA", namedCurve: "P-256" };
const KIND_DIGITS = 2;

const TASKS = {
  vectors: ({ vectors, trust }) => decideAll(vectors, trust),
  lists: ({ vectors }) => offerAll(vectors),
  clock: ({ kept, moments }) => {
    let at = moments[0];
    const clock = new KeptTime(kept, { wall: () => at.wall, steady: () => at.steady });
    return moments.map((moment) => {
      at = moment;
      if (moment.said !== undefined) clock.set(moment.said, moment.asked ?? moment.steady);
      return { now: clock.now(), ...clock.kept() };
    });
  },
  documents: offerLists,
  profiles: offerProfiles,
  scans: ({ scans }) => scans.map((scan) => Buffer.from(writeItem(scan)).toString("hex")),
  upload: async ({ items, stream, ...upload }) => {
    const { publicKey, privateKey } = await makeKeyPair();
    const point = await compressedPoint(publicKey);
    const written = await writeUpload({ ...upload, stream: Buffer.from(stream, "hex"),
      items: items.map(([seq, item]) => [seq, Buffer.from(item, "hex")]) }, { kid: await kidOf("ES256", point), sign: signer(privateKey) });
    return { upload: Buffer.from(written).toString("hex"), point: Buffer.from(point).toString("hex") };
  },
  grants: ({ held, scene, now, current }) => ({
    shown: chooseGrant(held, scene, now, current)?.id ?? null, renews: needsRenewal(held, scene, now), until: goodUntil(held, scene, now),
  }),
  family: async ({ dependants, barred, answers }) => {
    const asked = [];
    const store = { put: () => {} };
    const device = { dropGrantsOf: () => {}, refill: (scene, tie) => {
      asked.push([tie, scene]);
      if (answers[tie]) throw new ApiError({ status: 422, code: answers[tie] });
    } };
    const family = new FamilyCodes({ store, device, isBarred: (scene) => barred.includes(scene) });
    await family.remember(dependants);
    await family.refill();
    return { asked, ties: family.ties.map(({ id }) => id) };
  },
  show: async ({ grants, now, barred }) => {
    const { privateKey } = await makeKeyPair();
    let bars = false;
    const seen = [];
    const device = { grants: grants.map((grant) => ({ ...grant, grant: new Uint8Array(8), privateKey })), lastShown: null, markShown: () => {} };
    const show = new Show({ device, trueNow: () => now, isBarred: () => bars, platform: { now: () => now, visible: () => true, keys: browserKeys } });
    show.surface = { draw: () => seen.push("drawn"), clear: () => seen.push("cleared") };
    for (bars of barred) await show.refresh();
    return { seen, iat: show.iat };
  },
  turns: (city) => asked(city),
  decide: ({ codes }) => Promise.all(codes.map(({ text, context }) => decideIn(text, context))),
  write: async ({ jwk, grant, moments }) => {
    const key = await crypto.subtle.importKey("jwk", jwk, P256, false, ["sign"]);
    const bytes = fromBase64url(grant);
    return Promise.all(moments.map((iat) => writeDeviceCode({ iat, grant: bytes, ...holderOf(key) })));
  },
  sign: async ({ algorithm, messages }) => {
    const { point, privateKey } = await makeGrantKey(algorithm);
    const signatures = await Promise.all(messages.map((message) => holderOf(privateKey).sign(Buffer.from(message, "hex"))));
    return { point: Buffer.from(point).toString("hex"), signatures: signatures.map((signature) => Buffer.from(signature).toString("hex")) };
  },
  verify: ({ algorithm, tried }) => Promise.all(tried.map(async ({ point, identity, message, signature }) => {
    const verify = reading(() => ALGORITHMS.get(algorithm).load(Buffer.from(point, "hex"), Buffer.from(identity ?? "", "hex")));
    return verify && verify(Buffer.from(signature, "hex"), Buffer.from(message, "hex"));
  })),
  read: ({ codes }) => codes.map((text) => {
    const { kind, signed, iat } = readShow(text);
    const { grant: { list, idx, scenes, entitlements } } = readSignedGrant(kind, signed);
    return { kind, grant: toBase64url(signed), iat, list, idx, scenes, entitlements: [...entitlements], again: kind + bytesToDigits(digitsToBytes(text.slice(2))) };
  }),
  spoil: ({ codes }) => Promise.all(codes.map(({ text, context }) => spoilt(text, context))),
  cbor: ({ items }) => items.map(readable),
  totp: ({ seed, moments, digits }) => Promise.all(moments.map((now) => totp(fromBase32(seed), now, { digits, hmac: browserKeys.hmac }))),
  digits: ({ handle, seed, moments }) => Promise.all(moments.map((now) => writeDigitCode({ handle, seed, now, hmac: browserKeys.hmac }))),
  luhn: ({ texts }) => texts.map((text) => [luhnDigit(text.slice(0, -1)), isDigitCode(text)]),
  base32: ({ texts }) => texts.map((text) => reading(() => toBase64url(fromBase32(text)))),
  utf8: ({ texts }) => texts.map((text) => [Buffer.from(utf8(text)).toString("hex"), Buffer.from(new TextEncoder().encode(text)).toString("hex")]),
  times: ({ language, moments }) => moments.map((seconds) => ours(wordsIn(() => language), seconds)),
  intl: ({ language, moments }) => moments.map((seconds) => theirs(language, seconds)),
  utf8Back: ({ bytes }) => bytes.map((text) => [reading(() => fromUtf8(Buffer.from(text, "hex"))), strictly(Buffer.from(text, "hex"))]),
  posters: ({ texts }) => texts.map((text) => reading(() => readPoster(text))),
  here: ({ location, sights }) => sights.map((sight) => compare(location, sight)),
  roughly: ({ language, metres }) => metres.map((each) => roughly(wordsIn(() => language).t, each)),
  sentences: ({ templates, values }) => templates.map((template) => sentence({ key: template }, "key", values)),
  bars: ({ texts }) => texts.map((text) => reading(() => modulesOf(text))),
};

function ours({ clockFace, dayAndTime, dayName }, seconds) {
  return [clockFace(seconds), dayName(seconds), dayAndTime(seconds)];
}

function theirs(language, seconds) {
  const clock = { hour: "2-digit", minute: "2-digit" };
  const forms = [{ ...clock, second: "2-digit" }, { month: "long", day: "numeric", weekday: "long" },
    { year: "numeric", month: "2-digit", day: "2-digit", ...clock }];
  return forms.map((form) => new Intl.DateTimeFormat({ zh: "zh-CN", en: "en-GB" }[language], { ...form, hourCycle: "h23" }).format(seconds * 1000));
}

/** Every truncation of the text and of its bytes, and every flip of one bit: how often each reason was given. */
async function spoilt(text, context) {
  const { policy: { with_document: withDocument, ...rest }, now, document_checked: documentChecked } = context;
  const roots = context.trust.roots.map((root) => ({ algorithm: root.algorithm, public: Buffer.from(root.public, "hex") }));
  const trustList = await openTrustList(Buffer.from(context.trust.list, "hex"), { roots, threshold: context.trust.threshold, now });
  const memory = { status: () => "valid", firstUse: () => true };
  const [kind, bytes] = [text.slice(0, KIND_DIGITS), digitsToBytes(text.slice(KIND_DIGITS))];
  const reasons = {};
  const count = async (spoiltText) => {
    const { decision, reason } = await decide(spoiltText, { trustList, policy: { ...rest, withDocument }, memory, now, documentChecked });
    const name = decision === "accepted" ? decision : reason;
    reasons[name] = (reasons[name] ?? 0) + 1;
  };
  for (let length = 0; length < text.length; length += 1) await count(text.slice(0, length));
  for (let length = 0; length < bytes.length; length += 1) await count(kind + bytesToDigits(bytes.subarray(0, length)));
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = bytes.slice();
    flipped[bit >> 3] ^= 1 << (bit & 7);
    await count(kind + bytesToDigits(flipped));
  }
  return reasons;
}

/** What was read, written again; null where it was refused. */
function readable(hex) {
  return reading(() => Buffer.from(encodeOrKeep(decodeCbor(Buffer.from(hex, "hex")), hex)).toString("hex"));
}

/** The writer has no integers past 2^53; the reader has. */
function encodeOrKeep(value, hex) {
  try {
    return encodeCbor(value);
  } catch (error) {
    if (error instanceof TypeError) return Buffer.from(hex, "hex");
    throw error;
  }
}

/** What the browser's own decoder gives; null where it refuses. */
function strictly(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function reading(read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

const task = TASKS[process.argv[2]];
console.log(JSON.stringify(await task(await json(process.stdin))));
