import { ActionButton, Text } from "@adobe/react-spectrum";
import Back from "@spectrum-icons/workflow/ChevronLeft";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { FormattedDate } from "react-intl";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { useDraft } from "../draftContext";
import { useOverlay } from "../overlay";
import panel from "../Panel.module.css";
import { PanelHead } from "../PanelHead";
import { instanceQuery, pathOverlay, type Step } from "./instances";
import styles from "./People.module.css";

interface Props {
  id: string;
  onBack: () => void;
  onClose: () => void;
}

/** The way of one individual, step by step, and on the canvas. */
export function OnePerson({ id, onBack, onClose }: Props) {
  const t = useT();
  const document = useDraft((draft) => draft.document);
  const { data, error, refetch } = useQuery(instanceQuery(id));
  const { focus } = useOverlay();
  useEffect(() => {
    if (data !== undefined) focus(pathOverlay(document, data));
  }, [data, document, focus]);
  useEffect(() => () => focus(null), [focus]);
  return (
    <aside className={panel.panel} aria-label={t("live.one", { key: data?.key ?? id })}>
      <PanelHead
        title={data?.key ?? id}
        onClose={onClose}
        start={
          <ActionButton isQuiet onPress={onBack} aria-label={t("live.back")}>
            <Back />
          </ActionButton>
        }
      />
      {error !== null && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <Loading />}
      {data !== undefined && (
        <>
          <Text>
            {data.namespace} · {t(`live.status.${data.status}`)}
          </Text>
          <ol className={styles.steps}>
            {data.steps.map((step) => (
              <StepLine key={step.seq} step={step} />
            ))}
          </ol>
        </>
      )}
    </aside>
  );
}

function StepLine({ step }: { step: Step }) {
  const t = useT();
  const more = Object.fromEntries(
    Object.entries({ detail: step.detail, error: step.error, action: step.action }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  return (
    <li data-error={step.stepStatus === "error" || undefined}>
      <div className={styles.stepHead}>
        <strong>{step.nodeName ?? step.nodeId}</strong>
        <time>
          <FormattedDate
            value={step.atUs / 1000}
            hour="2-digit"
            minute="2-digit"
            second="2-digit"
            day="numeric"
            month="short"
          />
        </time>
      </div>
      <span>
        {step.stepStatus}
        {step.transition ? ` → ${step.transition}` : ""}
      </span>
      {Object.keys(more).length > 0 && (
        <details>
          <summary>{t("live.why")}</summary>
          <pre>{JSON.stringify(more, null, 2)}</pre>
        </details>
      )}
    </li>
  );
}
