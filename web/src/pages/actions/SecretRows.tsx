import { TextField } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";
import type { Pair } from "./authentication";
import type { Faults } from "./faults";
import { Rows } from "./Rows";
import { SecretField } from "./SecretField";

interface Props {
  title: string;
  add: string;
  rows: Pair[];
  onChange: (rows: Pair[]) => void;
  /** Where faults of a value are, before its name. */
  place: string;
  faults: Faults;
  isReadOnly: boolean;
}

/** Names with secret values, such as the headers of a token call. */
export function SecretRows({ title, add, rows, onChange, place, faults, isReadOnly }: Props) {
  const t = useT();
  const blank: Pair = { name: "", value: "" };
  return (
    <Rows title={title} add={add} rows={rows} blank={blank} onChange={onChange} isReadOnly={isReadOnly}>
      {(row, _, change) => (
        <>
          <TextField
            label={t("actions.column.name")}
            value={row.name}
            onChange={(name) => change({ name })}
            isReadOnly={isReadOnly}
          />
          <SecretField
            label={t("actions.field.value")}
            value={row.value}
            onChange={(value) => change({ value })}
            place={`${place}.${row.name}`}
            faults={faults}
            isReadOnly={isReadOnly}
          />
        </>
      )}
    </Rows>
  );
}
