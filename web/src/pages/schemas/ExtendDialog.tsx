import {
  Button,
  ButtonGroup,
  Content,
  Dialog,
  Divider,
  Flex,
  Heading,
  useDialogContainer,
} from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { fieldGroupOf, type NewField, pathFaults } from "./compose";
import { GroupChoice } from "./GroupChoice";
import { NewFields } from "./NewFields";
import { createFieldGroup, patchSchema, type Resource, tenantQuery } from "./registry";

/** More field groups or fields for a schema that is there. */
export function ExtendDialog({ schema }: { schema: Resource }) {
  const t = useT();
  const dialog = useDialogContainer();
  const tenant = useQuery(tenantQuery);
  const classId = schema["meta:class"] ?? "";
  const [groups, setGroups] = useState<string[]>([]);
  const [fields, setFields] = useState<NewField[]>([]);
  const extend = useAct(
    async () => {
      const title = `${schema.title}: fields ${(schema.allOf?.length ?? 0) + 1}`;
      const own =
        fields.length > 0
          ? [(await createFieldGroup(fieldGroupOf(tenant.data ?? "", title, classId, fields))).$id]
          : [];
      return patchSchema(
        schema["meta:altId"],
        [...groups, ...own].map(($ref) => ({ op: "add", path: "/allOf/-", value: { $ref } })),
      );
    },
    { invalidates: [["schemas"]], done: t("schemas.saved"), showsError: true, onDone: dialog.dismiss },
  );
  const isReady = groups.length + fields.length > 0 && tenant.data !== undefined && pathFaults(fields).size === 0;
  return (
    <Dialog size="L">
      <Heading>{t("schemas.extend")}</Heading>
      <Divider />
      <Content>
        <Flex direction="column" gap="size-200">
          <GroupChoice
            classId={classId}
            chosen={groups}
            without={schema.allOf?.flatMap((one) => one.$ref ?? []) ?? []}
            onChange={setGroups}
          />
          <NewFields tenant={tenant.data ?? ""} fields={fields} onChange={setFields} />
          {extend.error && <ErrorNotice error={extend.error} />}
        </Flex>
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={dialog.dismiss}>
          {t("common.cancel")}
        </Button>
        <Button variant="accent" isDisabled={!isReady} isPending={extend.isPending} onPress={() => extend.mutate()}>
          {t("common.save")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
