/** The health status with rule, evidence and validity, its history, and the appeal against a change. */

import { appeal, LONGEST_APPEAL, readHealthStatus } from "../../core/health_status.js";
import { screen } from "../../screen.js";
import { dayAndTime, pick, t } from "../../words.js";

/** A shape for each status: colour is never the only sign. */
const SIGNS = { dash: "—", circle: "●", triangle: "▲", square: "■" };

Page(screen({
  title: "menu.health",
  data: { status: null, changes: [], against: null, longest: LONGEST_APPEAL },

  async load() {
    const { title, shape, until, appealDays, changes } = await readHealthStatus(this.wallet.call);
    this.setData({
      status: { sign: SIGNS[shape], shape, title: pick(title),
        until: until === null ? t("health.none") : t("health.until", { time: dayAndTime(until) }) },
      appealWhy: t("health.appeal_why", { days: appealDays }),
      changes: changes.map(rowOf),
    });
  },

  object({ currentTarget: { dataset: { change } } }) {
    this.typed = {};
    this.setData({ against: this.data.changes.find((entry) => entry.change === Number(change)), problem: "" });
    wx.pageScrollTo({ scrollTop: 0, duration: 0 });
  },

  send() {
    return this.change(async () => {
      await appeal(this.wallet.call, this.data.against.change, this.typed.text ?? "");
      this.leave();
    });
  },

  leave() {
    this.setData({ against: null, problem: "" });
  },
}));

function rowOf(change) {
  const named = (key, value) => value && t(key) + t("colon") + value;
  return {
    change: change.change, sign: SIGNS[change.shape], title: pick(change.title), at: dayAndTime(change.at),
    reason: named("health.reason", pick(change.reason)), appealable: change.appealable,
    grounds: [named("health.basis", change.basis),
      change.rule && t("health.rule", { rule: change.rule, version: change.rule_version }),
      change.evidence_title && named("health.evidence",
        [pick(change.evidence_title), ...change.evidence.map(({ observed }) => dayAndTime(observed))].join(t("comma")))].filter(Boolean),
    appeal: change.appeal ? [named("health.appeal", pick(change.appeal.state_title)),
      t("health.due", { time: dayAndTime(change.appeal.due) })].join(t("stop")) : "",
  };
}
