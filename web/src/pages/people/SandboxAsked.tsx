import { Button, ButtonGroup, Content, Dialog, Divider, Heading, Text, TextField } from "@adobe/react-spectrum";
import { useState } from "react";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { deleteSandbox, resetSandbox, type Sandbox } from "./people";

interface Props {
  sandbox: Sandbox;
  what: "reset" | "delete";
  onClose: () => void;
}

/** All of a sandbox will be gone: its name must be written out. */
export function SandboxAsked({ sandbox, what, onClose }: Props) {
  const t = useT();
  const [typed, setTyped] = useState("");
  const act = useAct(() => (what === "reset" ? resetSandbox(sandbox.name) : deleteSandbox(sandbox.name)), {
    // Everything that was read of the sandbox is out of date.
    invalidates: [[]],
    showsError: true,
    done: t(`people.done.${what}`, { name: sandbox.name }),
    onDone: onClose,
  });
  return (
    <Dialog size="S" role="alertdialog">
      <Heading>{t(`people.${what}.sandbox`, { name: sandbox.title || sandbox.name })}</Heading>
      <Divider />
      <Content>
        {act.error && <ErrorNotice error={act.error} />}
        <Text>{t(`people.${what}.sandboxDetail`)}</Text>
        <TextField
          label={t("people.typeName", { name: sandbox.name })}
          value={typed}
          onChange={setTyped}
          width="100%"
          marginTop="size-150"
          autoComplete="off"
          autoFocus
        />
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t("common.cancel")}
        </Button>
        <Button
          variant="negative"
          isDisabled={typed !== sandbox.name}
          isPending={act.isPending}
          onPress={() => act.mutate()}
        >
          {t(`people.act.${what}`)}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
