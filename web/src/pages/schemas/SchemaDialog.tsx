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
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { fieldGroupOf, type NewField, pathFaults } from "./compose";
import { GroupChoice } from "./GroupChoice";
import { NewFields } from "./NewFields";
import { classesQuery, createFieldGroup, createSchema, tenantQuery } from "./registry";

const PROFILE = "https://ns.adobe.com/xdm/context/profile";

/** A new schema: its class, ready-made field groups, and fields of its own. */
export function SchemaDialog() {
  const t = useT();
  const dialog = useDialogContainer();
  const navigate = useNavigate();
  const classes = useQuery(classesQuery);
  const tenant = useQuery(tenantQuery);
  const [title, setTitle] = useState("");
  const [classId, setClass] = useState(PROFILE);
  const [groups, setGroups] = useState<string[]>([]);
  const [fields, setFields] = useState<NewField[]>([]);
  const create = useAct(
    async () => {
      const own =
        fields.length > 0
          ? [(await createFieldGroup(fieldGroupOf(tenant.data ?? "", `${title}: fields`, classId, fields))).$id]
          : [];
      return createSchema(title.trim(), [classId, ...groups, ...own]);
    },
    {
      invalidates: [["schemas"]],
      done: t("schemas.created"),
      showsError: true,
      onDone: (made) => {
        dialog.dismiss();
        void navigate({ to: "/schemas/$id", params: { id: made["meta:altId"] } });
      },
    },
  );
  const isReady = title.trim() !== "" && tenant.data !== undefined && pathFaults(fields).size === 0;
  return (
    <Dialog size="L">
      <Heading>{t("schemas.create")}</Heading>
      <Divider />
      <Content>
        <Flex direction="column" gap="size-200">
          <Flex wrap gap="size-200">
            <TextField
              label={t("schemas.name")}
              value={title}
              onChange={setTitle}
              isRequired
              autoFocus
              width="size-3400"
            />
            <Picker
              label={t("schemas.class")}
              width="size-3400"
              items={classes.data ?? []}
              selectedKey={classId}
              onSelectionChange={(key) => {
                setClass(String(key));
                setGroups([]);
              }}
            >
              {(one) => <Item key={one.$id}>{one.title}</Item>}
            </Picker>
          </Flex>
          <GroupChoice classId={classId} chosen={groups} onChange={setGroups} />
          <NewFields tenant={tenant.data ?? ""} fields={fields} onChange={setFields} />
          {create.error && <ErrorNotice error={create.error} />}
        </Flex>
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={dialog.dismiss}>
          {t("common.cancel")}
        </Button>
        <Button variant="accent" isDisabled={!isReady} isPending={create.isPending} onPress={() => create.mutate()}>
          {t("common.create")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
