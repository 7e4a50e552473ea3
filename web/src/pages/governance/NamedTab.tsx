import { Button, DialogContainer, Text } from "@adobe/react-spectrum";
import Add from "@spectrum-icons/workflow/Add";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Loading } from "@/ui/Loading";
import { RowMenu } from "@/ui/RowMenu";
import { useAct } from "@/ui/useAct";
import { type Collection, deleteNamed, labelsQuery, marketingActionsQuery, type Named } from "./governance";
import { NamedDialog } from "./NamedDialog";
import { useNamedWords } from "./useNamedWords";

const RESOURCES = { labels: "usage_labels", marketingActions: "usage_policies" } as const;

interface Props {
  collection: Collection;
  opened: string | undefined;
  onOpen: (name: string | undefined) => void;
}

/** The labels or the marketing actions: core ones, and the sandbox's own, which can be changed. */
export function NamedTab({ collection, opened, onOpen }: Props) {
  const t = useT();
  const words = useNamedWords();
  const query = collection === "labels" ? labelsQuery : marketingActionsQuery;
  const found = useQuery(query);
  const mayWrite = useMay(`${RESOURCES[collection]}.write`);
  const mayDelete = useMay(`${RESOURCES[collection]}.delete`);
  const [asked, setAsked] = useState<Named | null>(null);
  const remove = useAct((name: string) => deleteNamed(collection, name), {
    invalidates: [query.queryKey],
    done: t("governance.done.deleted"),
  });
  const edited = found.data?.find((one) => one.name === opened && !one.isCore);
  return (
    <>
      {mayWrite && (
        <Button variant="accent" marginBottom="size-200" onPress={() => onOpen("new")}>
          <Add />
          <Text>{t(`governance.new.${collection}`)}</Text>
        </Button>
      )}
      {found.error && <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Loading />}
      {found.data !== undefined && (
        <FigureTable
          caption={t(`governance.tab.${collection}`)}
          isWhole
          stacks
          columns={[
            { id: "name", name: t("governance.column.name") },
            { id: "title", name: t("governance.column.meaning"), isText: true },
            { id: "kind", name: t("governance.column.kind"), isText: true },
            { id: "menu", name: t("governance.column.menu"), isUnnamed: true },
          ]}
          rows={found.data.map((one) => ({
            id: one.name,
            cells: {
              name: one.name,
              title: [words.title(collection, one), one.isCore ? "" : one.description].filter(Boolean).join(": "),
              kind: t(one.isCore ? "governance.core" : "governance.own"),
              menu: !one.isCore && (
                <RowMenu
                  name={one.name}
                  items={[
                    { id: "edit", name: t("common.edit"), isOffered: mayWrite },
                    { id: "delete", name: t("common.delete"), isOffered: mayDelete },
                  ]}
                  onAction={(id) => (id === "edit" ? onOpen(one.name) : setAsked(one))}
                />
              ),
            },
          }))}
        />
      )}
      <DialogContainer onDismiss={() => onOpen(undefined)}>
        {mayWrite && (edited !== undefined || opened === "new") && (
          <NamedDialog
            key={opened}
            collection={collection}
            named={edited ?? null}
            queryKey={query.queryKey}
            onClose={() => onOpen(undefined)}
          />
        )}
      </DialogContainer>
      <Asked
        isOpen={asked !== null}
        title={t("governance.delete.title", { name: asked?.name ?? "" })}
        confirm={t("common.delete")}
        onConfirm={() => asked !== null && remove.mutate(asked.name)}
        onClose={() => setAsked(null)}
      >
        {t("governance.delete.named")}
      </Asked>
    </>
  );
}
