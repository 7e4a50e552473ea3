import { ActionButton, Checkbox, Text, TextField } from "@adobe/react-spectrum";
import Add from "@spectrum-icons/workflow/Add";
import Delete from "@spectrum-icons/workflow/Delete";
import { Part } from "@/activities/fields/Stack";
import { useT } from "@/i18n/useT";
import { type FieldFault, type Parameter, shownAt } from "./draft";
import styles from "./Template.module.css";

interface Props {
  parameters: Parameter[];
  onChange: (parameters: Parameter[]) => void;
  fault: FieldFault | null;
  isReadOnly: boolean;
}

/** What a journey fills in, read as `params`. */
export function Parameters({ parameters, onChange, fault, isReadOnly }: Props) {
  const t = useT();
  const change = (at: number, changed: Partial<Parameter>) =>
    onChange(parameters.map((one, i) => (i === at ? { ...one, ...changed } : one)));
  return (
    <Part title={t("templates.parameters")}>
      {parameters.length === 0 && <p>{t("templates.parameters.none")}</p>}
      {parameters.map((one, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a name may be typed anew, and places don't move
        <div key={i} className={styles.row}>
          <TextField
            label={t("templates.field.name")}
            value={one.name}
            onChange={(name) => change(i, { name })}
            width="size-1600"
            isReadOnly={isReadOnly}
            {...shownAt(fault, `$.parameters[${i}]`)}
          />
          <TextField
            label={t("templates.field.label")}
            value={one.label}
            onChange={(label) => change(i, { label })}
            width="size-1700"
            isReadOnly={isReadOnly}
          />
          <Checkbox isSelected={one.optional} onChange={(optional) => change(i, { optional })} isReadOnly={isReadOnly}>
            {t("templates.field.optional")}
          </Checkbox>
          {!isReadOnly && (
            <ActionButton
              isQuiet
              aria-label={t("templates.parameters.remove", { name: one.name || i + 1 })}
              onPress={() => onChange(parameters.filter((_, other) => other !== i))}
            >
              <Delete />
            </ActionButton>
          )}
        </div>
      ))}
      {!isReadOnly && (
        <ActionButton
          alignSelf="start"
          onPress={() => onChange([...parameters, { name: "", label: "", optional: false }])}
        >
          <Add />
          <Text>{t("templates.parameters.add")}</Text>
        </ActionButton>
      )}
    </Part>
  );
}
