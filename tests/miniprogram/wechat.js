/** `wx` as the mini-program uses it, and a phone around it that a test can hold: `phone`. */

/** What a browser has and WeChat's JavaScript has not. */
const ABSENT = ["AbortController", "AbortSignal", "Headers", "Intl", "Request", "Response", "TextDecoder", "TextEncoder", "URL", "URLSearchParams",
  "XMLHttpRequest", "atob", "btoa", "crypto", "fetch", "indexedDB", "localStorage", "sessionStorage"];
const { crypto, fetch, localStorage } = globalThis;
const realNow = Date.now.bind(Date);
const SEALED = "sealed:";

/** The phone's own state. A reload is the mini-program opened anew; what it stored is still there. */
const phone = globalThis.phone = {
  openid: "citizen", number: "", connected: true, ahead: 0, brightness: 0.4, awake: false, model: "P1", logins: 0, title: "",
  listeners: [],
  /** Where the phone is, null where it does not know; whether its owner allows that when asked; what WeChat remembers of it. */
  location: null, allows: true, asked: 0, allowed: null,
  /** Files of the program by path; what WeChat's viewer opened; what was sent into a chat. */
  files: {}, documents: [], sent: [],
  /** @param {boolean} connected */
  connect(connected) {
    this.connected = connected;
    this.listeners.forEach((listener) => listener({ isConnected: connected, networkType: connected ? "wifi" : "none" }));
  },
  stored: () => Object.keys(localStorage),
  /** @returns {string[]} names of what lies in clear in the storage */
  clear: () => Object.keys(localStorage).filter((name) => !localStorage.getItem(name).startsWith(SEALED)),
  /** @returns {string[]} what was stored, as whoever can open it reads it */
  opened: () => Object.values(localStorage).map((value) => (value.startsWith(SEALED) ? open(value) : value)),
  /** @returns {{text: number, target: number}} pixels of the smallest of each that can be seen */
  smallest() {
    const seen = (selector) => [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility());
    const worded = ({ childNodes }) => [...childNodes].some(({ nodeType, data }) => nodeType === Node.TEXT_NODE && data.trim());
    return { text: Math.min(...seen("page *").filter(worded).map((element) => parseFloat(getComputedStyle(element).fontSize))),
      target: Math.min(...seen("page .button, page .input, page .eye, page .stage").flatMap((element) => [element.offsetWidth, element.offsetHeight])) };
  },
  /** @returns {Promise<number>} seconds until what the store was given for ever ends */
  async longest() {
    const { wechatStore } = await import("./program/store.js");
    const store = wechatStore(() => 0);
    await store.put("grants", { id: "long", expires: Number.MAX_SAFE_INTEGER, privateKey: new Uint8Array(32) });
    return (await store.get("grants", "long")).expires;
  },
  ...JSON.parse(globalThis.name || "{}"),
};
Date.now = () => realNow() + phone.ahead * 1000;

/** What of app.json WeChat holds the program to. */
let declared = {};

/** A code of WeChat's server: whose it is, and when it was given; the server takes it once, and for five minutes. */
const code = (about) => [about, Math.floor(realNow() / 1000), crypto.randomUUID()].join(" ");
const seal = (value) => SEALED + [...value].reverse().join("");
const open = (value) => [...value.slice(SEALED.length)].reverse().join("");

async function request({ url, method, header, data, timeout }) {
  if (!phone.connected) throw new Error("request:fail");
  const answer = await fetch(url, { method, headers: header, body: data, credentials: "omit", signal: AbortSignalOf(timeout) });
  return { statusCode: answer.status, header: Object.fromEntries(answer.headers), data: await answer.text() };
}
const AbortSignalOf = globalThis.AbortSignal.timeout.bind(globalThis.AbortSignal);

