import { Button, DialogContainer, SearchField } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { schemasQuery } from "@/pages/schemas/registry";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { PageLink } from "@/ui/PageLink";
import { Time } from "@/ui/Time";
import { useSearchText } from "@/ui/useSearchText";
import { DatasetDialog } from "./DatasetDialog";
import { datasetsQuery, isForProfile, tableOf } from "./datasets";

/** Every data set of the sandbox. */
export function DatasetsPage() {
  const t = useT();
  const search = useSearch({ from: "/shell/datasets" });
  const navigate = useNavigate();
  const [q, setQ] = useSearchText(
    search.q ?? "",
    (text) => void navigate({ to: "/datasets", search: { q: text || undefined } }),
  );
  const datasets = useQuery(datasetsQuery);
  const schemas = useQuery(schemasQuery);
  const [isOpen, setOpen] = useState(false);
  const may = useMay("datasets.write");
  const found = (datasets.data ?? []).filter((one) =>
    `${one.name} ${tableOf(one)}`.toLowerCase().includes((search.q ?? "").toLowerCase()),
  );
  const isFiltered = search.q !== undefined;
  return (
    <Page
      title={t("datasets.title")}
      description={t("datasets.description")}
      actions={
        <>
          <Button variant="secondary" onPress={() => void navigate({ to: "/datasets/query", search: {} })}>
            {t("datasets.sql")}
          </Button>
          <Button variant="accent" isDisabled={!may} onPress={() => setOpen(true)}>
            {t("datasets.create")}
          </Button>
        </>
      }
    >
      <SearchField label={t("datasets.search")} value={q} onChange={setQ} width="size-3400" marginBottom="size-200" />
      {datasets.error && <ErrorNotice error={datasets.error} onRetry={() => void datasets.refetch()} />}
      {datasets.isPending && <Loading />}
      {datasets.data && found.length === 0 && (
        <Empty
          isSearch={isFiltered}
          title={isFiltered ? t("common.noneMatch.title") : t("datasets.empty.title")}
          detail={isFiltered ? t("common.noneMatch.detail") : t("datasets.empty.detail")}
        />
      )}
      {found.length > 0 && (
        <FigureTable
          caption={t("datasets.title")}
          columns={[
            { id: "name", name: t("datasets.name"), isText: true },
            { id: "table", name: t("datasets.table"), isText: true },
            { id: "schema", name: t("datasets.schema"), isText: true },
            { id: "profile", name: t("datasets.profile"), isText: true },
            { id: "created", name: t("datasets.createdAt"), isText: true },
          ]}
          rows={found.map((one) => ({
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
          }))}
        />
      )}
      <DialogContainer onDismiss={() => setOpen(false)}>{isOpen && <DatasetDialog />}</DialogContainer>
    </Page>
  );
}
