import {
  Button,
  Cell,
  Column,
  DialogContainer,
  Flex,
  Row,
  TableBody,
  TableHeader,
  TableView,
} from "@adobe/react-spectrum";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { FormattedNumber } from "react-intl";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { CreateButton } from "@/ui/CreateButton";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
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
          <TableView
            aria-label={t("alerts.tab.alerts")}
            overflowMode="wrap"
            onAction={(key) => onChange({ alert: String(key), page: search.page })}
          >
            <TableHeader>
              <Column key="state" width={150}>
                {t("alerts.column.state")}
              </Column>
              <Column key="kind" isRowHeader minWidth={220}>
                {t("alerts.column.kind")}
              </Column>
              <Column key="journey" minWidth={180}>
                {t("alerts.column.journey")}
              </Column>
              <Column key="share" width={170}>
                {t("alerts.column.share")}
              </Column>
              <Column key="opened" width={170}>
                {t("alerts.column.opened")}
              </Column>
            </TableHeader>
            <TableBody items={alerts.data.map((one) => ({ ...one }))}>
              {(alert) => (
                <Row key={alert.uid}>
                  <Cell textValue={alert.state}>
                    <AlertState state={alert.state} />
                  </Cell>
                  <Cell>{kindName(alert.kind)}</Cell>
                  <Cell>{alert.journeyName ?? "–"}</Cell>
                  <Cell textValue={String(alert.percent ?? "")}>
                    <Share alert={alert} />
                  </Cell>
                  <Cell textValue={alert.openedAt}>
                    <Time value={alert.openedAt} />
                  </Cell>
                </Row>
              )}
            </TableBody>
          </TableView>
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
