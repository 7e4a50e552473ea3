import { Button, Item, TabList, TabPanels, Tabs } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { Time } from "@/ui/Time";
import { useAct } from "@/ui/useAct";
import { AnswerTable } from "./AnswerTable";
import {
  answerQuery,
  batchesQuery,
  datasetsQuery,
  deleteDataset,
  enableForProfile,
  isForProfile,
  tableOf,
} from "./datasets";
import { DATASET_TABS } from "./routes";

/** One data set: its rows, columns and batches. */
export function DatasetPage() {
  const t = useT();
  const { id } = useParams({ from: "/shell/datasets/$id" });
  const { tab = "rows" } = useSearch({ from: "/shell/datasets/$id" });
  const navigate = useNavigate();
  const datasets = useQuery(datasetsQuery);
  const sql = tab === "columns" ? `DESCRIBE "${id}"` : `SELECT * FROM "${id}" LIMIT 100`;
  const answer = useQuery({ ...answerQuery(sql), enabled: tab !== "batches" });
  const batches = useQuery({ ...batchesQuery(id), enabled: tab === "batches" });
  const [mayWrite, mayDelete] = [useMay("datasets.write"), useMay("datasets.delete")];
  const [isAsked, setAsked] = useState(false);
  const one = datasets.data?.find((known) => known.id === id);
  const enable = useAct(async () => (one === undefined ? undefined : enableForProfile(one)), {
    invalidates: [["datasets"]],
    done: t("datasets.saved"),
    showsError: true,
  });
  const remove = useAct(() => deleteDataset(id), {
    invalidates: [["datasets", "list"]],
    done: t("datasets.deleted"),
    showsError: true,
    onDone: () => void navigate({ to: "/datasets", search: {} }),
  });
  if (datasets.isPending) return <Loading />;
  if (datasets.error) return <ErrorNotice error={datasets.error} />;
  if (one === undefined) return <Empty title={t("datasets.missing")} detail={t("datasets.missing.detail")} />;
  const failure = enable.error ?? remove.error ?? (tab === "batches" ? batches.error : answer.error);
  return (
    <Page
      title={one.name}
      description={tableOf(one)}
      actions={
        <>
          <Button
            variant="secondary"
            onPress={() =>
              void navigate({ to: "/datasets/query", search: { sql: `SELECT * FROM "${tableOf(one)}" LIMIT 100` } })
            }
          >
            {t("datasets.sql")}
          </Button>
          {!isForProfile(one) && (
            <Button variant="secondary" isDisabled={!mayWrite} onPress={() => enable.mutate()}>
              {t("datasets.enable")}
            </Button>
          )}
          <Button variant="negative" isDisabled={!mayDelete} onPress={() => setAsked(true)}>
            {t("common.delete")}
          </Button>
        </>
      }
    >
      {failure && <ErrorNotice error={failure} />}
      <Tabs
        aria-label={one.name}
        selectedKey={tab}
        onSelectionChange={(key) =>
          void navigate({
            to: "/datasets/$id",
            params: { id },
            search: { tab: DATASET_TABS.find((known) => known === key) },
          })
        }
      >
        <TabList>
          {DATASET_TABS.map((key) => (
            <Item key={key}>{t(`datasets.tab.${key}`)}</Item>
          ))}
        </TabList>
        <TabPanels>
          {DATASET_TABS.map((key) => (
            <Item key={key}>
              {key !== "batches" && answer.data && (
                <AnswerTable answer={answer.data} caption={t(`datasets.tab.${key}`)} />
              )}
              {key === "batches" && batches.data && (
                <FigureTable
                  caption={t("datasets.tab.batches")}
                  columns={[
                    { id: "id", name: t("datasets.batch"), isText: true },
                    { id: "status", name: t("datasets.status"), isText: true },
                    { id: "records", name: t("datasets.records") },
                    { id: "failed", name: t("datasets.failed") },
                    { id: "at", name: t("datasets.createdAt"), isText: true },
                  ]}
                  rows={batches.data.map((batch) => ({
                    id: batch.id,
                    cells: {
                      id: batch.id,
                      status: batch.status,
                      records: batch.recordCount,
                      failed: batch.failedRecordCount,
                      at: <Time value={batch.created} />,
                    },
                  }))}
                />
              )}
            </Item>
          ))}
        </TabPanels>
      </Tabs>
      <Asked
        isOpen={isAsked}
        title={t("datasets.delete.title", { name: one.name })}
        confirm={t("common.delete")}
        onConfirm={() => remove.mutate()}
        onClose={() => setAsked(false)}
      >
        {t("datasets.delete.detail")}
      </Asked>
    </Page>
  );
}
