import { Button, DialogContainer, Text } from "@adobe/react-spectrum";
import Add from "@spectrum-icons/workflow/Add";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { useAct } from "@/ui/useAct";
import { PoliciesTable } from "./PoliciesTable";
import { PolicyDialog } from "./PolicyDialog";
import { deletePolicy, type Policy, policiesQuery } from "./policies";

/** Which journeys need an approval, and who may give it. */
export function PoliciesPage() {
  const t = useT();
  const search = useSearch({ from: "/shell/approval-policies" });
  const navigate = useNavigate();
  const open = (policy: string | undefined) => void navigate({ to: "/approval-policies", search: { policy } });
  const policies = useQuery(policiesQuery);
  const mayWrite = useMay("approval_policies.write");
  const [asked, setAsked] = useState<Policy | null>(null);
  const remove = useAct((uid: string) => deletePolicy(uid), {
    invalidates: [policiesQuery.queryKey, ["journeys"]],
    done: t("approvals.done.deleted"),
  });
  const edited = policies.data?.find((one) => one.uid === search.policy);
  const add = mayWrite && (
    <Button variant="accent" onPress={() => open("new")}>
      <Add />
      <Text>{t("approvals.policy.new")}</Text>
    </Button>
  );
  return (
    <Page title={t("approvals.title")} description={t("approvals.description")} actions={add}>
      {policies.error && <ErrorNotice error={policies.error} onRetry={() => void policies.refetch()} />}
      {policies.isPending && <Loading />}
      {policies.data?.length === 0 && (
        <Empty kind="approvals" title={t("approvals.empty.title")} detail={t("approvals.empty.detail")} />
      )}
      {policies.data !== undefined && policies.data.length > 0 && (
        <PoliciesTable policies={policies.data} onOpen={open} onDelete={setAsked} />
      )}
      <DialogContainer onDismiss={() => open(undefined)}>
        {mayWrite && (edited !== undefined || search.policy === "new") && (
          <PolicyDialog key={search.policy} policy={edited ?? null} onClose={() => open(undefined)} />
        )}
      </DialogContainer>
      <Asked
        isOpen={asked !== null}
        title={t("approvals.delete.title", { name: asked?.name ?? "" })}
        confirm={t("common.delete")}
        onConfirm={() => asked !== null && remove.mutate(asked.uid)}
        onClose={() => setAsked(null)}
      >
        {t("approvals.delete.detail")}
      </Asked>
    </Page>
  );
}
