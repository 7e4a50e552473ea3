import {
  ActionMenu,
  Button,
  ButtonGroup,
  Cell,
  Column,
  Content,
  Dialog,
  DialogContainer,
  Divider,
  Flex,
  Form,
  Heading,
  Item,
  Picker,
  Row,
  TableBody,
  TableHeader,
  TableView,
  Text,
  TextField,
} from "@adobe/react-spectrum";
import Add from "@spectrum-icons/workflow/Add";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { shortName } from "@/ui/shortName";
import { Time } from "@/ui/Time";
import { useAct } from "@/ui/useAct";
import { createSandbox, type Sandbox, sandboxesQuery, useMayInOrganization } from "./people";
import styles from "./people.module.css";
import { SandboxAsked } from "./SandboxAsked";

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
      <Flex wrap justifyContent="space-between" alignItems="center" marginBottom="size-150" gap="size-200">
        <Text>{t("people.sandboxes.detail")}</Text>
        {mayMake && (
          <Button variant="accent" onPress={() => setOpened({ kind: "make" })}>
            <Add />
            <Text>{t("people.sandboxes.make")}</Text>
          </Button>
        )}
      </Flex>
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
          {(sandbox) => {
            const offered = [
              { id: "reset", isOffered: mayReset },
              { id: "delete", isOffered: mayDelete && !sandbox.isDefault },
            ].filter((one) => one.isOffered);
            return (
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
                  {offered.length > 0 && (
                    <ActionMenu
                      isQuiet
                      aria-label={t("common.actionsOf", { name: sandbox.name })}
                      items={offered}
                      onAction={(key) => setOpened({ kind: key === "reset" ? "reset" : "delete", sandbox })}
                    >
                      {(item) => <Item>{t(`people.act.${item.id}`)}</Item>}
                    </ActionMenu>
                  )}
                </Cell>
              </Row>
            );
          }}
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

const TYPES = ["development", "production"] as const;

function SandboxDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const [name, setName] = useState("");
  const [title, setTitle] = useState("");
  const [type, setType] = useState<(typeof TYPES)[number]>("development");
  const create = useAct(() => createSandbox({ name: name.trim(), title: title.trim() || name.trim(), type }), {
    invalidates: [["people"], ["session"]],
    showsError: true,
    done: t("people.done.created", { name }),
    onDone: onClose,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!create.isPending) create.mutate();
  };
  return (
    <Dialog size="M">
      <Heading>{t("people.sandboxes.make")}</Heading>
      <Divider />
      <Content>
        {create.error && <ErrorNotice error={create.error} />}
        <Form id="sandbox" onSubmit={submit} validationBehavior="native">
          <TextField
            label={t("people.field.sandboxName")}
            description={t("people.field.sandboxNameDetail")}
            value={name}
            onChange={setName}
            pattern="[a-z][a-z0-9\-]*"
            maxLength={256}
            isRequired
            autoFocus
          />
          <TextField label={t("people.field.title")} value={title} onChange={setTitle} />
          <Picker
            label={t("people.column.kind")}
            selectedKey={type}
            onSelectionChange={(key) => setType(TYPES.find((one) => one === key) ?? "development")}
            items={TYPES.map((id) => ({ id }))}
          >
            {(item) => <Item>{t(`people.sandbox.${item.id}`)}</Item>}
          </Picker>
        </Form>
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t("common.cancel")}
        </Button>
        <Button variant="accent" type="submit" form="sandbox" isPending={create.isPending}>
          {t("common.create")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
