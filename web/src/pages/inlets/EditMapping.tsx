import { Button, ButtonGroup, Content, Dialog, Divider, Heading } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useT } from "@/i18n/useT";
import { schemasQuery } from "@/pages/schemas/registry";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { useAct } from "@/ui/useAct";
import { type Flow, isMapping, type MappingSet, saveMapping } from "./flows";
import { MappingEditor } from "./MappingEditor";

interface Props {
  flow: Flow;
  mapping: MappingSet;
  onClose: () => void;
}

/** Change what the fields are made of: what comes in from then on goes through the new version of the mapping. */
export function EditMapping({ flow, mapping, onClose }: Props) {
  const t = useT();
  const schemaId = mapping.outputSchema.schemaRef.id;
  const schemas = useQuery(schemasQuery);
  const schema = schemas.data?.find((one) => one.$id === schemaId);
  const [rows, setRows] = useState(
    mapping.mappings.map(({ source, destination }, id) => ({ id, source, destination })),
  );
  const save = useAct(() => saveMapping(flow, mapping, rows), {
    invalidates: [["inlets"]],
    showsError: true,
    done: t("inlets.mapping.saved"),
    onDone: onClose,
  });
  const error = save.error ?? schemas.error;
  return (
    <Dialog size="L">
      <Heading>{t("inlets.mapping.edit")}</Heading>
      <Divider />
      <Content>
        {error && <ErrorNotice error={error} />}
        <p>{t("inlets.mapping.edit.detail")}</p>
        {schemas.isPending && <Loading />}
        {schema !== undefined && (
          <MappingEditor schemaId={schemaId} altId={schema["meta:altId"]} rows={rows} onChange={setRows} />
        )}
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t("common.cancel")}
        </Button>
        <Button
          variant="accent"
          isDisabled={schema === undefined || !rows.some(isMapping)}
          isPending={save.isPending}
          onPress={() => save.mutate()}
        >
          {t("common.save")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
