import {
  ActionGroup,
  Flex,
  Item,
  ProgressCircle,
  Text,
  ToggleButton,
  Tooltip,
  TooltipTrigger,
} from "@adobe/react-spectrum";
import Play from "@spectrum-icons/workflow/PlayCircle";
import { lazy, Suspense, useId, useMemo, useState } from "react";
import { useT } from "@/i18n/useT";
import { ConditionBuilder } from "./ConditionBuilder";
import styles from "./ExpressionField.module.css";
import { Faults } from "./Faults";
import { FieldPicker } from "./FieldPicker";
import { toRows } from "./rows";
import { SignatureHelp } from "./SignatureHelp";
import type { ExpressionType, Place } from "./scope";
import { TryPanel } from "./TryPanel";
import { useAudienceNames } from "./useAudienceNames";
import { useCheck, useScope } from "./useExpression";

const CodeMirror = lazy(() => import("./CodeMirror").then((module) => ({ default: module.CodeMirror })));

interface Props {
  label: string;
  description?: string;
  value: string;
  onChange: (value: string) => void;
  place: Place;
  /** The type that is needed; null for any. */
  expects: ExpressionType | null;
  isReadOnly: boolean;
  isRequired?: boolean;
  /** Whether a yes or no is a condition, to be built by rows; a parameter of that type is not. */
  isCondition?: boolean;
}

/** An expression: a condition by rows or as text, anything else as text, with what is wrong and what it yields. */
export function ExpressionField(props: Props) {
  const { label, value, onChange, place, expects, isReadOnly, isCondition = true } = props;
  const t = useT();
  const hasRows = expects === "boolean" && isCondition;
  const rows = useMemo(() => (hasRows ? toRows(value) : null), [hasRows, value]);
  const [wantsText, setWantsText] = useState(() => rows === null);
  const isSimple = rows !== null && !wantsText;
  const id = useId();
  if (!hasRows) return <TextEditor {...props} />;
  return (
    <fieldset className={styles.field} aria-labelledby={id}>
      <Flex alignItems="center" justifyContent="space-between" gap="size-100" wrap>
        <span id={id} className={styles.label}>
          {label}
          {props.isRequired && " *"}
        </span>
        <ActionGroup
          selectionMode="single"
          disallowEmptySelection
          density="compact"
          aria-label={t("expressions.mode")}
          selectedKeys={[isSimple ? "simple" : "text"]}
          disabledKeys={rows === null ? ["simple"] : []}
          onSelectionChange={(keys) => setWantsText(keys !== "all" && keys.has("text"))}
        >
          <Item key="simple">{t("expressions.mode.simple")}</Item>
          <Item key="text">{t("expressions.mode.text")}</Item>
        </ActionGroup>
      </Flex>
      {isSimple ? (
        <ConditionBuilder condition={rows} onChange={onChange} place={place} isReadOnly={isReadOnly} />
      ) : (
        <TextEditor {...props} isLabelHidden />
      )}
      {rows === null && <Text UNSAFE_className={styles.note}>{t("expressions.mode.notSimple")}</Text>}
    </fieldset>
  );
}

function TextEditor({
  label,
  description,
  value,
  onChange,
  place,
  expects,
  isReadOnly,
  isRequired,
  isLabelHidden,
}: Props & { isLabelHidden?: boolean }) {
  const t = useT();
  const [labelId, helpId] = [useId(), useId()];
  const { scope } = useScope(place);
  const audiences = useAudienceNames();
  const { check, error } = useCheck(place, value, expects);
  const [cursor, setCursor] = useState<number | null>(null);
  const [insertion, setInsertion] = useState<{ id: number; text: string } | null>(null);
  const [isTried, setTried] = useState(false);
  const surroundings = useMemo(() => ({ scope, audiences }), [scope, audiences]);
  const faults = check?.faults ?? [];
  const needed = expects === null ? "" : t("expressions.expects", { type: t(`expressions.type.${expects}`) });
  const yielded = check?.type ? t("expressions.yields", { type: t(`expressions.type.${check.type}`) }) : needed;
  return (
    <div className={styles.field}>
      <div className={styles.head}>
        <span id={labelId} className={isLabelHidden ? styles.hidden : styles.label}>
          {label}
          {isRequired && " *"}
        </span>
        <span className={styles.tools}>
          {!isReadOnly && (
            <FieldPicker
              label={t("expressions.insert", { name: label })}
              roots={scope.roots}
              isIcon
              onPick={(field) => setInsertion({ id: Date.now(), text: field.expression })}
            />
          )}
          <TooltipTrigger>
            <ToggleButton
              isQuiet
              isSelected={isTried}
              onChange={setTried}
              aria-label={t("expressions.try", { name: label })}
            >
              <Play size="S" />
            </ToggleButton>
            <Tooltip>{t("expressions.try", { name: label })}</Tooltip>
          </TooltipTrigger>
        </span>
      </div>
      <Suspense fallback={<ProgressCircle isIndeterminate size="S" aria-label={t("common.loading")} />}>
        <CodeMirror
          value={value}
          onChange={onChange}
          onCursor={setCursor}
          surroundings={surroundings}
          faults={faults}
          checked={check?.text ?? null}
          labelledBy={labelId}
          describedBy={helpId}
          isReadOnly={isReadOnly}
          insertion={insertion}
        />
      </Suspense>
      {cursor !== null && <SignatureHelp text={value} cursor={cursor} functions={scope.functions} />}
      <div id={helpId}>
        <span className={styles.note}>
          {[description, yielded].filter(Boolean).join(description?.endsWith(".") ? " " : " · ")}
        </span>
        <span className={styles.hidden}>{t("expressions.keys")}</span>
        <Faults text={value} faults={faults} error={error} onChange={isReadOnly ? null : onChange} />
      </div>
      {isTried && <TryPanel text={value} place={place} scope={scope} />}
    </div>
  );
}
