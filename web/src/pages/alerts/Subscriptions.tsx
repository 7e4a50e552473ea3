import { DialogContainer } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { CreateButton } from "@/ui/CreateButton";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Loading } from "@/ui/Loading";
import { RowMenu } from "@/ui/RowMenu";
import { useAct } from "@/ui/useAct";
import {
  type AlertsSearch,
  deleteSubscription,
  journeyNamesQuery,
  KIND_NAMES,
  type Subscription,
  subscriptionsQuery,
} from "./alerts";
import { SubscriptionDialog } from "./SubscriptionDialog";

interface Props {
  search: AlertsSearch;
  onChange: (changed: Partial<AlertsSearch>) => void;
}

/** Who is told of which alerts. */
export function Subscriptions({ search, onChange }: Props) {
  const t = useT();
  const subscriptions = useQuery(subscriptionsQuery);
  const journeys = useQuery({ ...journeyNamesQuery, enabled: useMay("journeys.read") });
  const mayWrite = useMay("alerts.write");
  const mayDelete = useMay("alerts.delete");
  const [asked, setAsked] = useState<Subscription | null>(null);
  const remove = useAct((uid: string) => deleteSubscription(uid), {
    invalidates: [["alerts"]],
    done: t("alerts.done.deleted"),
  });
  const edited = subscriptions.data?.find((one) => one.uid === search.subscription);
  const journeyName = (uid: string | null) =>
    uid === null ? t("alerts.journey.all") : (journeys.data?.find((one) => one.uid === uid)?.name ?? uid);
  const nameOf = (one: Subscription) => one.name || t("alerts.unnamed");
  return (
    <>
      {subscriptions.error && <ErrorNotice error={subscriptions.error} onRetry={() => void subscriptions.refetch()} />}
      {subscriptions.isPending && <Loading />}
      {subscriptions.data?.length === 0 && (
        <Empty
          kind="alerts"
          title={t("alerts.subscriptions.empty")}
          detail={t("alerts.subscriptions.emptyDetail")}
          action={
            <CreateButton
              name={t("alerts.subscription.create")}
              may={mayWrite}
              onPress={() => onChange({ subscription: "new" })}
            />
          }
        />
      )}
      {subscriptions.data !== undefined && subscriptions.data.length > 0 && (
        <FigureTable
          caption={t("alerts.tab.subscriptions")}
          isWhole
          stacks
          onOpen={mayWrite ? (subscription) => onChange({ subscription }) : undefined}
          columns={[
            { id: "name", name: t("alerts.column.name") },
            { id: "journey", name: t("alerts.column.journey"), isText: true },
            { id: "kinds", name: t("alerts.column.kinds"), isText: true },
            { id: "webhook", name: t("alerts.column.webhook"), isText: true, breaks: true },
            { id: "actions", name: t("alerts.column.actions"), isUnnamed: true },
          ]}
          rows={subscriptions.data.map((one) => ({
            id: one.uid,
            cells: {
              name: nameOf(one),
              journey: journeyName(one.journeyUid),
              kinds:
                one.alerts.length === KIND_NAMES.length
                  ? t("alerts.kinds.all")
                  : one.alerts.map((kind) => t(`alerts.kind.${kind}`)).join(", "),
              webhook: one.webhook?.url ?? t("alerts.webhook.none"),
              actions: (
                <RowMenu
                  name={nameOf(one)}
                  items={[
                    { id: "edit", name: t("common.edit"), isOffered: mayWrite },
                    { id: "delete", name: t("common.delete"), isOffered: mayDelete },
                  ]}
                  onAction={(id) => (id === "edit" ? onChange({ subscription: one.uid }) : setAsked(one))}
                />
              ),
            },
          }))}
        />
      )}
      <DialogContainer onDismiss={() => onChange({ subscription: undefined })}>
        {(edited !== undefined || search.subscription === "new") && (
          <SubscriptionDialog
            key={search.subscription}
            subscription={edited ?? null}
            onClose={() => onChange({ subscription: undefined })}
          />
        )}
      </DialogContainer>
      <Asked
        isOpen={asked !== null}
        title={t("alerts.delete.title", { name: asked === null ? "" : nameOf(asked) })}
        confirm={t("common.delete")}
        onConfirm={() => asked !== null && remove.mutate(asked.uid)}
        onClose={() => setAsked(null)}
      >
        {t("alerts.delete.detail")}
      </Asked>
    </>
  );
}
