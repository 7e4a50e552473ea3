import { ActionButton, Badge } from "@adobe/react-spectrum";
import Label from "@spectrum-icons/workflow/Label";
import { useT } from "@/i18n/useT";
import type { Field } from "./fields";
import type { FieldLabels as Labels } from "./labels";

interface Props {
  field: Field;
  labels: Labels;
  /** Absent where they can't be changed. */
  onEdit?: (field: Field) => void;
}

/** The usage labels of a field as chips: its own, and dimmer those that hold from elsewhere. */
export function FieldLabels({ field, labels, onEdit }: Props) {
  const t = useT();
  return (
    <>
      {labels.own.map((label) => (
        <Badge key={label} variant="purple">
          {label}
        </Badge>
      ))}
      {labels.inherited.map((label) => (
        <span key={label} title={t("schemas.labels.inherited", { labels: label })}>
          <Badge variant="neutral">{label}</Badge>
        </span>
      ))}
      {onEdit && (
        <ActionButton isQuiet aria-label={t("schemas.labels.of", { name: field.path })} onPress={() => onEdit(field)}>
          <Label size="S" />
        </ActionButton>
      )}
    </>
  );
}
