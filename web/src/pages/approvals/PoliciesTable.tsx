import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { FigureTable } from "@/ui/FigureTable";
import { Light } from "@/ui/Light";
import { RowMenu } from "@/ui/RowMenu";
import { isForAll, isNamed, type Policy } from "./policies";

interface Props {
  policies: readonly Policy[];
  onOpen: (uid: string) => void;
  onDelete: (policy: Policy) => void;
}

export function PoliciesTable({ policies, onOpen, onDelete }: Props) {
  const t = useT();
  const mayWrite = useMay("approval_policies.write");
  const mayDelete = useMay("approval_policies.delete");
  const conditions = ({ conditions: found }: Policy): string =>
    [
      found.tags.map((one) => t("approvals.when.tag", { one })),
      found.entryTypes.map((one) => t("approvals.when.entry", { one: t(`approvals.entry.${one}`) })),
      found.actions.map((one) => t(`approvals.action.${one}`)),
      found.nameContains.map((one) => t("approvals.when.name", { one })),
      isNamed(found.requesters) ? [t("approvals.when.requesters")] : [],
    ]
      .filter((values) => values.length > 0) // of the values one is enough, of these groups every one holds
      .map((values) => values.join(" / "))
      .join(" · ");
  return (
    <FigureTable
      caption={t("approvals.title")}
      isWhole
      stacks
      onOpen={mayWrite ? onOpen : undefined}
      columns={[
        { id: "name", name: t("approvals.column.name") },
        { id: "state", name: t("approvals.column.state"), isText: true },
        { id: "journeys", name: t("approvals.column.journeys"), isText: true },
        { id: "approvers", name: t("approvals.column.approvers"), isText: true },
        { id: "actions", name: t("approvals.column.actions"), isUnnamed: true },
      ]}
      rows={policies.map((one) => ({
        id: one.uid,
        detail: one.description,
        cells: {
          name: one.name,
          state: (
            <Light tone={one.state === "active" ? "positive" : "neutral"}>{t(`approvals.state.${one.state}`)}</Light>
          ),
          journeys: isForAll(one) ? t("approvals.when.all") : conditions(one),
          approvers:
            one.mayApprove.length === 0
              ? t("approvals.nobody")
              : one.mayApprove.map((approver) => approver.name).join(", "),
          actions: (
            <RowMenu
              name={one.name}
              items={[
                { id: "edit", name: t("common.edit"), isOffered: mayWrite },
                { id: "delete", name: t("common.delete"), isOffered: mayDelete },
              ]}
              onAction={(id) => (id === "edit" ? onOpen(one.uid) : onDelete(one))}
            />
          ),
        },
      }))}
    />
  );
}
