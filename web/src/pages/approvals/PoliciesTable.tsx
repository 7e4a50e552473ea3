import { ActionMenu, Cell, Column, Item, Row, TableBody, TableHeader, TableView } from "@adobe/react-spectrum";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Light } from "@/ui/Light";
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
  const offered = [
    { id: "edit", isOffered: mayWrite },
    { id: "delete", isOffered: mayDelete },
  ].filter((one) => one.isOffered);
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
    <TableView
      aria-label={t("approvals.title")}
      overflowMode="wrap"
      onAction={(key) => mayWrite && onOpen(String(key))}
    >
      <TableHeader>
        <Column key="name" isRowHeader minWidth={160}>
          {t("approvals.column.name")}
        </Column>
        <Column key="state" minWidth={110}>
          {t("approvals.column.state")}
        </Column>
        <Column key="journeys" minWidth={200} width="2fr">
          {t("approvals.column.journeys")}
        </Column>
        <Column key="approvers" minWidth={200} width="2fr">
          {t("approvals.column.approvers")}
        </Column>
        <Column key="actions" width={60} align="end" hideHeader>
          {t("approvals.column.actions")}
        </Column>
      </TableHeader>
      <TableBody items={policies.map((one) => ({ ...one }))}>
        {(one) => (
          <Row key={one.uid}>
            <Cell>{one.name}</Cell>
            <Cell textValue={t(`approvals.state.${one.state}`)}>
              <Light tone={one.state === "active" ? "positive" : "neutral"}>{t(`approvals.state.${one.state}`)}</Light>
            </Cell>
            <Cell>{isForAll(one) ? t("approvals.when.all") : conditions(one)}</Cell>
            <Cell>
              {one.mayApprove.length === 0
                ? t("approvals.nobody")
                : one.mayApprove.map((approver) => approver.name).join(", ")}
            </Cell>
            <Cell textValue={t("common.actionsOf", { name: one.name })}>
              {offered.length > 0 && (
                <ActionMenu
                  isQuiet
                  aria-label={t("common.actionsOf", { name: one.name })}
                  items={offered}
                  onAction={(key) => (key === "edit" ? onOpen(one.uid) : onDelete(one))}
                >
                  {(item) => <Item>{t(`common.${item.id}`)}</Item>}
                </ActionMenu>
              )}
            </Cell>
          </Row>
        )}
      </TableBody>
    </TableView>
  );
}
