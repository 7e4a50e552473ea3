import { FormattedDate } from "react-intl";
import type { JourneyDocument } from "@/flow/document";
import { useT } from "@/i18n/useT";
import { titleOf } from "../labels";
import { useNamesOf } from "../namesContext";
import type { TrialCustomer } from "./replay";
import styles from "./Trial.module.css";

/** What happened to one customer, step by step. */
export function OneWay({
  document,
  customer,
}: {
  document: JourneyDocument;
  customer: Pick<TrialCustomer, "steps" | "refused">;
}) {
  const t = useT();
  const names = useNamesOf();
  return (
    <ol className={styles.steps}>
      {customer.steps.map((step, index) => {
        const node = document.nodes[step.nodeId];
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: steps have no name of their own, and never change
          <li key={index}>
            <strong>{node === undefined ? step.nodeId : titleOf(node, names, t)}</strong>{" "}
            <FormattedDate
              value={step.at}
              day="numeric"
              month="short"
              hour="2-digit"
              minute="2-digit"
              second="2-digit"
            />
            {step.transition ? ` → ${step.transition}` : ` · ${step.status}`}
          </li>
        );
      })}
      {customer.refused.map(({ at, event, reason }) => (
        <li key={`${at}${event}`}>
          {event}: {t("trial.refused", { reason })}
        </li>
      ))}
    </ol>
  );
}
