import { Text } from "@adobe/react-spectrum";
import { useEffect } from "react";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useDraft } from "../draftContext";
import { titleOf } from "../labels";
import { useNamesOf } from "../namesContext";
import { useOverlay } from "../overlay";
import styles from "./Trial.module.css";
import type { LogEntry } from "./testLog";
import { wayLayer } from "./wayLayer";

interface Props {
  entries: readonly LogEntry[];
  error: unknown;
  /** Whose way is drawn on the canvas. */
  shown: LogEntry | null;
  onChoose: (id: string) => void;
}

/** Every test profile that entered, the latest first; the way of one of them lights up on the canvas as it goes. */
export function TestLog({ entries, error, shown, onChoose }: Props) {
  const t = useT();
  const names = useNamesOf();
  const document = useDraft((draft) => draft.document);
  const focus = useOverlay((state) => state.focus);
  useEffect(() => {
    if (shown === null) return focus(null);
    const { step, phase } = shown.currentstep;
    focus(wayLayer(document, shown.transitionHistory, phase === "running" ? (step ?? null) : null));
  }, [shown, document, focus]);
  useEffect(() => () => focus(null), [focus]);
  const nameOf = (id: string) => {
    const node = document.nodes[id];
    return node === undefined ? id : titleOf(node, names, t);
  };
  if (error !== null) return <ErrorNotice error={error} />;
  if (entries.length === 0) return <Text>{t("trial.log.none")}</Text>;
  return (
    <ul className={styles.list} data-testid="test-log">
      {entries.map((entry) => (
        <li key={entry.Id}>
          <button type="button" aria-pressed={entry === shown} onClick={() => onChoose(entry.Id)}>
            <span>{entry.externalKeys.map((key) => key.id).join(", ")}</span>
            <span>
              {entry.currentstep.step === undefined ? "" : `${nameOf(entry.currentstep.step)} · `}
              {entry.currentstep.phase}
            </span>
          </button>
          {entry === shown && (
            <>
              <ol className={styles.steps}>
                {entry.transitionHistory.map(({ nodeId, transition, atUs }) => (
                  <li key={`${nodeId}${atUs}`}>
                    <strong>{nameOf(nodeId)}</strong>
                    {transition === null ? "" : ` → ${transition}`}
                  </li>
                ))}
              </ol>
              <details>
                <summary>{t("trial.log.more")}</summary>
                <pre className={styles.json}>{JSON.stringify(entry, null, 2)}</pre>
              </details>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}
