import {
  Button,
  ButtonGroup,
  Content,
  Dialog,
  Divider,
  Flex,
  Heading,
  Item,
  Picker,
  TextField,
  useDialogContainer,
} from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useT } from "@/i18n/useT";
import { namespacesQuery } from "@/pages/schemas/registry";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { createAudience } from "./audiences";

/** A new audience, of identities of a namespace. */
export function AudienceDialog() {
  const t = useT();
  const dialog = useDialogContainer();
  const navigate = useNavigate();
  const namespaces = useQuery(namespacesQuery);
  const [name, setName] = useState("");
  const [namespace, setNamespace] = useState("Email");
  const create = useAct(() => createAudience(name.trim(), namespace), {
    invalidates: [["audiences"]],
    done: t("audiences.created"),
    showsError: true,
    onDone: (made) => {
      dialog.dismiss();
      void navigate({ to: "/audiences/$id", params: { id: made.id } });
    },
  });
  return (
    <Dialog size="M">
      <Heading>{t("audiences.create")}</Heading>
      <Divider />
      <Content>
        <Flex direction="column" gap="size-200">
          <TextField label={t("audiences.name")} value={name} onChange={setName} isRequired autoFocus width="100%" />
          <Picker
            label={t("audiences.namespace")}
            items={namespaces.data ?? []}
            selectedKey={namespace}
            onSelectionChange={(key) => setNamespace(String(key))}
            width="100%"
          >
            {(one) => <Item key={one.code}>{one.name}</Item>}
          </Picker>
          {create.error && <ErrorNotice error={create.error} />}
        </Flex>
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={dialog.dismiss}>
          {t("common.cancel")}
        </Button>
        <Button
          variant="accent"
          isDisabled={name.trim() === ""}
          isPending={create.isPending}
          onPress={() => create.mutate()}
        >
          {t("common.create")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
