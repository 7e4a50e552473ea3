import { Item, ListBox, SearchField, View } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useT } from "@/i18n/useT";
import { fieldGroupsQuery } from "./registry";

interface Props {
  classId: string;
  chosen: readonly string[];
  /** Already in the schema. */
  without?: readonly string[];
  onChange: (chosen: string[]) => void;
}

/** Field groups that a class can take. */
export function GroupChoice({ classId, chosen, without = [], onChange }: Props) {
  const t = useT();
  const groups = useQuery(fieldGroupsQuery);
  const [q, setQ] = useState("");
  const wanted = q.trim().toLowerCase();
  const fitting = (groups.data ?? []).filter((one) => {
    const extended = one["meta:intendedToExtend"] ?? [];
    return (extended.length === 0 || extended.includes(classId)) && !without.includes(one.$id);
  });
  const shown = fitting.filter((one) => chosen.includes(one.$id) || one.title.toLowerCase().includes(wanted));
  return (
    <View>
      <SearchField label={t("schemas.groups.search")} value={q} onChange={setQ} width="100%" />
      <View borderWidth="thin" borderColor="gray-300" borderRadius="regular" marginTop="size-100" height="size-2000">
        <ListBox
          aria-label={t("schemas.groups")}
          selectionMode="multiple"
          height="100%"
          width="100%"
          items={shown}
          selectedKeys={chosen}
          onSelectionChange={(keys) =>
            onChange(keys === "all" ? shown.map((one) => one.$id) : [...keys].map((key) => String(key)))
          }
        >
          {(one) => <Item key={one.$id}>{one.title}</Item>}
        </ListBox>
      </View>
    </View>
  );
}
