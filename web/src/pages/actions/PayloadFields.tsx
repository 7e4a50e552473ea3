import { Item, Picker, Switch, TextField } from "@adobe/react-spectrum";
import { Note, Part } from "@/activities/fields/Stack";
import { useT } from "@/i18n/useT";
import { CodeArea } from "@/ui/CodeArea";
import styles from "./actions.module.css";
import { type ActionDraft, type FieldDraft, fieldAt, fieldKey, fillable, KINDS } from "./draft";
import { type Faults, faultOf } from "./faults";
import { type Place, typeChoices, valueText } from "./places";

interface Props {
  draft: ActionDraft;
  onChange: (changed: Partial<ActionDraft>) => void;
  faults: Faults;
  isReadOnly: boolean;
}

/** The payload by its sample, and which of its fields the journey fills. */
export function PayloadFields({ draft, onChange, faults, isReadOnly }: Props) {
  const t = useT();
  if (draft.method === "GET") {
    return (
      <Part title={t("actions.part.request")}>
        <Note>{t("actions.request.none")}</Note>
      </Part>
    );
  }
  const places = fillable(draft);
  return (
    <Part title={t("actions.part.request")}>
      <CodeArea
        label={t("actions.sample")}
        description={t("actions.request.sampleDetail")}
        value={draft.sample}
        onChange={(sample) => onChange({ sample })}
        isReadOnly={isReadOnly}
        height="size-2400"
        {...faultOf(faults, "request.sample")}
      />
      {places.length > 0 && (
        <section className={styles.scroll} aria-label={t("actions.request.fields")}>
          <table className={styles.table}>
            <thead>
              <tr>
                {(["path", "type", "kind", "value"] as const).map((column) => (
                  <th key={column} scope="col">
                    {t(`actions.field.${column === "value" ? "valueOrLabel" : column}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {places.map((place) => (
                <FieldRow
                  key={place.path}
                  place={place}
                  field={fieldAt(place, draft.fields)}
                  onChange={(field) => onChange({ fields: { ...draft.fields, [place.path]: field } })}
                  faults={faults}
                  isReadOnly={isReadOnly}
                />
              ))}
            </tbody>
          </table>
        </section>
      )}
      <Switch isSelected={draft.allowNull} onChange={(allowNull) => onChange({ allowNull })} isDisabled={isReadOnly}>
        {t("actions.request.allowNull")}
      </Switch>
    </Part>
  );
}

interface RowProps {
  place: Place;
  field: FieldDraft;
  onChange: (field: FieldDraft) => void;
  faults: Faults;
  isReadOnly: boolean;
}

function FieldRow({ place, field, onChange, faults, isReadOnly }: RowProps) {
  const t = useT();
  const { path } = place;
  const isAttribute = place.attributeOf !== null;
  const isConstant = field.kind === "constant";
  const change = (changed: Partial<FieldDraft>) => onChange({ ...field, ...changed });
  return (
    <tr>
      <th scope="row" className={`${styles.path} ${isAttribute ? styles.attribute : ""}`}>
        {path}
      </th>
      <td>
        <Picker
          aria-label={t("actions.field.typeOf", { path })}
          items={typeChoices(place).map((id) => ({ id }))}
          selectedKey={field.type}
          onSelectionChange={(key) => change({ type: String(key) })}
          isDisabled={isReadOnly}
          width="size-1700"
        >
          {(item) => <Item>{item.id}</Item>}
        </Picker>
      </td>
      <td>
        {!isAttribute && (
          <Picker
            aria-label={t("actions.field.kindOf", { path })}
            items={KINDS.map((id) => ({ id, name: t(`actions.kind.${id}`) }))}
            selectedKey={field.kind}
            onSelectionChange={(key) => change({ kind: KINDS.find((kind) => kind === key) ?? field.kind })}
            isDisabled={isReadOnly}
            width="size-1700"
          >
            {(item) => <Item>{item.name}</Item>}
          </Picker>
        )}
      </td>
      <td>
        {isConstant && !isAttribute ? (
          <TextField
            aria-label={t("actions.field.valueOf", { path })}
            value={field.value ?? valueText(place.value)}
            onChange={(value) => change({ value })}
            isReadOnly={isReadOnly}
            width="100%"
            {...faultOf(faults, fieldKey(path))}
          />
        ) : (
          <TextField
            aria-label={t("actions.field.labelOf", { path })}
            value={field.label}
            onChange={(label) => change({ label })}
            isReadOnly={isReadOnly}
            width="100%"
            {...faultOf(faults, fieldKey(path))}
          />
        )}
      </td>
    </tr>
  );
}
