import { ActionButton, Button, Checkbox, ComboBox, Flex, Item, Picker } from "@adobe/react-spectrum";
import Delete from "@spectrum-icons/workflow/Delete";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { useAct } from "@/ui/useAct";
import { fieldsOf } from "./fields";
import { addIdentity, type IdentityDescriptor, namespacesQuery, removeIdentity } from "./registry";

interface Props {
  schemaId: string;
  schema: unknown;
  identities: readonly IdentityDescriptor[];
}

/** Which fields say who somebody is. */
export function Identities({ schemaId, schema, identities }: Props) {
  const t = useT();
  const may = useMay("schemas.write");
  const namespaces = useQuery(namespacesQuery);
  const fields = useMemo(() => fieldsOf(schema).filter((one) => one.type === "string"), [schema]);
  const [pointer, setPointer] = useState<string | null>(null);
  const [namespace, setNamespace] = useState("Email");
  const [isPrimary, setPrimary] = useState(true);
  const invalidates = [["schemas"]];
  const add = useAct(() => addIdentity(schemaId, pointer ?? "", namespace, isPrimary), {
    invalidates,
    done: t("schemas.saved"),
    showsError: true,
  });
  const remove = useAct((id: string) => removeIdentity(id), { invalidates, done: t("schemas.saved") });
  return (
    <Flex direction="column" gap="size-200" marginTop="size-200">
      {identities.length > 0 && (
        <FigureTable
          stacks
          caption={t("schemas.tab.identities")}
          columns={[
            { id: "path", name: t("schemas.field.path"), isText: true },
            { id: "namespace", name: t("schemas.namespace"), isText: true },
            { id: "primary", name: t("schemas.identity.primary"), isText: true },
            { id: "remove", name: t("common.delete"), isText: true },
          ]}
          rows={identities.map((one) => ({
            id: one["@id"],
            cells: {
              path: one["xdm:sourceProperty"].slice(1).replaceAll("/", "."),
              namespace: one["xdm:namespace"],
              primary: one["xdm:isPrimary"] ? "✓" : "–",
              remove: (
                <ActionButton
                  isQuiet
                  isDisabled={!may}
                  aria-label={t("schemas.field.remove", { name: one["xdm:sourceProperty"] })}
                  onPress={() => remove.mutate(one["@id"])}
                >
                  <Delete />
                </ActionButton>
              ),
            },
          }))}
        />
      )}
      <Flex wrap gap="size-150" alignItems="end">
        <ComboBox
          label={t("schemas.field.path")}
          defaultItems={fields}
          selectedKey={pointer}
          onSelectionChange={(key) => setPointer(key === null ? null : String(key))}
          width="size-4600"
          maxWidth="100%"
        >
          {(field) => <Item key={field.pointer}>{field.path}</Item>}
        </ComboBox>
        <Picker
          label={t("schemas.namespace")}
          items={namespaces.data ?? []}
          selectedKey={namespace}
          onSelectionChange={(key) => setNamespace(String(key))}
        >
          {(one) => <Item key={one.code}>{one.name}</Item>}
        </Picker>
        <Checkbox isSelected={isPrimary} onChange={setPrimary}>
          {t("schemas.identity.primary")}
        </Checkbox>
        <Button
          variant="accent"
          isDisabled={!may || pointer === null}
          isPending={add.isPending}
          onPress={() => add.mutate()}
        >
          {t("schemas.identity.add")}
        </Button>
      </Flex>
      {add.error && <ErrorNotice error={add.error} />}
    </Flex>
  );
}
