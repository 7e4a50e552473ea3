import { Button, ProgressBar } from "@adobe/react-spectrum";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { FormattedDate } from "react-intl";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useDraftStore } from "../draftContext";
import panel from "../Panel.module.css";
import { PanelHead } from "../PanelHead";
import { BacktestForm } from "./BacktestForm";
import { BacktestResult } from "./BacktestResult";
import { DEFAULT_PERIOD, type Progress, periodOf } from "./backtest";
import { useBacktest } from "./backtestRun";
import styles from "./Trial.module.css";

interface Props {
  versionUid: string;
  onClose: () => void;
}

/** Replay what has happened through the document as it is now, beside what the live version did with it. */
export function BacktestPanel({ versionUid, onClose }: Props) {
  const t = useT();
  const store = useDraftStore();
  const navigate = useNavigate({ from: "/journeys/$uid/versions/$versionUid" });
  const { data, period = DEFAULT_PERIOD } = useSearch({ from: "/shell/journeys/$uid/versions/$versionUid" });
  const backtest = useBacktest();
  const isOurs = backtest.versionUid === versionUid;
  const isRunning = isOurs && backtest.isRunning;
  const start = (dataSets: string[]) =>
    void backtest.start(versionUid, store.getState().document, { dataSets, ...periodOf(period) });
  return (
    <aside className={panel.panel} aria-label={t("trial.backtest")}>
      <PanelHead title={t("trial.backtest")} onClose={onClose} />
      <BacktestForm
        chosen={data}
        period={period}
        isRunning={isRunning}
        onChange={(next) => void navigate({ search: (before) => ({ ...before, ...next }), replace: true })}
        onRun={start}
      />
      {isRunning && (
        <div className={styles.form}>
          <Going progress={backtest.progress} />
          <Button variant="secondary" onPress={backtest.cancel}>
            {t("trial.backtest.cancel")}
          </Button>
        </div>
      )}
      {isOurs && backtest.error !== null && <ErrorNotice error={backtest.error} />}
      {isOurs && backtest.found !== null && (
        <BacktestResult document={backtest.found.document} outcome={backtest.found.outcome} />
      )}
    </aside>
  );
}

function Going({ progress }: { progress: Progress | null }) {
  const t = useT();
  if (progress === null)
    return <ProgressBar label={t("trial.backtest.waiting")} isIndeterminate width="100%" showValueLabel={false} />;
  const { records, total, at } = progress;
  return (
    <>
      <ProgressBar
        label={t("trial.backtest.progress", { records, total })}
        value={total === 0 ? 100 : (100 * records) / total}
        width="100%"
      />
      <p className={styles.clock}>
        <FormattedDate value={at} day="numeric" month="short" year="numeric" hour="2-digit" minute="2-digit" />
      </p>
    </>
  );
}
