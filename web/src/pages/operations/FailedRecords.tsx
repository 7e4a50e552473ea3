import {
  ActionBar,
  ActionBarContainer,
  ActionButton,
  Button,
  DialogContainer,
  Flex,
  Item,
  Text,
  ToastQueue,
} from "@adobe/react-spectrum";
import Delete from "@spectrum-icons/workflow/Delete";
import Refresh from "@spectrum-icons/workflow/Refresh";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { FilterPicker } from "@/ui/FilterPicker";
import { Loading } from "@/ui/Loading";
import { Time } from "@/ui/Time";
import { useAct } from "@/ui/useAct";
import { FailedDialog } from "./FailedDialog";
import { datasetNamesQuery, failedQuery, flowNamesQuery, giveUp, reasonOf, retry } from "./failed";
import type { OperationsSearch } from "./operationsSearch";

interface Props {
  search: OperationsSearch;
  onChange: (changed: Partial<OperationsSearch>) => void;
}

/** Records that could not be taken in, with the reason; to try again or to give up. */
export function FailedRecords({ search, onChange }: Props) {
  const t = useT();
  const failed = useQuery({ ...failedQuery(search), placeholderData: keepPreviousData });
  const flows = useQuery({ ...flowNamesQuery, enabled: useMay("sources.read") });
  const datasets = useQuery({ ...datasetNamesQuery, enabled: useMay("datasets.read") });
  const [mayRetry, mayGiveUp] = [useMay("sources.write"), useMay("sources.delete")];
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [isAsked, setAsked] = useState(false);
  const records = failed.data?.items ?? [];
  const ids = records.map((one) => one.id).filter((id) => chosen.has(String(id)));
  const invalidates = [["operations"]];
  const each = useAct(
    async ({ ids, kind }: { ids: number[]; kind: "retry" | "giveUp" }) => {
      const done = await Promise.allSettled(ids.map((id) => (kind === "retry" ? retry(id) : giveUp(id))));
      return done.filter((one) => one.status === "rejected").length;
    },
    {
      invalidates,
      onDone: (refused, { ids, kind }) => {
        const count = ids.length - refused;
        if (count > 0) ToastQueue.positive(t(`operations.done.${kind}`, { count }), { timeout: 5_000 });
        if (refused > 0) ToastQueue.negative(t("operations.done.refused", { count: refused }));
        setChosen(new Set());
      },
    },
  );
  const isFiltered = search.flow !== undefined || search.dataset !== undefined;
  const nameOf = (names: { id: string; name: string }[] | undefined, id: string) =>
    names?.find((one) => one.id === id)?.name ?? id;
  return (
    <>
      <Flex wrap gap="size-150" alignItems="end" marginBottom="size-200">
        <FilterPicker
          label={t("operations.failed.flow")}
          width="size-3400"
          choices={flows.data ?? []}
          value={search.flow}
          onChange={(flow) => onChange({ flow, after: undefined })}
        />
        <FilterPicker
          label={t("operations.failed.dataset")}
          width="size-3400"
          choices={datasets.data ?? []}
          value={search.dataset}
          onChange={(dataset) => onChange({ dataset, after: undefined })}
        />
      </Flex>
      {failed.error && <ErrorNotice error={failed.error} onRetry={() => void failed.refetch()} />}
      {failed.isPending && <Loading />}
      {failed.data && records.length === 0 && (
        <Empty
          kind="inlets"
          isSearch={isFiltered || search.after !== undefined}
          title={isFiltered ? t("common.noneMatch.title") : t("operations.failed.empty")}
          detail={isFiltered ? t("common.noneMatch.detail") : t("operations.failed.emptyDetail")}
          action={
            (isFiltered || search.after !== undefined) && (
              <Button
                variant="secondary"
                onPress={() => onChange({ flow: undefined, dataset: undefined, after: undefined })}
              >
                {t("common.clearFilters")}
              </Button>
            )
          }
        />
      )}
      {records.length > 0 && (
        <ActionBarContainer UNSAFE_style={{ paddingBottom: chosen.size > 0 ? 72 : 0 }}>
          <FigureTable
            caption={t("operations.tab.failed")}
            isWhole
            stacks
            chosen={chosen}
            onChoose={mayRetry || mayGiveUp ? setChosen : undefined}
            onOpen={(id) => onChange({ record: Number(id) })}
            columns={[
              { id: "reason", name: t("operations.failed.reason") },
              { id: "dataset", name: t("operations.failed.dataset"), isText: true },
              { id: "failed", name: t("operations.failed.at"), isText: true },
              { id: "attempts", name: t("operations.failed.attempts") },
            ]}
            rows={records.map((record) => ({
              id: String(record.id),
              name: reasonOf(record),
              cells: {
                reason: reasonOf(record),
                dataset: nameOf(datasets.data, record.datasetId),
                failed: <Time value={record.failedTimeMs} />,
                attempts: record.attempts,
              },
            }))}
          />
          <ActionBar
            isEmphasized
            selectedItemCount={ids.length}
            onClearSelection={() => setChosen(new Set())}
            onAction={(key) => (key === "retry" ? each.mutate({ ids, kind: "retry" }) : setAsked(true))}
            disabledKeys={[...(mayRetry ? [] : ["retry"]), ...(mayGiveUp ? [] : ["giveUp"])]}
          >
            <Item key="retry">
              <Refresh />
              <Text>{t("operations.act.retry")}</Text>
            </Item>
            <Item key="giveUp">
              <Delete />
              <Text>{t("operations.act.giveUp")}</Text>
            </Item>
          </ActionBar>
        </ActionBarContainer>
      )}
      <Flex justifyContent="end" gap="size-100" marginTop="size-150">
        {search.after !== undefined && (
          <ActionButton onPress={() => onChange({ after: undefined })}>{t("operations.failed.first")}</ActionButton>
        )}
        {failed.data?._page.next && (
          <ActionButton onPress={() => onChange({ after: failed.data?._page.next ?? undefined })}>
            {t("operations.failed.next")}
          </ActionButton>
        )}
      </Flex>
      <Asked
        isOpen={isAsked}
        title={t("operations.giveUp.title", { count: ids.length })}
        confirm={t("operations.act.giveUp")}
        onConfirm={() => each.mutate({ ids, kind: "giveUp" })}
        onClose={() => setAsked(false)}
      >
        {t("operations.giveUp.detail")}
      </Asked>
      <DialogContainer onDismiss={() => onChange({ record: undefined })}>
        {search.record !== undefined && (
          <FailedDialog
            id={search.record}
            flowName={(id) => nameOf(flows.data, id)}
            datasetName={(id) => nameOf(datasets.data, id)}
            onAct={(kind) => {
              each.mutate({ ids: [search.record ?? 0], kind });
              onChange({ record: undefined });
            }}
          />
        )}
      </DialogContainer>
    </>
  );
}
