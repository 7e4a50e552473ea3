import { Cell, Column, DialogContainer, Row, TableBody, TableHeader, TableView } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { CreateButton } from "@/ui/CreateButton";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { RowMenu } from "@/ui/RowMenu";
import { shortName } from "@/ui/shortName";
import { Time } from "@/ui/Time";
import { type Sandbox, sandboxesQuery, useMayInOrganization } from "./people";
import styles from "./people.module.css";
import { SandboxAsked } from "./SandboxAsked";
import { SandboxDialog } from "./SandboxDialog";
import { TabHead } from "./TabHead";

type Opened = { kind: "make" } | { kind: "reset" | "delete"; sandbox: Sandbox } | null;

/** Worlds apart: each sandbox has definitions, data and journeys of its own. */
export function Sandboxes() {
  const t = useT();
  const sandboxes = useQuery(sandboxesQuery);
  const mayMake = useMayInOrganization("sandboxes.write");
  const [mayReset, mayDelete] = [useMay("sandboxes.reset"), useMay("sandboxes.delete")];
  const [opened, setOpened] = useState<Opened>(null);
  if (sandboxes.error) return <ErrorNotice error={sandboxes.error} onRetry={() => void sandboxes.refetch()} />;
  if (sandboxes.data === undefined) return <Loading />;
  const close = () => setOpened(null);
  return (
    <>
      <TabHead
        detail={t("people.sandboxes.detail")}
        create={
          <CreateButton name={t("people.sandboxes.create")} may={mayMake} onPress={() => setOpened({ kind: "make" })} />
        }
      />
      <TableView aria-label={t("people.tab.sandboxes")} overflowMode="wrap">
        <TableHeader>
          <Column key="title" isRowHeader minWidth={220}>
            {t("people.column.name")}
          </Column>
          <Column key="type" width={160}>
            {t("people.column.kind")}
          </Column>
          <Column key="created" minWidth={180}>
            {t("people.column.created")}
          </Column>
          <Column key="actions" width={60} align="end" hideHeader>
            {t("people.column.actions")}
          </Column>
        </TableHeader>
        <TableBody items={sandboxes.data.map((one) => ({ ...one }))}>
          {(sandbox) => (
            <Row key={sandbox.name}>
              <Cell textValue={sandbox.title}>
                <div className={styles.two}>
                  <span>{sandbox.title || sandbox.name}</span>
                  <small className={styles.small}>{sandbox.name}</small>
                </div>
              </Cell>
              <Cell>{t(`people.sandbox.${sandbox.type}`)}</Cell>
              <Cell textValue={sandbox.createdDate}>
                <div className={styles.two}>
                  <Time value={`${sandbox.createdDate.replace(" ", "T")}Z`} />
                  <small className={styles.small}>{shortName(sandbox.createdBy)}</small>
                </div>
              </Cell>
              <Cell textValue={t("common.actionsOf", { name: sandbox.name })}>
                <RowMenu
                  name={sandbox.name}
                  items={[
                    { id: "reset", name: t("people.act.reset"), isOffered: mayReset },
                    { id: "delete", name: t("people.act.delete"), isOffered: mayDelete && !sandbox.isDefault },
                  ]}
                  onAction={(kind) => setOpened({ kind, sandbox })}
                />
              </Cell>
            </Row>
          )}
        </TableBody>
      </TableView>
      <DialogContainer onDismiss={close}>
        {opened?.kind === "make" ? (
          <SandboxDialog onClose={close} />
        ) : opened !== null ? (
          <SandboxAsked sandbox={opened.sandbox} what={opened.kind} onClose={close} />
        ) : null}
      </DialogContainer>
    </>
  );
}
