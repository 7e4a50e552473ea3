import { Item, TabList, TabPanels, Tabs } from "@adobe/react-spectrum";
import { useEffect, useMemo, useState } from "react";
import { FormattedDate, FormattedNumber, useIntl } from "react-intl";
import type { JourneyDocument } from "@/flow/document";
import { useT } from "@/i18n/useT";
import { FigureTable } from "@/ui/FigureTable";
import { useDraft } from "../draftContext";
import { useOverlay } from "../overlay";
import { BacktestCalls } from "./BacktestCalls";
import { BacktestCustomers, type Chosen } from "./BacktestCustomers";
import { type BacktestOutcome, countsLayer } from "./backtest";
import styles from "./Trial.module.css";
import { wayLayer } from "./wayLayer";

/** What the draft would have done, beside what was done: on the canvas, in figures, by customer and by call. */
export function BacktestResult({ document, outcome }: { document: JourneyDocument; outcome: BacktestOutcome }) {
  const t = useT();
  const { formatNumber } = useIntl();
  const focus = useOverlay((state) => state.focus);
  const isOld = useDraft((draft) => draft.document !== document);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const layer = useMemo(
    () =>
      countsLayer(outcome, document, (draft, live) =>
        live === null
          ? formatNumber(draft)
          : t("trial.backtest.beside", { draft: formatNumber(draft), live: formatNumber(live) }),
      ),
    [outcome, document, formatNumber, t],
  );
  useEffect(() => {
    const run = chosen?.customer[chosen.side];
    focus(run === undefined ? layer : wayLayer(document, run.steps, run.nodeId));
  }, [chosen, layer, document, focus]);
  useEffect(() => () => focus(null), [focus]);

  const { draft, live } = outcome.summary;
  const names = (of: "ended" | "calls") => [...new Set([...Object.keys(draft[of]), ...Object.keys(live[of])])];
  const row = (id: string, what: string, would: number, did: number) => ({
    id,
    cells: { what, would: <FormattedNumber value={would} />, did: <FormattedNumber value={did} /> },
  });
  const columns = [
    { id: "what", name: t("trial.backtest.what"), isText: true },
    { id: "would", name: t("trial.backtest.would") },
    ...(outcome.live === null ? [] : [{ id: "did", name: t("trial.backtest.did") }]),
  ];
  const date = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" } as const;
  return (
    <section aria-label={t("trial.backtest.result")}>
      {isOld && <p className={styles.clock}>{t("trial.backtest.old")}</p>}
      <p className={styles.clock} data-testid="backtest-records">
        <FormattedDate value={outcome.from} {...date} /> – <FormattedDate value={outcome.to} {...date} />:{" "}
        {t("trial.backtest.records", { records: outcome.records, recognised: outcome.recognised })}
      </p>
      {outcome.records === 0 && outcome.customerCount === 0 && <p>{t("trial.backtest.nothing")}</p>}
      {outcome.live === null && <p className={styles.clock}>{t("trial.backtest.neverLive")}</p>}
      <FigureTable
        caption={t("trial.backtest.result")}
        isWhole
        columns={columns}
        rows={[
          row("entered", t("trial.backtest.entrances"), draft.entered, live.entered),
          row("customers", t("trial.customers"), draft.customers, live.customers),
          ...names("ended").map((state) =>
            row(`ended ${state}`, t(`live.status.${state}`), draft.ended[state] ?? 0, live.ended[state] ?? 0),
          ),
          ...names("calls").map((action) =>
            row(
              `call ${action}`,
              t("trial.backtest.callsOf", { action }),
              draft.calls[action] ?? 0,
              live.calls[action] ?? 0,
            ),
          ),
        ]}
      />
      {Object.entries(outcome.refused).map(([reason, count]) => (
        <p key={reason} className={styles.clock}>
          <FormattedNumber value={count} /> {t("trial.refused", { reason })}
        </p>
      ))}
      {outcome.live !== null && (
        <ul className={styles.legend} aria-label={t("trial.backtest.legend")}>
          {(["more", "fewer", "errors"] as const).map((one) => (
            <li key={one} data-difference={one}>
              {t(`trial.backtest.legend.${one}`)}
            </li>
          ))}
        </ul>
      )}
      <Tabs aria-label={t("trial.backtest.result")}>
        <TabList>
          <Item key="customers">{t("trial.customers")}</Item>
          <Item key="calls">{t("trial.backtest.calls")}</Item>
        </TabList>
        <TabPanels>
          <Item key="customers">
            <BacktestCustomers document={document} outcome={outcome} chosen={chosen} onChoose={setChosen} />
          </Item>
          <Item key="calls">
            <BacktestCalls document={document} outcome={outcome} />
          </Item>
        </TabPanels>
      </Tabs>
      <details className={styles.notes}>
        <summary>{t("trial.backtest.notes")}</summary>
        <ul>
          {(["profiles", "times", "calls", "start"] as const).map((one) => (
            <li key={one}>{t(`trial.backtest.note.${one}`)}</li>
          ))}
          {outcome.insideAtStart > 0 && <li>{t("trial.backtest.note.inside", { count: outcome.insideAtStart })}</li>}
          {outcome.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      </details>
    </section>
  );
}
