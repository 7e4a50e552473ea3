import { DialogContainer } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { CreateButton } from "@/ui/CreateButton";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
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
      <FigureTable
        caption={t("people.tab.sandboxes")}
        isWhole
        stacks
        columns={[
          { id: "title", name: t("people.column.name") },
          { id: "type", name: t("people.column.kind"), isText: true },
          { id: "created", name: t("people.column.created"), isText: true },
          { id: "actions", name: t("people.column.actions"), isUnnamed: true },
        ]}
        rows={sandboxes.data.map((sandbox) => ({
          id: sandbox.name,
          detail: sandbox.name,
          cells: {
            title: sandbox.title || sandbox.name,
            type: t(`people.sandbox.${sandbox.type}`),
            created: (
              <div className={styles.two}>
                <Time value={`${sandbox.createdDate.replace(" ", "T")}Z`} />
                <small className={styles.small}>{shortName(sandbox.createdBy)}</small>
              </div>
            ),
            actions: (
              <RowMenu
                name={sandbox.name}
                items={[
                  { id: "reset", name: t("people.act.reset"), isOffered: mayReset },
                  { id: "delete", name: t("people.act.delete"), isOffered: mayDelete && !sandbox.isDefault },
                ]}
                onAction={(kind) => setOpened({ kind, sandbox })}
              />
            ),
          },
        }))}
      />
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
