import { ActionButton, Checkbox, Item, Picker, Text, Tooltip, TooltipTrigger } from "@adobe/react-spectrum";
import Delete from "@spectrum-icons/workflow/Delete";
import { useT } from "@/i18n/useT";
import styles from "./ConditionBuilder.module.css";
import { FieldPicker } from "./FieldPicker";
import { nameOf } from "./fieldTree";
import { newRow, operatorsOfRow, withOperator } from "./operators";
import { hasCase, type Operator, type Row } from "./rows";
import { fieldOf, type Scope, type ScopeField } from "./scope";
import { today } from "./today";
import { ValueField } from "./ValueField";

interface Props {
  row: Row;
  onChange: (row: Row) => void;
  onRemove: () => void;
  scope: Scope;
  audiences: readonly string[];
  isReadOnly: boolean;
}

/** Field, operator, value. */
export function ConditionRow({ row, onChange, onRemove, scope, audiences, isReadOnly }: Props) {
  const t = useT();
  const field = row.field === "" ? null : fieldOf(scope, row.field);
  const name =
    row.field === "" ? t("expressions.builder.audience") : titleOf(scope, row.field, field, t("expressions.profile"));
  const known = field ?? unknown(row.field);
  const setOperator = (operator: Operator) => onChange(withOperator(row, operator, known, today()));
  return (
    <fieldset className={styles.row} aria-label={name}>
      <div className={styles.line}>
        <div className={styles.field}>
          <strong>{name}</strong>
          {row.field !== "" && (
            <span className={styles.path}>
              {field?.path ?? row.field} ·{" "}
              {field === null ? t("expressions.builder.unknown") : t(`expressions.type.${field.type}`)}
            </span>
          )}
        </div>
        {!isReadOnly && row.field !== "" && (
          <FieldPicker
            label={t("expressions.builder.change", { name })}
            roots={scope.roots}
            isIcon
            isChange
            onPick={(next) => onChange(keeping(row, next))}
          />
        )}
        {!isReadOnly && (
          <TooltipTrigger>
            <ActionButton isQuiet onPress={onRemove} aria-label={t("expressions.builder.remove", { name })}>
              <Delete />
            </ActionButton>
            <Tooltip>{t("expressions.builder.remove", { name })}</Tooltip>
          </TooltipTrigger>
        )}
      </div>
      <div className={styles.line}>
        <Picker
          aria-label={t("expressions.builder.operator", { name })}
          selectedKey={row.operator}
          isDisabled={isReadOnly}
          onSelectionChange={(key) => setOperator(String(key) as Operator)}
          width="size-2000"
        >
          {operatorsOfRow(row, field).map((operator) => (
            <Item key={operator} textValue={t(`expressions.operator.${operator}`)}>
              <Text>{t(`expressions.operator.${operator}`)}</Text>
            </Item>
          ))}
        </Picker>
        {row.value.type !== "none" && (
          <div className={styles.value}>
            <ValueField
              label={t("expressions.builder.value", { name })}
              value={row.value}
              type={known.type}
              choices={row.field === "" ? [...audiences] : (field?.enum ?? null)}
              isReadOnly={isReadOnly}
              onChange={(value) => onChange({ ...row, value })}
            />
          </div>
        )}
      </div>
      {hasCase(row) && field?.enum == null && (
        <Checkbox
          isSelected={row.ignoreCase !== true}
          isReadOnly={isReadOnly}
          onChange={(isCased) => onChange(cased(row, isCased))}
        >
          {t("expressions.builder.case")}
        </Checkbox>
      )}
    </fieldset>
  );
}

function titleOf(scope: Scope, reference: string, field: ScopeField | null, profile: string): string {
  if (field === null) return reference;
  const root = scope.roots.find((one) => one.fields.includes(field));
  if (root === undefined) return field.title || field.path;
  return `${root.kind === "profile" ? profile : nameOf(root)} › ${field.title || field.path}`;
}

const unknown = (expression: string): ScopeField => ({
  path: expression,
  expression,
  type: "any",
  title: expression,
  enum: null,
  isCollection: false,
});

/** The row about another field, with its operator and value where that field has them. */
function keeping(row: Row, field: ScopeField): Row {
  const fresh = newRow(field, today());
  const isOffered = operatorsOfRow(fresh, field).includes(row.operator);
  return isOffered ? withOperator({ ...row, field: field.expression }, row.operator, field, today()) : fresh;
}

function cased(row: Row, isCased: boolean): Row {
  const { ignoreCase: _, ...plain } = row;
  return isCased ? plain : { ...plain, ignoreCase: true };
}
