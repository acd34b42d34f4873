/** Who scanned this person's code: where, when, with what result, and what was disclosed. "This was not me." */

import { dispute, DISPUTE_KINDS, listRecords, LONGEST_DISPUTE } from "../../core/records.js";
import { screen } from "../../screen.js";
import { attribute, dayAndTime, pick, t } from "../../words.js";

const SIGNS = { accepted: ["✓", "good"], refused: ["✕", "refused"], undetermined: ["?", "unsure"] };

Page(screen({
  title: "tab.records",
  data: { records: [], doubted: null, kinds: [], kind: DISPUTE_KINDS[0], longest: LONGEST_DISPUTE },

  async load() {
    const records = await listRecords(this.wallet.call);
    this.setData({ records: records.map(rowOf), kinds: DISPUTE_KINDS.map((value) => ({ value, title: t(`dispute.${value}`) })) });
  },

  doubt({ currentTarget: { dataset: { id } } }) {
    this.typed = {};
    this.setData({ doubted: this.data.records.find((record) => record.id === id), problem: "" });
    wx.pageScrollTo({ scrollTop: 0, duration: 0 });
  },

  send() {
    return this.change(async () => {
      await dispute(this.wallet.call, this.data.doubted.id, { kind: this.data.kind, text: this.typed.text ?? "" });
      this.leave();
    });
  },

  leave() {
    this.setData({ doubted: null, problem: "" });
  },
}));

function rowOf(record) {
  const [sign, look] = SIGNS[record.decision];
  return {
    id: record.id, sign, look, decision: record.decision, scene: pick(record.scene_title), place: record.place,
    verdict: t(`decision.${record.decision}`) + (record.decision === "accepted" ? "" : t("colon") + pick(record.message)),
    marks: (record.marks ?? []).map(pick),
    shown: record.shown_for ? t("records.shown_for", { name: record.shown_for })
      : record.shown_by ? t("records.shown_by", { name: record.shown_by }) : "",
    at: `${dayAndTime(record.at)} · ${t(record.online ? "records.online" : "records.offline")}`,
    disclosed: t("records.disclosed") + t("colon") + (record.disclosed.map(attribute).join(t("comma")) || t("records.nothing")),
    disputable: record.disputable,
    dispute: record.dispute ? [pick(record.dispute_title), record.reply].filter(Boolean).join(t("colon")) : "",
  };
}
