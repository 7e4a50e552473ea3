import { Checkbox, Switch } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";
import type { FormProps } from "../kind";
import { withMembers } from "../members";
import { toSpan } from "../spans";
import { timeoutProblem } from "../timeouts";
import { timeoutOf } from "../ways";
import { DurationField } from "./DurationField";
import { Note, Part } from "./Stack";

interface Props extends FormProps {
  /** Least length, in seconds. */
  atLeast?: number;
}

/** How long a listening activity waits, and whether what comes after has a path of its own. */
export function TimeoutField({ node, document, nodeId, onChange, isReadOnly, atLeast = 1 }: Props) {
  const t = useT();
  if (document.entry.node === nodeId) return null;
  const timeout = timeoutOf(node);
  const span = toSpan(timeout, { value: 1, unit: "days" });
  const problem = timeout === null ? null : timeoutProblem(span, atLeast);
  const set = (next: object | undefined) => onChange(withMembers(node, { timeout: next }));
  return (
    <Part title={t("activities.timeout")}>
      <Switch
        isSelected={timeout !== null}
        isReadOnly={isReadOnly}
        onChange={(on) => set(on ? { ...span } : undefined)}
      >
        {t("activities.timeout.has")}
      </Switch>
      {timeout === null ? (
        <Note>{t("activities.timeout.none")}</Note>
      ) : (
        <>
          <DurationField
            label={t("activities.timeout.after")}
            value={span}
            isReadOnly={isReadOnly}
            problem={problem === null ? undefined : t(problem)}
            onChange={(next) => set({ ...timeout, ...next })}
          />
          <Checkbox
            isSelected={timeout.path === true}
            isReadOnly={isReadOnly}
            onChange={(on) => set(on ? { ...timeout, path: true } : { ...span })}
          >
            {t("activities.timeout.path")}
          </Checkbox>
        </>
      )}
    </Part>
  );
}
