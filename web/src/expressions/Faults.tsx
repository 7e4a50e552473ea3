import { ActionButton } from "@adobe/react-spectrum";
import Alert from "@spectrum-icons/workflow/Alert";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import styles from "./ExpressionField.module.css";
import { mended } from "./mend";
import type { ExpressionFault } from "./scope";

interface Props {
  text: string;
  faults: readonly ExpressionFault[];
  /** Why the expression could not be checked. */
  error: unknown;
  /** Null when it can't be changed. */
  onChange: ((text: string) => void) | null;
}

/** What is wrong with an expression, each with its place and, where a name was meant, a button that mends it. */
export function Faults({ text, faults, error, onChange }: Props) {
  const t = useT();
  if (error) return <ErrorNotice error={error} />;
  return (
    <ul className={styles.faults} aria-live="polite">
      {faults.map((fault) => {
        const better = onChange === null ? null : mended(text, fault);
        const isWarning = fault.severity === "warning";
        return (
          <li key={`${fault.code}${fault.position}${fault.message}`} className={isWarning ? styles.warning : undefined}>
            <Alert size="XS" aria-label={t(isWarning ? "expressions.warning" : "expressions.fault")} />
            <span className={styles.message}>
              {fault.line !== null && fault.line > 1
                ? t("expressions.at.line", { line: fault.line, column: fault.column ?? 1, message: fault.message })
                : fault.message}
            </span>
            {better !== null && (
              <ActionButton isQuiet onPress={() => onChange?.(better)}>
                {t("expressions.mend", { name: fault.nearest ?? "" })}
              </ActionButton>
            )}
          </li>
        );
      })}
    </ul>
  );
}