const CALLS = {
  login: () => {
    if (!phone.connected) throw new Error("login:fail");
    phone.logins += 1;
    return { code: code(phone.openid) };
  },
  request,
  getRandomValues: ({ length }) => ({ randomValues: crypto.getRandomValues(new Uint8Array(length)).buffer }),
  setStorage({ key, data, encrypt }) {
    localStorage.setItem(key, encrypt ? seal(data) : data);
  },
  getStorage({ key, encrypt }) {
    const value = localStorage.getItem(key);
    if (value === null) throw new Error("getStorage:fail data not found");
    return { data: encrypt ? open(value) : value };
  },
  getStorageInfo: () => ({ keys: Object.keys(localStorage), currentSize: 1, limitSize: 10240 }),
  removeStorage: ({ key }) => localStorage.removeItem(key),
  openDocument({ filePath, fileType, showMenu }) {
    if (!(filePath in phone.files)) throw new Error("openDocument:fail file doesn't exist");
    phone.documents.push({ begins: [...new Uint8Array(phone.files[filePath]).subarray(0, 5)], fileType, showMenu });
  },
  shareFileMessage({ filePath, fileName }) {
    if (!(filePath in phone.files)) throw new Error("shareFileMessage:fail no such file");
    phone.sent.push({ name: fileName, content: phone.files[filePath] });
  },
  getLocation({ type = "wgs84" }) {
    const { requiredPrivateInfos = [], permission = {} } = declared;
    if (!requiredPrivateInfos.includes("getLocation") || !permission["scope.userLocation"]?.desc) {
      throw new Error("getLocation:fail the api need to be declared in the requiredPrivateInfos field in app.json/ext.json");
    }
    // It asks once: whoever has said no is sent to the settings by the program.
    if (phone.allowed === null) Object.assign(phone, { asked: phone.asked + 1, allowed: phone.allows });
    if (!phone.allowed) throw new Error("getLocation:fail auth deny");
    if (phone.location === null) throw new Error("getLocation:fail:ERROR_NOCELL&WIFI_LOCATIONSWITCHOFF");
    const { latitude, longitude, accuracy } = phone.location;
    // China's own datum is some hundred metres away.
    const shift = type === "wgs84" ? 0 : 0.005;
    return { latitude: latitude + shift, longitude: longitude + shift, accuracy, horizontalAccuracy: accuracy, speed: -1 };
  },
  setKeepScreenOn: ({ keepScreenOn }) => { phone.awake = keepScreenOn; },
  getScreenBrightness: () => ({ value: phone.brightness }),
  setScreenBrightness: ({ value }) => { phone.brightness = value; },
};

/** @param {object} navigation @param {{show: () => void, hide: () => void, again: () => void}} life of the app @param {object} program its app.json */
export function startWeChat(navigation, life, program) {
  declared = program;
  const calls = Object.entries(CALLS).map(([name, act]) => [name, (options = {}) => {
    (async () => act(options))().then((answer = {}) => options.success?.({ errMsg: `${name}:ok`, ...answer }),
      (error) => options.fail?.({ errMsg: String(error.message) }));
  }]);
  globalThis.wx = {
    ...Object.fromEntries(calls), ...navigation,
    getStorageSync: (key) => JSON.parse(localStorage.getItem(key) ?? '""'),
    setStorageSync: (key, value) => localStorage.setItem(key, JSON.stringify(value)),
    getWindowInfo: () => ({ pixelRatio: devicePixelRatio, windowWidth: innerWidth, windowHeight: innerHeight }),
    getDeviceInfo: () => ({ brand: "Test", model: phone.model, platform: "android" }),
    onNetworkStatusChange: (listener) => phone.listeners.push(listener),
    setNavigationBarTitle({ title }) {
      document.getElementById("title").textContent = title;
    },
    scanCode: ({ success, fail }) => (phone.poster ? success({ result: phone.poster }) : fail({ errMsg: "scanCode:fail cancel" })),
    env: { USER_DATA_PATH: "wxfile://usr" },
    getFileSystemManager: () => ({
      readdirSync: (folder) => Object.keys(phone.files).map((path) => path.slice(folder.length + 1)),
      writeFileSync: (path, data) => { phone.files[path] = data; },
      unlinkSync: (path) => { delete phone.files[path]; },
    }),
    pageScrollTo: ({ scrollTop }) => scrollTo(0, scrollTop),
    makePhoneCall: ({ phoneNumber }) => { phone.called = phoneNumber; },
    createSelectorQuery,
  };
  phone.leave = life.hide;
  phone.comeBack = life.again;
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[open-type=getPhoneNumber]");
    button?.__wxElement.triggerEvent("getphonenumber", phone.number ? { code: code(phone.number) } : { errMsg: "getPhoneNumber:fail user deny" }, {});
    if (target.closest("[open-type=openSetting]")) phone.allowed = phone.allows;
  });
}

/** From here on a module that needs a browser fails here as it would fail in WeChat. */
export function removeBrowser() {
  for (const name of ABSENT) Object.defineProperty(globalThis, name, { value: undefined, configurable: true });
}

function createSelectorQuery() {
  const asked = [];
  let root = document;
  const query = {
    in(page) {
      root = page.getBackendElement();
      return query;
    },
    select: (selector) => ({ fields: (_, done) => {
      asked.push(() => done({ node: root.querySelector(selector) }));
      return query;
    } }),
    exec: () => setTimeout(() => asked.forEach((answer) => answer())),
  };
  return query;
}
