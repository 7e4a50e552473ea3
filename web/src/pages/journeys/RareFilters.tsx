import { Flex, Item, Picker, TextField } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";
import { useSearchText } from "@/ui/useSearchText";
import { type JourneysSearch, SPANS, type Span } from "./journeysSearch";
import { UsesField } from "./UsesField";

interface Props {
  search: JourneysSearch;
  onChange: (changed: Partial<JourneysSearch>) => void;
}

const ANY = "any";

/** What seldom narrows the list: who published, when, and what journeys use. */
export function RareFilters({ search, onChange }: Props) {
  const t = useT();
  const [by, setBy] = useSearchText(search.publishedBy ?? "", (text) => onChange({ publishedBy: text || undefined }));
  return (
    <Flex wrap gap="size-150" alignItems="end" marginBottom="size-200">
      <UsesField value={search.uses} onChange={(uses) => onChange({ uses })} />
      <Picker
        label={t("journeys.filter.published")}
        width="size-2000"
        items={[ANY, ...Object.keys(SPANS)].map((id) => ({ id, name: t(`journeys.span.${id}`) }))}
        selectedKey={search.published ?? ANY}
        onSelectionChange={(key) => onChange({ published: key === ANY ? undefined : (key as Span) })}
      >
        {(item) => <Item>{item.name}</Item>}
      </Picker>
      <TextField label={t("journeys.filter.publishedBy")} value={by} onChange={setBy} width="size-1600" />
    </Flex>
  );
}
