import { Button, DialogContainer, Flex } from "@adobe/react-spectrum";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { FormattedNumber } from "react-intl";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { CreateButton } from "@/ui/CreateButton";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { FilterPicker } from "@/ui/FilterPicker";
import { Light } from "@/ui/Light";
import { Loading } from "@/ui/Loading";
import { Pager } from "@/ui/Pager";
import { Time } from "@/ui/Time";
import { AlertDetail } from "./AlertDetail";
import { type Alert, type AlertsSearch, alertsQuery, KIND_NAMES, PAGE_SIZE, STATES } from "./alerts";

interface Props {
  search: AlertsSearch;
  onChange: (changed: Partial<AlertsSearch>) => void;
  onSubscribe: () => void;
}

const TONES = { open: "negative", resolved: "positive", information: "info" } as const;

export function AlertState({ state }: { state: Alert["state"] }) {
  const t = useT();
  return <Light tone={TONES[state]}>{t(`alerts.state.${state}`)}</Light>;
}

export function AlertList({ search, onChange, onSubscribe }: Props) {
  const t = useT();
  const mayWrite = useMay("alerts.write");
  const alerts = useQuery({ ...alertsQuery(search), placeholderData: keepPreviousData });
  const isFiltered = search.kind !== undefined || search.state !== undefined;
  const kindName = (kind: string) => (KIND_NAMES.some((one) => one === kind) ? t(`alerts.kind.${kind}`) : kind);
  return (
    <>
      <Flex wrap gap="size-150" alignItems="end" marginBottom="size-200">
        <FilterPicker
          label={t("alerts.column.kind")}
          width="size-3400"
          choices={KIND_NAMES.map((id) => ({ id, name: t(`alerts.kind.${id}`) }))}
          value={search.kind}
          onChange={(kind) => onChange({ kind })}
        />
        <FilterPicker
          label={t("alerts.column.state")}
          width="size-2000"
          choices={STATES.map((id) => ({ id, name: t(`alerts.state.${id}`) }))}
          value={search.state}
          onChange={(state) => onChange({ state })}
        />
      </Flex>
      {alerts.error && <ErrorNotice error={alerts.error} onRetry={() => void alerts.refetch()} />}
      {alerts.isPending && <Loading />}
      {alerts.data?.length === 0 && (
        <Empty
          kind="alerts"
          isSearch={isFiltered}
          title={isFiltered ? t("common.noneMatch.title") : t("alerts.empty.title")}
          detail={isFiltered ? t("common.noneMatch.detail") : t("alerts.empty.detail")}
          action={
            isFiltered ? (
              <Button variant="secondary" onPress={() => onChange({ kind: undefined, state: undefined })}>
                {t("common.clearFilters")}
              </Button>
            ) : (
              <CreateButton name={t("alerts.subscription.create")} may={mayWrite} onPress={onSubscribe} />
            )
          }
        />
      )}
      {alerts.data !== undefined && alerts.data.length > 0 && (
        <>
          <FigureTable
            caption={t("alerts.tab.alerts")}
            isWhole
            stacks
            onOpen={(alert) => onChange({ alert, page: search.page })}
            columns={[
              { id: "kind", name: t("alerts.column.kind") },
              { id: "state", name: t("alerts.column.state"), isText: true },
              { id: "journey", name: t("alerts.column.journey"), isText: true },
              { id: "share", name: t("alerts.column.share") },
              { id: "opened", name: t("alerts.column.opened"), isText: true },
            ]}
            rows={alerts.data.map((alert) => ({
              id: alert.uid,
              cells: {
                kind: kindName(alert.kind),
                state: <AlertState state={alert.state} />,
                journey: alert.journeyName ?? "–",
                share: <Share alert={alert} />,
                opened: <Time value={alert.openedAt} />,
              },
            }))}
          />
          <Pager
            page={search.page ?? 0}
            hasNext={alerts.data.length === PAGE_SIZE}
            onChange={(page) => onChange({ page: page || undefined })}
          />
        </>
      )}
      <DialogContainer onDismiss={() => onChange({ alert: undefined, page: search.page })}>
        {search.alert !== undefined && <AlertDetail uid={search.alert} />}
      </DialogContainer>
    </>
  );
}

function Share({ alert }: { alert: Alert }) {
  if (alert.percent === undefined) return "–";
  return (
    <span>
      <FormattedNumber value={alert.percent / 100} style="percent" maximumFractionDigits={1} /> ({alert.count} /{" "}
      {alert.of})
    </span>
  );
}
