import {
  ActionButton,
  Flex,
  Item,
  Menu,
  MenuTrigger,
  Picker,
  SearchField,
  Switch,
  Text,
  TextField,
  ToggleButton,
} from "@adobe/react-spectrum";
import Filter from "@spectrum-icons/workflow/Filter";
import { useState } from "react";
import { useT } from "@/i18n/useT";
import { useSearchText } from "@/ui/useSearchText";
import { ENTRY_TYPES, STATUSES, statusId } from "./journey";
import { hasRareFilter, isFiltered, type JourneysSearch, SPANS, type Span } from "./journeysSearch";
import { RareFilters } from "./RareFilters";

interface Props {
  search: JourneysSearch;
  onChange: (changed: Partial<JourneysSearch>) => void;
}

const ANY = "any";
const NOTHING: Partial<JourneysSearch> = {
  q: undefined,
  status: undefined,
  type: undefined,
  tag: undefined,
  by: undefined,
  modified: undefined,
  created: undefined,
  published: undefined,
  publishedBy: undefined,
  uses: undefined,
  archived: undefined,
};

/** Everything that narrows the list. */
export function JourneysFilters({ search, onChange }: Props) {
  const t = useT();
  const [q, setQ] = useSearchText(search.q ?? "", (text) => onChange({ q: text || undefined }));
  const [tag, setTag] = useSearchText(search.tag ?? "", (text) => onChange({ tag: text || undefined }));
  const [by, setBy] = useSearchText(search.by ?? "", (text) => onChange({ by: text || undefined }));
  const [isWide, setWide] = useState(hasRareFilter(search));
  const statuses = search.status?.split(",") ?? [];
  const spans = [ANY, ...Object.keys(SPANS)].map((id) => ({ id, name: t(`journeys.span.${id}`) }));
  const spanOf = (key: unknown) => (key === ANY ? undefined : (key as Span));
  return (
    <>
      <Flex wrap gap="size-150" alignItems="end" marginBottom="size-200">
        <SearchField
          label={t("journeys.filter.search")}
          value={q}
          onChange={setQ}
          onClear={() => onChange({ q: undefined })}
          width="size-3000"
        />
        <MenuTrigger closeOnSelect={false}>
          <ActionButton>
            <Filter />
            <Text>
              {statuses.length === 0
                ? t("journeys.filter.status")
                : t("journeys.filter.statusCount", { count: statuses.length })}
            </Text>
          </ActionButton>
          <Menu
            aria-label={t("journeys.filter.status")}
            selectionMode="multiple"
            selectedKeys={statuses}
            onSelectionChange={(keys) => {
              const chosen = keys === "all" ? [...STATUSES] : STATUSES.filter((status) => keys.has(status));
              onChange({ status: chosen.length > 0 ? chosen.join(",") : undefined });
            }}
          >
            {STATUSES.map((status) => (
              <Item key={status}>{t(`journeys.status.${statusId(status)}`)}</Item>
            ))}
          </Menu>
        </MenuTrigger>
        <Picker
          label={t("journeys.filter.entry")}
          width="size-2000"
          items={[ANY, ...ENTRY_TYPES].map((id) => ({ id, name: t(`journeys.entry.${id}`) }))}
          selectedKey={search.type ?? ANY}
          onSelectionChange={(key) => onChange({ type: key === ANY ? undefined : String(key) })}
        >
          {(item) => <Item>{item.name}</Item>}
        </Picker>
        <TextField label={t("journeys.filter.tag")} value={tag} onChange={setTag} width="size-1600" />
        <TextField label={t("journeys.filter.by")} value={by} onChange={setBy} width="size-1600" />
        <Picker
          label={t("journeys.filter.modified")}
          width="size-2000"
          items={spans}
          selectedKey={search.modified ?? ANY}
          onSelectionChange={(key) => onChange({ modified: spanOf(key) })}
        >
          {(item) => <Item>{item.name}</Item>}
        </Picker>
        <Picker
          label={t("journeys.filter.created")}
          width="size-2000"
          items={spans}
          selectedKey={search.created ?? ANY}
          onSelectionChange={(key) => onChange({ created: spanOf(key) })}
        >
          {(item) => <Item>{item.name}</Item>}
        </Picker>
        <Switch isSelected={search.archived === true} onChange={(isOn) => onChange({ archived: isOn || undefined })}>
          {t("journeys.filter.archived")}
        </Switch>
        <ToggleButton isQuiet isSelected={isWide} onChange={setWide}>
          {t("journeys.filter.more")}
        </ToggleButton>
        {isFiltered(search) && (
          <ActionButton isQuiet onPress={() => onChange(NOTHING)}>
            {t("common.clearFilters")}
          </ActionButton>
        )}
      </Flex>
      {isWide && <RareFilters search={search} onChange={onChange} />}
    </>
  );
}
