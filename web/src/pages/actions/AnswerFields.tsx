import { Item, Picker } from "@adobe/react-spectrum";
import { Part } from "@/activities/fields/Stack";
import { useT } from "@/i18n/useT";
import { CodeArea } from "@/ui/CodeArea";
import styles from "./actions.module.css";
import type { AnswerDraft } from "./draft";
import { type Faults, faultOf } from "./faults";
import { placesOf, readSample, typeChoices } from "./places";

interface Props {
  /** Its key in the document. */
  part: "response" | "failureResponse";
  draft: AnswerDraft;
  onChange: (draft: AnswerDraft) => void;
  faults: Faults;
  isReadOnly: boolean;
}

/** What an answer holds, by a sample and the types of its values. */
export function AnswerFields({ part, draft, onChange, faults, isReadOnly }: Props) {
  const t = useT();
  const places = placesOf(readSample(draft.sample) ?? {});
  return (
    <Part title={t(`actions.part.${part}`)}>
      <CodeArea
        label={t("actions.sample")}
        description={t(`actions.${part}.detail`)}
        value={draft.sample}
        onChange={(sample) => onChange({ ...draft, sample })}
        isReadOnly={isReadOnly}
        height="size-1600"
        {...faultOf(faults, `${part}.sample`)}
      />
      {places.length > 0 && (
        <section className={styles.scroll} aria-label={t(`actions.part.${part}`)}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">{t("actions.field.path")}</th>
                <th scope="col">{t("actions.field.type")}</th>
              </tr>
            </thead>
            <tbody>
              {places.map((place) => (
                <tr key={place.path}>
                  <th scope="row" className={styles.path}>
                    {place.path}
                  </th>
                  <td>
                    <Picker
                      aria-label={t("actions.field.typeOf", { path: place.path })}
                      items={typeChoices(place).map((id) => ({ id }))}
                      selectedKey={draft.types[place.path] ?? (place.type === "null" ? null : place.type)}
                      onSelectionChange={(key) =>
                        onChange({ ...draft, types: { ...draft.types, [place.path]: String(key) } })
                      }
                      isDisabled={isReadOnly}
                      width="size-1700"
                      {...faultOf(faults, `${part}.types.${place.path}`)}
                    >
                      {(item) => <Item>{item.id}</Item>}
                    </Picker>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </Part>
  );
}
