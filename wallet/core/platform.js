/**
 * What the wallet asks of the client it runs in: the one seam between the core and a browser or a mini-program. The
 * web's is `static/platform.js`, the mini-program's is `miniprogram/platform.js`. Nothing else in the core's modules
 * that both clients use may touch `window`, `document`, `wx`, WebCrypto, `fetch`, a store or the clock.
 */

/**
 * A private key is a value of the platform's own kind that its store can keep; the core only hands it back.
 *
 * @typedef {object} Keys
 * @property {() => Promise<{jwk: {kty: string, crv: string, x: string, y: string}, privateKey: any}>} makeDeviceKey P-256
 * @property {(algorithm: string) => Promise<{point: Uint8Array, privateKey: any}>} makeGrantKey compressed point; throws
 *   RangeError, or ApiError where the person can be told, when this client does not know the algorithm
 * @property {(privateKey: any) => {cose: number, sign: (bytes: Uint8Array) => Promise<Uint8Array>}} holderOf 64 bytes
 * @property {(key: Uint8Array, message: Uint8Array) => Promise<Uint8Array>} hmac HMAC-SHA-256
 */

/**
 * Whole records by table; `grants` go by `id`, `settings` by `name`.
 *
 * @typedef {object} Store
 * @property {(table: string, key: string) => Promise<object|undefined>} get
 * @property {(table: string) => Promise<object[]>} all
 * @property {(table: string, record: object) => Promise<void>} put
 * @property {(table: string, key: string) => Promise<void>} remove
 * @property {() => Promise<void>} wipe leaves nothing
 */

/**
 * One exchange with the service; throws ApiError UNREACHABLE when there was no whole answer in time.
 *
 * @typedef {(path: string, request: {method: string, headers: Record<string, string>, body?: string, timeoutMs: number})
 *   => Promise<{status: number, header: (name: string) => string|null, text: string}>} Request
 */

/**
 * Where the phone is, as it knows it: WGS 84 in degrees, metres. denied: by the person or for them; unknown: switched
 * off, or not found in time.
 *
 * @typedef {{state: "found", latitude: number, longitude: number, accuracy: number}|{state: "denied"|"unknown"}} Sight
 */

/**
 * @typedef {object} Platform
 * @property {Keys} keys
 * @property {Store} store
 * @property {Request} request
 * @property {() => string|null} bearer the session, where no cookie carries it
 * @property {string} client name and version, such as "web/1.0.0"
 * @property {() => "zh"|"en"} language
 * @property {() => number} now seconds, the phone's own clock
 * @property {() => boolean} visible somebody may be looking
 * @property {() => boolean} online as far as the platform knows without asking
 * @property {(events: {wake: () => void, offline: () => void}) => void} watch wake: seen again, or the network is back
 * @property {(act: () => Promise<any>) => Promise<any>} exclusively keeps other pages of this phone out meanwhile
 * @property {() => Promise<Sight>} locate asks the person the first time; called only where a poster asks for it
 * @property {() => string} deviceName what the person would call this device
 * @property {(account: import("./account.js").Account, call: Function) => Promise<object>} resume takes up the
 *   session, or begins one without asking the person; throws ApiError sign_in_required
 * @property {(me: object) => object} remembered what of the person's description may be
 *   written down; a client without cookies takes the session's new secret from it
 */

export {};
