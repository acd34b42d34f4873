/**
 * Keeps the wallet's own files, so that it opens without network. Never keeps an answer of the API.
 *
 * The network comes first, so that a new release is seen at once; when it fails or is slow, the kept files are used
 * for a while without asking again, because modules load in a chain and would each wait.
 */

const CACHE = "city-code-wallet";
const SHELL = "/wallet/";
const PATIENCE_MS = 1500;
const TRUST_CACHE_MS = 10_000;

const CORE = ["account", "api", "base64url", "cards", "cbor", "clock", "code", "code128", "consents", "copies", "corrections",
  "cose", "device", "digit", "digit_codes", "digits", "errands", "family", "family_codes", "fetch", "grants", "health_status",
  "inbox", "jws", "keys", "language", "luhn", "notices", "p256", "papers", "passages", "personal_data", "points", "qr",
  "record_consents", "records", "sessions", "show", "store", "totp", "turn", "upkeep", "utf8", "wallet", "words"];
const PARTS = ["app", "dom", "forms", "icons", "language", "offline", "platform", "preferences", "screens", "shell", "speech",
  "wake_lock"];
const VIEWS = ["card", "cards", "code", "data", "devices", "digit", "errands", "family", "family_code", "fetched",
  "files", "health", "health_records", "help", "home", "me", "messages", "page", "paper", "place", "privacy", "real_name",
  "records", "ring", "settings", "showing", "sign_in", "stage", "sure", "tickets"];
const WORDS = ["en", "en_help", "en_services", "zh", "zh_help", "zh_services"];
const FILES = [
  SHELL,
  "/wallet/lib/qr.js",
  ...CORE.map((name) => `/wallet/core/${name}.js`),
  ...PARTS.map((name) => `/wallet/static/${name}.js`),
  ...VIEWS.map((name) => `/wallet/static/views/${name}.js`),
  ...WORDS.map((name) => `/wallet/core/translations/${name}.js`),
  ...["tokens.css", "wallet.css", "pages.css", "icon.svg", "manifest.webmanifest"].map((name) => `/wallet/static/${name}`),
];
/** Kept when they are first fetched: the camera's reader, and what only a city that signs by SM2 needs. */
const LATER = ["/wallet/core/sm2.js", "/wallet/static/lib/sm_crypto.js", "/wallet/static/camera.js", "/wallet/static/qr_reader.js",
  "/wallet/lib/zxing_reader.js", "/wallet/lib/zxing_share.js"];
const KEPT = new Set([...FILES, ...LATER]);

let cacheFirstUntil = 0;

self.addEventListener("install", (event) => {
  // "no-cache" asks whether the browser's own copy still holds: what the page has just loaded is not sent twice.
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES.map((url) => new Request(url, { cache: "no-cache" }))))
    .then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin || !KEPT.has(pathname)) return;
  event.respondWith(answer(event.request, pathname));
});

async function answer(request, pathname) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(pathname);
  if (kept && Date.now() < cacheFirstUntil) return kept;
  try {
    const fresh = await fetch(request, kept ? { signal: AbortSignal.timeout(PATIENCE_MS) } : {});
    if (fresh.ok && !fresh.redirected) await cache.put(pathname, fresh.clone());
    return fresh.status >= 500 && kept ? kept : fresh;
  } catch (error) {
    if (!kept) throw error;
    cacheFirstUntil = Date.now() + TRUST_CACHE_MS;
    return kept;
  }
}
