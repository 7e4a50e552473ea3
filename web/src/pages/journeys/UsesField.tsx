import { ComboBox, Item, Section } from "@adobe/react-spectrum";
import { useQueries } from "@tanstack/react-query";
import { useT } from "@/i18n/useT";
import { choicesQuery, USABLE } from "./references";

interface Props {
  /** Uid, or name of a data source or field group. */
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

/** An event, action, data source, template, audience or decision rule that journeys use. */
export function UsesField({ value, onChange }: Props) {
  const t = useT();
  const found = useQueries({ queries: USABLE.map((kind) => choicesQuery(kind)) });
  const sections = USABLE.map((kind, i) => ({ kind, choices: found[i]?.data ?? [] })).filter(
    ({ choices }) => choices.length > 0,
  );
  const known = sections.some(({ choices }) => choices.some((one) => one.uid === value));
  return (
    <ComboBox
      label={t("journeys.filter.uses")}
      width="size-3000"
      menuTrigger="focus"
      loadingState={found.some((one) => one.isPending) ? "loading" : "idle"}
      defaultItems={sections}
      selectedKey={known ? value : null}
      key={known ? value : "none"}
      onSelectionChange={(key) => onChange(key === null ? undefined : String(key))}
    >
      {({ kind, choices }) => (
        <Section key={kind} title={t(`journeys.uses.${kind}`)} items={choices}>
          {(choice) => <Item key={choice.uid}>{choice.name}</Item>}
        </Section>
      )}
    </ComboBox>
  );
}
