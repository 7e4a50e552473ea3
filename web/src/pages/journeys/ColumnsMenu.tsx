import { ActionButton, Item, Menu, MenuTrigger, Text } from "@adobe/react-spectrum";
import ViewColumn from "@spectrum-icons/workflow/ViewColumn";
import { useT } from "@/i18n/useT";
import { COLUMNS, type ColumnId } from "./columns";

interface Props {
  chosen: readonly ColumnId[];
  onChange: (chosen: readonly ColumnId[]) => void;
}

/** Which columns the list has. */
export function ColumnsMenu({ chosen, onChange }: Props) {
  const t = useT();
  return (
    <MenuTrigger closeOnSelect={false}>
      <ActionButton>
        <ViewColumn />
        <Text>{t("journeys.columns")}</Text>
      </ActionButton>
      <Menu
        aria-label={t("journeys.columns")}
        selectionMode="multiple"
        selectedKeys={chosen}
        onSelectionChange={(keys) => onChange(COLUMNS.filter((id) => keys === "all" || keys.has(id)))}
      >
        {COLUMNS.map((id) => (
          <Item key={id}>{t(`journeys.column.${id}`)}</Item>
        ))}
      </Menu>
    </MenuTrigger>
  );
}
