/** The digit code: bars for a one-dimensional scanner, and the same eighteen digits to be read aloud. Online only. */

import { ApiError, UNREACHABLE } from "../../core/api.js";
import { drawBars } from "../../core/code128.js";
import { groupsOf, writeDigitCode } from "../../core/digit.js";
import { STEP } from "../../core/totp.js";
import { brighten, dim } from "../../light.js";
import { screen } from "../../screen.js";
import { canvasOf } from "../../surface.js";
import { problemWords, t } from "../../words.js";

const TICK_MS = 250;
const HEIGHT = 110;
/** Margins of the page. */
const MARGIN = 32;

Page(screen({
  title: "digit.title",
  data: { drawn: false, failed: false, width: 1, height: 1, groups: [], leftWords: "", obstacle: "", cure: "" },

  open() {
    this.failure = null;
    this.shown = "";
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

  close() {
    clearInterval(this.timer);
    this.setData({ drawn: false, groups: [] });
    this.wallet.digits.finish();
    dim();
  },

  async tick() {
    if (this.ticking) return;
    this.ticking = true;
    try {
      await this.supply();
      await this.draw();
    } finally {
      this.ticking = false;
    }
  },

  async supply() {
    const { account, blocked, device, digits } = this.wallet;
    if (this.failure || blocked || digits.standing || device.id === null || !account.fresh) return;
    try {
      await digits.next();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.failure = error;
    }
  },

  async draw() {
    const { digits, platform } = this.wallet;
    const now = this.wallet.trueNow();
    if (!digits.standing || this.wallet.blocked) {
      this.tellObstacle();
      return;
    }
    const showing = `${digits.current.handle} ${Math.floor(now / STEP)}`;
    if (showing !== this.shown) {
      const text = await writeDigitCode({ ...digits.current, now, hmac: platform.keys.hmac });
      const canvas = await canvasOf(this, "#bars");
      const { pixelRatio, windowWidth } = wx.getWindowInfo();
      this.shown = showing;
      this.setData({ drawn: true, failed: false, groups: groupsOf(text),
        ...drawBars(canvas, text, { room: Math.min(windowWidth, 640) - MARGIN, height: HEIGHT, density: pixelRatio }) });
    }
    this.setData({ leftWords: t("digit.left", { seconds: STEP - (now % STEP) }) });
  },

  tellObstacle() {
    const { blocked, online, upkeep } = this.wallet;
    const fault = this.failure ?? upkeep.problem;
    this.shown = "";
    const words = () => {
      if (blocked) return [t(`reason.${blocked}`), t(`reason.${blocked}.cure`)];
      if (fault && fault.code !== UNREACHABLE) return [t("digit.none"), problemWords(fault)];
      return online ? [t("digit.preparing"), ""] : [t("digit.none"), t("digit.offline")];
    };
    const [obstacle, cure] = words();
    this.setData({ drawn: false, failed: this.failure !== null, obstacle, cure });
  },

  another() {
    this.wallet.digits.finish();
  },

  again() {
    this.failure = null;
    this.wallet.upkeep.now();
  },
}));
