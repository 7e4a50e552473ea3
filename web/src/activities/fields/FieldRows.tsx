import { ActionButton, Tooltip, TooltipTrigger } from "@adobe/react-spectrum";
import Delete from "@spectrum-icons/workflow/Delete";
import { useMemo } from "react";
import { ExpressionField } from "@/expressions/ExpressionField";
import { FieldPicker } from "@/expressions/FieldPicker";
import type { Place, ScopeRoot } from "@/expressions/scope";
import { useT } from "@/i18n/useT";
import { pathOf, type SchemaField } from "../schemaFields";
import styles from "./fields.module.css";
import { Note, Part } from "./Stack";

/** A field, by its JSON pointer, and what it becomes. */
export interface FieldRow {
  pointer: string;
  expression: string;
}

interface Props {
  title: string;
  /** What the fields are of. */
  rootTitle: string;
  rows: FieldRow[];
  fields: SchemaField[];
  onChange: (rows: FieldRow[]) => void;
  place: Place;
  isReadOnly: boolean;
  most: number;
}

/** Fields that are picked one by one, each with an expression. */
export function FieldRows({ title, rootTitle, rows, fields, onChange, place, isReadOnly, most }: Props) {
  const t = useT();
  const roots = useMemo(
    (): ScopeRoot[] => [{ reference: `{${rootTitle}`, kind: "profile", title: rootTitle, fields }],
    [rootTitle, fields],
  );
  const taken = useMemo(() => new Set(rows.map((row) => row.pointer)), [rows]);
  const add = (pointer: string) => onChange([...rows, { pointer, expression: "" }]);
  const pointerOf = new Map(fields.map((field) => [field.path, field.pointer]));
  return (
    <Part title={title}>
      {rows.map((row, index) => {
        const field = fields.find((one) => one.pointer === row.pointer);
        const name = field?.title ?? pathOf(row.pointer);
        return (
          <div key={row.pointer} className={styles.card}>
            <div className={styles.head}>
              <span className={field === undefined && fields.length > 0 ? styles.wrong : styles.name}>{name}</span>
              {!isReadOnly && (
                <TooltipTrigger>
                  <ActionButton
                    isQuiet
                    aria-label={t("activities.field.remove", { name })}
                    onPress={() => onChange(rows.filter((_, at) => at !== index))}
                  >
                    <Delete />
                  </ActionButton>
                  <Tooltip>{t("activities.field.remove", { name })}</Tooltip>
                </TooltipTrigger>
              )}
            </div>
            <ExpressionField
              label={pathOf(row.pointer)}
              value={row.expression}
              onChange={(expression) => onChange(rows.map((one, at) => (at === index ? { ...one, expression } : one)))}
              place={place}
              expects={field === undefined || field.type === "map" || field.type === "any" ? null : field.type}
              isCondition={false}
              isReadOnly={isReadOnly}
              isRequired
            />
          </div>
        );
      })}
      {rows.length >= most && <Note>{t("activities.field.most", { count: most })}</Note>}
      {!isReadOnly && fields.length > 0 && (
        <div className={styles.row}>
          <FieldPicker
            label={t("activities.field.add")}
            roots={roots}
            isDisabled={rows.length >= most}
            accepts={(field) => !taken.has(pointerOf.get(field.path) ?? "")}
            onPick={(field) => add(pointerOf.get(field.path) ?? "")}
          />
        </div>
      )}
    </Part>
  );
}
