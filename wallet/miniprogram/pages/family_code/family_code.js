/** The code of somebody whom the holder acts for: whose it is stands above it in large type. */

import { countdown } from "../../core/clock.js";
import { goodUntil } from "../../core/grants.js";
import { Show } from "../../core/show.js";
import { brighten, dim } from "../../light.js";
import { screen } from "../../screen.js";
import { Surface } from "../../surface.js";
import { clockFace, hasWords, problemWords, skewWords, t, untilWhen } from "../../words.js";

const TICK_MS = 250;

Page(screen({
  title: "menu.family",
  data: { whose: "", drawn: false, side: 0, face: "", leftWords: "", cure: "", prepared: "", skew: "", scene: "", scenes: [] },

  open() {
    const { account, device, family, platform, trueNow, upkeep } = this.wallet;
    const tie = family.find(this.query.tie);
    if (tie === null) return;
    this.show = new Show({ device: device.actingFor(tie.id), platform, trueNow,
      isBarred: (scene) => this.wallet.barred(scene) !== null });
    [this.show.scene] = tie.scenes;
    this.show.surface = new Surface(this, account.me.guide ?? "");
    this.setData({ whose: t("family.code", { name: tie.name }), scene: this.show.scene,
      scenes: tie.scenes.map((name) => ({ name, title: hasWords(`scene.${name}`) ? t(`scene.${name}`) : name })) });
    brighten();
    clearInterval(this.timer);
    this.timer = setInterval(() => this.tick(), TICK_MS);
    upkeep.now();
  },

  tell() {
    const { clock, device, online } = this.wallet;
    const until = this.show ? goodUntil(device.grantsOf(this.query.tie), this.show.scene, this.wallet.trueNow()) : null;
    const time = until === null ? "" : untilWhen(until, this.wallet.trueNow());
    this.setData({ cure: this.why(), skew: skewWords(clock), prepared: time && t(online ? "code.prepared" : "code.offline_until", { time }) });
    this.show?.refresh();
  },

  why() {
    const { blocked, family, online, upkeep } = this.wallet;
    if (family.find(this.query.tie) === null) return t("family.code_gone");
    if (blocked) return t(`reason.${blocked}`);
    const barred = this.show && this.wallet.barred(this.show.scene);
    if (barred) return t(`reason.${barred}.cure`);
    if (upkeep.problem) return problemWords(upkeep.problem);
    return t(online ? "reason.preparing.cure" : "reason.offline.cure");
  },

  async tick() {
    await this.show.tick();
    const { left } = countdown(this.show.iat, this.wallet.phoneNow());
    const face = clockFace(this.wallet.phoneNow());
    if (face !== this.data.face) this.setData({ face, leftWords: t("code.left", { seconds: left }) });
  },

  redraw() {
    return this.show.redraw();
  },

  async choose({ currentTarget: { dataset: { scene } } }) {
    await this.show.setScene(scene);
    this.setData({ scene });
  },

  onHide() {
    this.close();
  },

  onUnload() {
    this.close();
  },

  close() {
    clearInterval(this.timer);
    if (!this.show) return;
    this.show.hide();
    this.show.surface = null;
    dim();
  },
}));
