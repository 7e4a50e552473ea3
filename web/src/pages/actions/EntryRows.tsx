import { Item, Picker, TextField } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";
import { type EntryDraft, KINDS } from "./draft";
import { type Faults, faultOf } from "./faults";
import { Rows } from "./Rows";

interface Props {
  /** Its key in the document. */
  place: "headers" | "queryParameters";
  rows: EntryDraft[];
  onChange: (rows: EntryDraft[]) => void;
  faults: Faults;
  isReadOnly: boolean;
}

/** Headers or query parameters, each constant or filled by the journey. */
export function EntryRows({ place, rows, onChange, faults, isReadOnly }: Props) {
  const t = useT();
  const blank: EntryDraft = { name: "", kind: "constant", text: "" };
  return (
    <Rows
      title={t(`actions.part.${place}`)}
      add={t(`actions.add.${place}`)}
      rows={rows}
      blank={blank}
      onChange={onChange}
      isReadOnly={isReadOnly}
    >
      {(row, index, change) => {
        const isConstant = row.kind === "constant";
        const at = `${place}[${index}]`;
        return (
          <>
            <TextField
              label={t("actions.column.name")}
              value={row.name}
              onChange={(name) => change({ name })}
              isReadOnly={isReadOnly}
              {...faultOf(faults, `${at}.name`)}
            />
            <Picker
              label={t("actions.field.kind")}
              items={KINDS.map((id) => ({ id, name: t(`actions.kind.${id}`) }))}
              selectedKey={row.kind}
              onSelectionChange={(key) => change({ kind: KINDS.find((kind) => kind === key) ?? row.kind })}
              isDisabled={isReadOnly}
              width="size-2000"
              {...faultOf(faults, `${at}.kind`)}
            >
              {(item) => <Item>{item.name}</Item>}
            </Picker>
            <TextField
              label={t(isConstant ? "actions.field.value" : "actions.field.label")}
              value={row.text}
              onChange={(text) => change({ text })}
              isReadOnly={isReadOnly}
              width="size-3600"
              {...faultOf(faults, `${at}.${isConstant ? "value" : "label"}`)}
            />
          </>
        );
      }}
    </Rows>
  );
}
