/** Who scanned this person's code: where, when, with what result, and what was disclosed. Refused scans too. */

import { listRecords } from "../../core/records.js";
import { screen } from "../../screen.js";
import { dayAndTime, hasWords, pick, t } from "../../words.js";

const SIGNS = { accepted: ["✓", "good"], refused: ["✕", "refused"], undetermined: ["?", "unsure"] };

Page(screen({
  title: "tab.records",
  data: { loading: true, records: [] },

  open() {
    return this.attempt(async () => {
      const records = await listRecords(this.wallet.call);
      this.setData({ loading: false, records: records.map(rowOf) });
    });
  },
}));

function rowOf(record, key) {
  const disclosed = record.disclosed.map((name) => (hasWords(`attribute.${name}`) ? t(`attribute.${name}`) : name));
  const [sign, look] = SIGNS[record.decision];
  return {
    key, sign, look, decision: record.decision, scene: pick(record.scene_title), place: record.place, at: dayAndTime(record.at),
    verdict: t(`decision.${record.decision}`) + (record.decision === "accepted" ? "" : t("colon") + pick(record.message)),
    marks: (record.marks ?? []).map(pick),
    disclosed: t("records.disclosed") + t("colon") + (disclosed.length > 0 ? disclosed.join(t("comma")) : t("records.nothing")),
  };
}
