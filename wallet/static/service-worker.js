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

const CORE = ["account", "api", "base64url", "cbor", "clock", "code", "code128", "cose", "device", "digit", "digit_codes", "digits",
  "fetch", "grants", "jws", "keys", "language", "luhn", "p256", "points", "qr", "show", "store", "totp", "turn", "upkeep", "utf8",
  "wallet", "words"];
const PARTS = ["app", "dom", "forms", "icons", "language", "offline", "platform", "preferences", "shell", "wake_lock"];
const VIEWS = ["cards", "code", "confirm", "digit", "me", "privacy", "real_name", "records", "ring", "sign_in", "stage", "tickets"];
const FILES = [
  SHELL,
  "/wallet/lib/qr.js",
  ...CORE.map((name) => `/wallet/core/${name}.js`),
  ...PARTS.map((name) => `/wallet/static/${name}.js`),
  ...VIEWS.map((name) => `/wallet/static/views/${name}.js`),
  ...["zh", "en"].map((name) => `/wallet/core/translations/${name}.js`),
  ...["tokens.css", "wallet.css", "icon.svg", "manifest.webmanifest"].map((name) => `/wallet/static/${name}`),
];
/** Kept when they are first fetched: only the wallet of a city that signs by SM2 asks for them. */
const LATER = ["/wallet/core/sm2.js", "/wallet/static/lib/sm_crypto.js"];
const KEPT = new Set([...FILES, ...LATER]);

let cacheFirstUntil = 0;

self.addEventListener("install", (event) => {
  // "reload" passes the browser's own cache, which may hold files of an older release.
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES.map((url) => new Request(url, { cache: "reload" }))))
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
