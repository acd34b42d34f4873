/** The first page: the code, the scene, and in words whatever stands in the way of it. */

import { countdown } from "../../core/clock.js";
import { ALL_SCENES, goodUntil } from "../../core/grants.js";
import { elder, language, setElder, setLanguage } from "../../preferences.js";
import { screen } from "../../screen.js";
import { brighten, dim } from "../../light.js";
import { Surface } from "../../surface.js";
import { clockFace, dayName, hasWords, pick, problemWords, skewWords, t, untilWhen } from "../../words.js";

const TICK_MS = 250;
/** Pages of the menu, in the order in which people look for them, and the key of each one's words. */
const MENU = { digit: "digit.title", family: "menu.family", cards: "tab.cards", messages: "tab.messages", paper: "menu.paper", records: "tab.records",
  health: "menu.health", errands: "menu.errands", place: "menu.place", privacy: "menu.privacy", devices: "menu.devices", settings: "menu.settings",
  help: "menu.help" };
/** The scene in which tickets are offered. */
const TICKETS = "scenic_spot";

Page(screen({
  title: "title",
  place: "/pages/code/code",
  data: { drawn: false, side: 0, left: 0, share: 0, leftWords: "", face: "", day: "", badge: "", skew: "", outdated: false, expired: false,
    prepared: "", obstacle: "", cure: "", action: "", scene: ALL_SCENES, scenes: [], tickets: false, menu: [] },

  open() {
    this.seat();
    brighten();
    clearInterval(this.timer);
    this.timer = setInterval(() => this.tick(), TICK_MS);
  },

  onHide() {
    this.close();
  },

  onUnload() {
    this.close();
  },

  tell() {
    const { account, clock, device, inbox, online, show, upkeep } = this.wallet;
    const now = this.wallet.trueNow();
    const until = goodUntil(device.grants, show.scene, now);
    this.setData({
      ...obstacleWords(this.wallet),
      badge: online ? "" : until === null ? t("code.offline") : t("code.offline_until", { time: untilWhen(until, now) }),
      prepared: online && until !== null ? t("code.prepared", { time: untilWhen(until, now) }) : "",
      skew: skewWords(clock),
      outdated: upkeep.problem?.code === "client_too_old",
      expired: account.expired,
      scene: show.scene,
      tickets: show.scene === TICKETS,
      scenes: account.me === null ? [] : [ALL_SCENES, ...account.me.scenes.map(({ name }) => name)].map((name) => ({ name, title: sceneWords(name, account.me) })),
      menu: Object.entries(MENU).map(([page, key]) => ({ page, title: t(key), count: page === "messages" && inbox.count > 0 ? t("messages.unread", { count: inbox.count }) : "" })),
    });
  },

  /** Gives the code a canvas: each layout has its own. */
  seat() {
    const { show, account } = this.wallet;
    show.hide();
    show.surface = new Surface(this, account.me?.guide ?? "");
    return show.redraw();
  },

  async tick() {
    const { show } = this.wallet;
    const before = show.iat;
    await show.tick();
    const now = this.wallet.phoneNow();
    const { left, share } = countdown(show.iat, now);
    const face = clockFace(now);
    if (face !== this.data.face || left !== this.data.left) {
      this.setData({ face, day: dayName(now), left, share: Math.round(share * 100), leftWords: t("code.left", { seconds: left }) });
    }
    if (show.iat !== before) this.refresh();
  },

  close() {
    clearInterval(this.timer);
    this.wallet.show.hide();
    this.wallet.show.surface = null;
    dim();
  },

  redraw() {
    return this.wallet.show.redraw();
  },

  async choose({ currentTarget }) {
    await this.wallet.show.setScene(currentTarget.dataset.scene);
    this.refresh();
    await this.wallet.upkeep.now();
  },

  overcome() {
    return this.wallet.overcome();
  },

  signInAgain() {
    return this.wallet.signInAgain();
  },

  async switchElder() {
    setElder(!elder());
    this.dress();
    this.refresh();
    await this.seat();
  },

  switchLanguage() {
    setLanguage(language() === "zh" ? "en" : "zh");
    this.dress();
    this.refresh();
  },
}));

function sceneWords(name, me) {
  return hasWords(`scene.${name}`) ? t(`scene.${name}`) : pick(me.scenes.find((scene) => scene.name === name)?.title);
}

function obstacleWords({ obstacle: why, show, upkeep }) {
  if (why === null) return { drawn: show.iat !== null, obstacle: "", cure: "", action: "" };
  return {
    drawn: false,
    obstacle: t(`reason.${why}`),
    cure: why === "problem" ? problemWords(upkeep.problem) : t(`reason.${why}.cure`),
    action: why === "preparing" ? "" : t(hasWords(`reason.${why}.action`) ? `reason.${why}.action` : "retry"),
  };
}
