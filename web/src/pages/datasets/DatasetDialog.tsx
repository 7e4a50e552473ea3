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
  Switch,
  TextField,
  useDialogContainer,
} from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useT } from "@/i18n/useT";
import { isForProfile, schemasQuery } from "@/pages/schemas/registry";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { createDataset } from "./datasets";

/** A new data set of a schema. */
export function DatasetDialog() {
  const t = useT();
  const dialog = useDialogContainer();
  const navigate = useNavigate();
  const schemas = useQuery(schemasQuery);
  const [name, setName] = useState("");
  const [schemaId, setSchema] = useState<string | null>(null);
  const [forProfile, setForProfile] = useState(false);
  const schema = schemas.data?.find((one) => one.$id === schemaId);
  const mayProfile = schema !== undefined && isForProfile(schema);
  const create = useAct(() => createDataset(name.trim(), schemaId ?? "", forProfile && mayProfile), {
    invalidates: [["datasets"]],
    done: t("datasets.created"),
    showsError: true,
    onDone: (id) => {
      dialog.dismiss();
      void navigate({ to: "/datasets/$id", params: { id } });
    },
  });
  return (
    <Dialog size="M">
      <Heading>{t("datasets.create")}</Heading>
      <Divider />
      <Content>
        <Flex direction="column" gap="size-200">
          <TextField label={t("datasets.name")} value={name} onChange={setName} isRequired autoFocus width="100%" />
          <Picker
            label={t("datasets.schema")}
            items={schemas.data ?? []}
            selectedKey={schemaId}
            onSelectionChange={(key) => setSchema(String(key))}
            isRequired
            width="100%"
          >
            {(one) => <Item key={one.$id}>{one.title}</Item>}
          </Picker>
          <Switch isSelected={forProfile && mayProfile} isDisabled={!mayProfile} onChange={setForProfile}>
            {t("datasets.enable")}
          </Switch>
          {create.error && <ErrorNotice error={create.error} />}
        </Flex>
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={dialog.dismiss}>
          {t("common.cancel")}
        </Button>
        <Button
          variant="accent"
          isDisabled={name.trim() === "" || schema === undefined}
          isPending={create.isPending}
          onPress={() => create.mutate()}
        >
          {t("common.create")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
