import { Content, Dialog, Divider, Heading } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { FormattedNumber } from "react-intl";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Facts } from "@/ui/Facts";
import { FigureTable } from "@/ui/FigureTable";
import { Loading } from "@/ui/Loading";
import { PageLink } from "@/ui/PageLink";
import { Time } from "@/ui/Time";
import { AlertState } from "./AlertList";
import { type Alert, alertQuery, KIND_NAMES } from "./alerts";

/** One alert, and whom it was told to. */
export function AlertDetail({ uid }: { uid: string }) {
  const t = useT();
  const alert = useQuery(alertQuery(uid));
  const kind = KIND_NAMES.find((one) => one === alert.data?.kind);
  return (
    <Dialog isDismissable size="L">
      <Heading>{kind === undefined ? (alert.data?.kind ?? t("alerts.one")) : t(`alerts.kind.${kind}`)}</Heading>
      <Divider />
      <Content>
        {alert.error && <ErrorNotice error={alert.error} onRetry={() => void alert.refetch()} />}
        {alert.isPending && <Loading />}
        {alert.data && (
          <>
            <AlertFacts alert={alert.data} />
            <Heading level={3}>{t("alerts.notices")}</Heading>
            {alert.data.notices === undefined || alert.data.notices.length === 0 ? (
              <p>{t("alerts.notices.none")}</p>
            ) : (
              <FigureTable
                caption={t("alerts.notices")}
                columns={["event", "state", "attempts", "error"].map((id) => ({
                  id,
                  name: t(`alerts.notice.${id}`),
                  isText: id !== "attempts",
                }))}
                rows={alert.data.notices.map((notice) => ({
                  id: notice.uid,
                  cells: {
                    event: notice.event,
                    state: notice.state,
                    attempts: <FormattedNumber value={notice.attempts} />,
                    error: notice.error ?? "–",
                  },
                }))}
              />
            )}
          </>
        )}
      </Content>
    </Dialog>
  );
}

function AlertFacts({ alert }: { alert: Alert }) {
  const t = useT();
  const percent = (value: number | undefined) => (
    <FormattedNumber value={(value ?? 0) / 100} style="percent" maximumFractionDigits={1} />
  );
  const figures =
    alert.percent === undefined
      ? []
      : ([
          [
            t("alerts.column.share"),
            <span key="share">
              {percent(alert.percent)} ({alert.count} / {alert.of})
            </span>,
          ],
          [t("alerts.fact.worst"), percent(alert.worstPercent)],
          [t("alerts.fact.threshold"), percent(alert.thresholdPercent)],
          [t("alerts.fact.lastAbove"), alert.lastAboveAt ? <Time key="lastAbove" value={alert.lastAboveAt} /> : "–"],
          [t("alerts.fact.resolved"), alert.resolvedAt ? <Time key="resolved" value={alert.resolvedAt} /> : "–"],
        ] as const);
  return (
    <Facts
      facts={[
        [t("alerts.column.state"), <AlertState key="state" state={alert.state} />],
        [
          t("alerts.column.journey"),
          <PageLink
            key="journey"
            to="/journeys/$uid/report/$versionUid"
            params={{ uid: alert.journeyUid, versionUid: alert.versionUid }}
          >
            {alert.journeyName ?? alert.journeyUid}
          </PageLink>,
        ],
        ...(alert.nodeId ? [[t("alerts.fact.node"), alert.nodeId] as const] : []),
        [t("alerts.column.opened"), <Time key="opened" value={alert.openedAt} />],
        ...figures,
      ]}
    />
  );
}
