import { Button, DialogContainer, SearchField } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { schemasQuery } from "@/pages/schemas/registry";
import { CreateButton } from "@/ui/CreateButton";
import { ListPage } from "@/ui/ListPage";
import { PageLink } from "@/ui/PageLink";
import { Time } from "@/ui/Time";
import { useSearchText } from "@/ui/useSearchText";
import { DatasetDialog } from "./DatasetDialog";
import { datasetsQuery, isForProfile, tableOf } from "./datasets";

/** Every data set of the sandbox. */
export function DatasetsPage() {
  const t = useT();
  const { q = "" } = useSearch({ from: "/shell/datasets" });
  const navigate = useNavigate();
  const search = (text: string) => void navigate({ to: "/datasets", search: { q: text || undefined } });
  const [typed, setTyped] = useSearchText(q, search);
  const datasets = useQuery(datasetsQuery);
  const schemas = useQuery(schemasQuery);
  const [isOpen, setOpen] = useState(false);
  return (
    <ListPage
      title={t("datasets.title")}
      description={t("datasets.description")}
      more={
        <Button variant="secondary" onPress={() => void navigate({ to: "/datasets/query", search: {} })}>
          {t("datasets.sql")}
        </Button>
      }
      create={<CreateButton name={t("datasets.create")} may={useMay("datasets.write")} onPress={() => setOpen(true)} />}
      list={datasets}
      found={(datasets.data ?? []).filter((one) =>
        `${one.name} ${tableOf(one)}`.toLowerCase().includes(q.toLowerCase()),
      )}
      filters={<SearchField label={t("datasets.search")} value={typed} onChange={setTyped} width="size-3400" />}
      onClear={() => search("")}
      empty={{ title: t("datasets.empty.title"), detail: t("datasets.empty.detail"), kind: "datasets" }}
      columns={[
        { id: "name", name: t("datasets.name"), isText: true },
        { id: "table", name: t("datasets.table"), isText: true },
        { id: "schema", name: t("datasets.schema"), isText: true },
        { id: "profile", name: t("datasets.profile"), isText: true },
        { id: "created", name: t("datasets.createdAt"), isText: true },
      ]}
      row={(one) => ({
        id: one.id,
        cells: {
          name: (
            <PageLink to="/datasets/$id" params={{ id: one.id }}>
              {one.name}
            </PageLink>
          ),
          table: tableOf(one),
          schema: schemas.data?.find((schema) => schema.$id === one.schemaRef?.id)?.title ?? "–",
          profile: isForProfile(one) ? t("datasets.enabled") : "–",
          created: <Time value={one.created} />,
        },
      })}
    >
      <DialogContainer onDismiss={() => setOpen(false)}>{isOpen && <DatasetDialog />}</DialogContainer>
    </ListPage>
  );
}
