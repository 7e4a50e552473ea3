import { ActionMenu, Item } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";

interface Props<Id extends string> {
  /** Of the row. */
  name: string;
  items: readonly { id: Id; name: string; isOffered: boolean }[];
  onAction: (id: Id) => void;
}

/** What can be done with a row; nothing is shown where nothing can. */
export function RowMenu<Id extends string>({ name, items, onAction }: Props<Id>) {
  const t = useT();
  const offered = items.filter((one) => one.isOffered);
  if (offered.length === 0) return null;
  return (
    <ActionMenu
      isQuiet
      aria-label={t("common.actionsOf", { name })}
      items={offered}
      onAction={(key) => {
        const chosen = offered.find((one) => one.id === key);
        if (chosen) onAction(chosen.id);
      }}
    >
      {(item) => <Item>{item.name}</Item>}
    </ActionMenu>
  );
}
