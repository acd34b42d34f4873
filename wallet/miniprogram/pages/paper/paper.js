/** Paper codes: those that count, printing one (the earlier dies), taking it along, revoking a lost one. */

import { listTies } from "../../core/family.js";
import { listPapers, printPaper, revokePaper } from "../../core/papers.js";
import { clearQr, drawQr } from "../../core/qr.js";
import { openPdf, removeFiles } from "../../files.js";
import { screen } from "../../screen.js";
import { canvasOf } from "../../surface.js";
import { dayAndTime, dayOf, t } from "../../words.js";

/** Margins of the page and of the box around the code. */
const MARGIN = 64;
const MOST_ROOM = 420;

Page(screen({
  title: "menu.paper",
  data: { print: "", before: false, papers: [], sheet: null, side: 0 },

  async load() {
    const { account, call } = this.wallet;
    const tie = this.query.tie ?? null;
    const papers = await listPapers(call);
    this.papers = papers;
    const name = tie === null ? account.me.person.name ?? "" : await nameOf(call, tie);
    this.setData({
      print: t("paper.print", { name }),
      before: papers.some((paper) => paper.tie === tie),
      papers: papers.map(({ id, name, issued, expires }) => ({ id, name,
        since: t("paper.since", { from: dayAndTime(issued), until: dayOf(expires) }) })),
    });
  },

  askPrint() {
    const effect = t(this.data.before ? "paper.reprint_effect" : "paper.print_effect");
    this.sure({ title: this.data.print, effect, yes: t("paper.print_yes"), calm: true }, async () => {
      this.paper = await printPaper(this.wallet.call, this.query.tie ?? null);
      await this.load();
      const { name, expires, pdf } = this.paper;
      this.setData({ asking: null, sheet: { name, good: t("paper.good", { until: dayOf(expires) }),
        label: t("paper.symbol", { name }), pdf: pdf !== null } });
      await this.draw();
    });
  },

  async draw() {
    const canvas = await canvasOf(this, "#paper-code");
    const { pixelRatio, windowWidth } = wx.getWindowInfo();
    const { width } = drawQr(canvas, this.paper.code, { room: Math.min(MOST_ROOM, windowWidth - MARGIN), density: pixelRatio });
    this.setData({ side: width });
  },

  openPdf() {
    return this.attempt(() => openPdf("city-code-paper.pdf", this.paper.pdf));
  },

  askRevoke({ currentTarget: { dataset: { id } } }) {
    this.sure({ title: t("paper.lost"), effect: t("paper.lost_effect"), yes: t("paper.lost_yes") }, async () => {
      await revokePaper(this.wallet.call, this.papers.find((paper) => paper.id === id));
      await this.forget();
      await this.load();
    });
  },

  /** It is given once, and kept nowhere. */
  async forget() {
    if (this.data.sheet === null) return;
    this.paper = null;
    const canvas = await canvasOf(this, "#paper-code");
    if (canvas) clearQr(canvas);
    this.setData({ sheet: null });
  },

  onUnload() {
    this.paper = null;
    removeFiles();
  },
}));

async function nameOf(call, tie) {
  return (await listTies(call)).dependants.find(({ id }) => id === tie)?.name ?? "";
}
