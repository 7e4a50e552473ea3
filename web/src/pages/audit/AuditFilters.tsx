import { ActionButton, DateRangePicker, Flex, TextField } from "@adobe/react-spectrum";
import { parseDate } from "@internationalized/date";
import { useT } from "@/i18n/useT";
import { FilterPicker } from "@/ui/FilterPicker";
import { useSearchText } from "@/ui/useSearchText";
import { ACTIONS, ASSET_TYPES, type AuditSearch, propertiesOf, RESULTS } from "./audit";
import { useWords } from "./useWords";

interface Props {
  search: AuditSearch;
  onChange: (changed: Partial<AuditSearch>) => void;
}

export function AuditFilters({ search, onChange }: Props) {
  const t = useT();
  const [user, setUser] = useSearchText(search.user ?? "", (text) => onChange({ user: text || undefined }));
  const [name, setName] = useSearchText(search.name ?? "", (text) => onChange({ name: text || undefined }));
  const { actionName, assetName } = useWords();
  return (
    <Flex wrap gap="size-150" alignItems="end" marginBottom="size-200">
      <TextField label={t("audit.column.who")} value={user} onChange={setUser} width="size-2400" />
      <FilterPicker
        label={t("audit.column.action")}
        width="size-2000"
        choices={ACTIONS.map((id) => ({ id, name: actionName(id) }))}
        value={search.action}
        onChange={(action) => onChange({ action })}
      />
      <FilterPicker
        label={t("audit.column.asset")}
        width="size-2400"
        choices={ASSET_TYPES.map((id) => ({ id, name: assetName(id) }))}
        value={search.asset}
        onChange={(asset) => onChange({ asset })}
      />
      <TextField label={t("audit.column.name")} value={name} onChange={setName} width="size-2000" />
      <FilterPicker
        label={t("audit.column.result")}
        width="size-1600"
        choices={RESULTS.map((id) => ({ id, name: t(`audit.result.${id}`) }))}
        value={search.result}
        onChange={(result) => onChange({ result })}
      />
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
