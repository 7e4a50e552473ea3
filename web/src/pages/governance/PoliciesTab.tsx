import { Button, DialogContainer, Text } from "@adobe/react-spectrum";
import Add from "@spectrum-icons/workflow/Add";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Light } from "@/ui/Light";
import { Loading } from "@/ui/Loading";
import { RowMenu } from "@/ui/RowMenu";
import { useAct } from "@/ui/useAct";
import { wordsOf } from "./expression";
import { deletePolicy, nameOf, type Policy, policiesQuery, type Status, setStatus } from "./governance";
import { PolicyDialog } from "./PolicyDialog";

const TONES: Record<Status, "positive" | "neutral" | "info"> = {
  ENABLED: "positive",
  DISABLED: "neutral",
  DRAFT: "info",
};

interface Props {
  opened: string | undefined;
  onOpen: (id: string | undefined) => void;
}

export function PoliciesTab({ opened, onOpen }: Props) {
  const t = useT();
  const policies = useQuery(policiesQuery);
  const [mayWrite, mayDelete] = [useMay("usage_policies.write"), useMay("usage_policies.delete")];
  const [asked, setAsked] = useState<Policy | null>(null);
  const invalidates = [policiesQuery.queryKey];
  const remove = useAct((id: string) => deletePolicy(id), { invalidates, done: t("governance.done.deleted") });
  const change = useAct(({ id, status }: { id: string; status: Status }) => setStatus(id, status), {
    invalidates,
    done: t("governance.done.saved"),
  });
  const edited = policies.data?.find((one) => one.id === opened);
  const act = (id: string, policy: Policy) => {
    if (id === "edit") onOpen(policy.id);
    else if (id === "delete") setAsked(policy);
    else change.mutate({ id: policy.id, status: id === "enable" ? "ENABLED" : "DISABLED" });
  };
  const add = mayWrite && (
    <Button variant="accent" marginBottom="size-200" onPress={() => onOpen("new")}>
      <Add />
      <Text>{t("governance.policy.new")}</Text>
    </Button>
  );
  return (
    <>
      {policies.error && <ErrorNotice error={policies.error} onRetry={() => void policies.refetch()} />}
      {policies.isPending && <Loading />}
      {policies.data?.length === 0 && (
        <Empty
          kind="governance"
          title={t("governance.empty.title")}
          detail={t("governance.empty.detail")}
          action={add}
        />
      )}
      {policies.data !== undefined && policies.data.length > 0 && (
        <>
          {add}
          <FigureTable
            caption={t("governance.tab.policies")}
            isWhole
            stacks
            onOpen={mayWrite ? onOpen : undefined}
            columns={[
              { id: "name", name: t("governance.column.name") },
              { id: "status", name: t("governance.column.status"), isText: true },
              { id: "actions", name: t("governance.column.marketingActions"), isText: true, breaks: true },
              { id: "deny", name: t("governance.column.labels"), isText: true },
              { id: "menu", name: t("governance.column.menu"), isUnnamed: true },
            ]}
            rows={policies.data.map((one) => ({
              id: one.id,
              detail: one.description,
              cells: {
                name: one.name,
                status: <Light tone={TONES[one.status]}>{t(`governance.status.${one.status}`)}</Light>,
                actions: one.marketingActionRefs.map(nameOf).join(", "),
                deny: wordsOf(one.deny, (operator) => t(`governance.operator.${operator}`)),
                menu: (
                  <RowMenu
                    name={one.name}
                    items={[
                      { id: "edit", name: t("common.edit"), isOffered: mayWrite },
                      { id: "enable", name: t("governance.enable"), isOffered: mayWrite && one.status !== "ENABLED" },
                      { id: "disable", name: t("governance.disable"), isOffered: mayWrite && one.status === "ENABLED" },
                      { id: "delete", name: t("common.delete"), isOffered: mayDelete },
                    ]}
                    onAction={(id) => act(id, one)}
                  />
                ),
              },
            }))}
          />
        </>
      )}
      <DialogContainer onDismiss={() => onOpen(undefined)}>
        {mayWrite && (edited !== undefined || opened === "new") && (
          <PolicyDialog key={opened} policy={edited ?? null} onClose={() => onOpen(undefined)} />
        )}
      </DialogContainer>
      <Asked
        isOpen={asked !== null}
        title={t("governance.delete.title", { name: asked?.name ?? "" })}
        confirm={t("common.delete")}
        onConfirm={() => asked !== null && remove.mutate(asked.id)}
        onClose={() => setAsked(null)}
      >
        {t("governance.delete.policy")}
      </Asked>
    </>
  );
}
