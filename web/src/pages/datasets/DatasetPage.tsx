import { Button, Item, TabList, TabPanels, Tabs } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { useAct } from "@/ui/useAct";
import { DatasetBatches } from "./DatasetBatches";
import { DatasetColumns } from "./DatasetColumns";
import { DatasetRows } from "./DatasetRows";
import { datasetsQuery, deleteDataset, enableForProfile, isForProfile, tableOf } from "./datasets";
import { DATASET_TABS } from "./routes";

/** One data set: its rows, columns and batches. */
export function DatasetPage() {
  const t = useT();
  const { id } = useParams({ from: "/shell/datasets/$id" });
  const search = useSearch({ from: "/shell/datasets/$id" });
  const navigate = useNavigate();
  const datasets = useQuery(datasetsQuery);
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
  if (one === undefined) return <Empty isMissing title={t("datasets.missing")} detail={t("datasets.missing.detail")} />;
  const failure = enable.error ?? remove.error;
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
        selectedKey={search.tab ?? "rows"}
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
              {key === "rows" && <DatasetRows id={id} search={search} />}
              {key === "columns" && <DatasetColumns id={id} />}
              {key === "batches" && <DatasetBatches id={id} />}
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
