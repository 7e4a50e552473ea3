import { ActionButton, DateRangePicker, Flex, Item, Picker, TextField } from "@adobe/react-spectrum";
import { parseDate } from "@internationalized/date";
import { useT } from "@/i18n/useT";
import { useSearchText } from "@/ui/useSearchText";
import { ACTIONS, ASSET_TYPES, type AuditSearch, propertiesOf, RESULTS } from "./audit";
import { useWords } from "./useWords";

interface Props {
  search: AuditSearch;
  onChange: (changed: Partial<AuditSearch>) => void;
}

const ANY = "any";

export function AuditFilters({ search, onChange }: Props) {
  const t = useT();
  const [user, setUser] = useSearchText(search.user ?? "", (text) => onChange({ user: text || undefined }));
  const [name, setName] = useSearchText(search.name ?? "", (text) => onChange({ name: text || undefined }));
  const { actionName, assetName } = useWords();
  const any = { id: ANY, name: t("common.any") };
  return (
    <Flex wrap gap="size-150" alignItems="end" marginBottom="size-200">
      <TextField label={t("audit.column.who")} value={user} onChange={setUser} width="size-2400" />
      <Picker
        label={t("audit.column.action")}
        width="size-2000"
        items={[any, ...ACTIONS.map((id) => ({ id, name: actionName(id) }))]}
        selectedKey={search.action ?? ANY}
        onSelectionChange={(key) => onChange({ action: key === ANY ? undefined : String(key) })}
      >
        {(item) => <Item>{item.name}</Item>}
      </Picker>
      <Picker
        label={t("audit.column.asset")}
        width="size-2400"
        items={[any, ...ASSET_TYPES.map((id) => ({ id, name: assetName(id) }))]}
        selectedKey={search.asset ?? ANY}
        onSelectionChange={(key) => onChange({ asset: key === ANY ? undefined : String(key) })}
      >
        {(item) => <Item>{item.name}</Item>}
      </Picker>
      <TextField label={t("audit.column.name")} value={name} onChange={setName} width="size-2000" />
      <Picker
        label={t("audit.column.result")}
        width="size-1600"
        items={[ANY, ...RESULTS].map((id) => ({ id, name: id === ANY ? t("common.any") : t(`audit.result.${id}`) }))}
        selectedKey={search.result ?? ANY}
        onSelectionChange={(key) => onChange({ result: key === ANY ? undefined : String(key) })}
      >
        {(item) => <Item>{item.name}</Item>}
      </Picker>
      <DateRangePicker
        label={t("audit.filter.days")}
        value={
          search.from === undefined ? null : { start: parseDate(search.from), end: parseDate(search.to ?? search.from) }
        }
        onChange={(days) => onChange({ from: days?.start.toString(), to: days?.end.toString() })}
      />
      {propertiesOf(search).length > 0 && (
        <ActionButton
          isQuiet
          onPress={() =>
            onChange({
              user: undefined,
              action: undefined,
              asset: undefined,
              name: undefined,
              result: undefined,
              request: undefined,
              from: undefined,
              to: undefined,
            })
          }
        >
          {t("common.clearFilters")}
        </ActionButton>
      )}
    </Flex>
  );
}
