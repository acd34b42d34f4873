/** What a browser gives to the wallet's core, see core/platform.js. */

import { byFetch } from "../core/fetch.js";
import { browserKeys } from "../core/keys.js";
import { openStore } from "../core/store.js";
import { TABLES } from "../core/wallet.js";
import { language } from "./preferences.js";

/** How long a phone may look for satellites; the time in which the person answers does not count. */
const LOCATE_MS = 20_000;

/**
 * @returns {Promise<import("../core/platform.js").Platform>}
 * @throws {DOMException} where IndexedDB refuses to open, as in some private windows
 */
export async function openPlatform() {
  return {
    keys: browserKeys,
    store: await openStore("city-code-wallet", TABLES),
    request: byFetch,
    bearer: () => null,
    client: "web/1.0.0",
    language,
    now: () => Date.now() / 1000,
    visible: () => document.visibilityState === "visible",
    online: () => navigator.onLine,
    watch,
    exclusively: (act) => (navigator.locks ? navigator.locks.request("city-code-upkeep", act) : act()),
    locate,
    deviceName,
    resume: (account) => account.fetchMe(),
    // The CSRF token and the session's name are worth nothing after this page; they are not written down.
    remembered: ({ csrf, session, token, ...kept }) => kept,
  };
}

function watch({ wake, offline }) {
  document.addEventListener("visibilitychange", wake);
  window.addEventListener("online", wake);
  window.addEventListener("offline", offline);
}

/** Asks anew every time: where the phone was before is no answer. */
function locate() {
  return new Promise((resolve) => {
    const found = ({ coords: { latitude, longitude, accuracy } }) => resolve({ state: "found", latitude, longitude, accuracy });
    const missed = ({ code, PERMISSION_DENIED }) => resolve({ state: code === PERMISSION_DENIED ? "denied" : "unknown" });
    if (!navigator.geolocation) resolve({ state: "unknown" });
    else navigator.geolocation.getCurrentPosition(found, missed, { enableHighAccuracy: true, maximumAge: 0, timeout: LOCATE_MS });
  });
}

/** @returns {string} what the person would call this device, such as "Chrome on Android" */
function deviceName(userAgent = navigator.userAgent) {
  const find = (table) => table.find(([mark]) => userAgent.includes(mark))?.[1];
  const browser = find([["MicroMessenger", "WeChat"], ["Edg", "Edge"], ["Firefox", "Firefox"], ["Chrome", "Chrome"], ["Safari", "Safari"]]);
  const system = find([["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Windows", "Windows"], ["Mac OS", "macOS"], ["Linux", "Linux"]]);
  return `${browser ?? "Browser"} on ${system ?? "this device"}`;
}
