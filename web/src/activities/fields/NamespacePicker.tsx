import { Item, Picker } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";
import { useReferences } from "../useReferences";

interface Props {
  value: string;
  onChange: (code: string | undefined) => void;
  isReadOnly: boolean;
}

const OF_AUDIENCE = "";

/** What individuals of an audience are keyed by: its own namespace, or another one. */
export function NamespacePicker({ value, onChange, isReadOnly }: Props) {
  const t = useT();
  const { namespaces, isPending } = useReferences();
  const items = [{ code: OF_AUDIENCE, name: t("activities.namespace.audience") }, ...namespaces];
  const known = items.some((item) => item.code === value) ? items : [...items, { code: value, name: value }];
  return (
    <Picker
      label={t("activities.namespace")}
      items={known}
      selectedKey={`code:${value}`}
      isLoading={isPending("namespaces")}
      isDisabled={isReadOnly}
      onSelectionChange={(key) => onChange(String(key).slice("code:".length) || undefined)}
      width="100%"
    >
      {(item) => <Item key={`code:${item.code}`}>{item.name}</Item>}
    </Picker>
  );
}
