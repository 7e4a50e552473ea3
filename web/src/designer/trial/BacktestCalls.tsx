import { Button } from "@adobe/react-spectrum";
import { useState } from "react";
import { FormattedDate } from "react-intl";
import type { JourneyDocument } from "@/flow/document";
import { useT } from "@/i18n/useT";
import { titleOf } from "../labels";
import { useNamesOf } from "../namesContext";
import type { BacktestOutcome } from "./backtest";
import styles from "./Trial.module.css";

const PAGE = 50;

/** What would have gone out, to whom and when. */
export function BacktestCalls({ document, outcome }: { document: JourneyDocument; outcome: BacktestOutcome }) {
  const t = useT();
  const names = useNamesOf();
  const [count, setCount] = useState(PAGE);
  const { calls, callCount } = outcome;
  if (callCount === 0) return <p>{t("trial.backtest.noCalls")}</p>;
  return (
    <>
      {callCount > calls.length && (
        <p className={styles.clock}>{t("trial.backtest.someCalls", { shown: calls.length, count: callCount })}</p>
      )}
      <ul className={styles.calls} aria-label={t("trial.backtest.calls")}>
        {calls.slice(0, count).map((call, index) => {
          const node = call.nodeId === null ? undefined : document.nodes[call.nodeId];
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: calls have no name of their own, and never change
            <li key={index}>
              <strong>{node === undefined ? call.action : titleOf(node, names, t)}</strong>
              <FormattedDate
                value={call.at}
                day="numeric"
                month="short"
                hour="2-digit"
                minute="2-digit"
                second="2-digit"
              />
              <span>{call.key}</span>
              {call.statusCode !== null && <span>{call.statusCode}</span>}
            </li>
          );
        })}
      </ul>
      {calls.length > count && (
        <Button variant="secondary" onPress={() => setCount(count + PAGE)}>
          {t("live.people.more")}
        </Button>
      )}
    </>
  );
}
