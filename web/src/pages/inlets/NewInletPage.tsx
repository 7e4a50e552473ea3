import { Button, Flex, Item, Picker, Radio, RadioGroup, Switch, TextField } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { datasetsQuery } from "@/pages/datasets/datasets";
import { schemasQuery } from "@/pages/schemas/registry";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Page } from "@/ui/Page";
import { PageLink } from "@/ui/PageLink";
import { useAct } from "@/ui/useAct";
import { createInlet, type MappingRow } from "./flows";
import { MappingEditor } from "./MappingEditor";

/** A new inlet, with the flow that takes what it is sent into a data set. */
export function NewInletPage() {
  const t = useT();
  const navigate = useNavigate();
  const may = useMay("sources.write");
  const schemas = useQuery(schemasQuery);
  const datasets = useQuery(datasetsQuery);
  const [name, setName] = useState("");
  const [dataType, setDataType] = useState<"raw" | "xdm">("xdm");
  const [isAuthenticated, setAuthenticated] = useState(false);
  const [datasetId, setDataset] = useState<string | null>(null);
  const [mappings, setMappings] = useState<MappingRow[]>([]);
  const schemaId = datasets.data?.find((one) => one.id === datasetId)?.schemaRef?.id ?? "";
  const schema = schemas.data?.find((one) => one.$id === schemaId);
  const create = useAct(
    () => createInlet({ name: name.trim(), dataType, isAuthenticated, schemaId, datasetId: datasetId ?? "", mappings }),
    {
      invalidates: [["inlets"]],
      done: t("inlets.created"),
      showsError: true,
      onDone: (id) => void navigate({ to: "/inlets/$id", params: { id } }),
    },
  );
  const isMapped = mappings.some((row) => row.source.trim() !== "" && row.destination !== "");
  const isReady = may && name.trim() !== "" && schemaId !== "" && (dataType === "xdm" || isMapped);
  return (
    <Page title={t("inlets.create")} description={<PageLink to="/inlets">{t("inlets.title")}</PageLink>}>
      <Flex direction="column" gap="size-200" alignItems="start">
        <TextField
          label={t("inlets.name")}
          value={name}
          onChange={setName}
          isRequired
          width="size-4600"
          maxWidth="100%"
        />
        <RadioGroup
          label={t("inlets.type")}
          value={dataType}
          onChange={(value) => setDataType(value === "raw" ? "raw" : "xdm")}
        >
          <Radio value="xdm">{t("inlets.type.xdm")}</Radio>
          <Radio value="raw">{t("inlets.type.raw")}</Radio>
        </RadioGroup>
        <Switch isSelected={isAuthenticated} onChange={setAuthenticated}>
          {t("inlets.authenticated")}
        </Switch>
        <Picker
          label={t("inlets.dataset")}
          description={schema?.title}
          items={datasets.data ?? []}
          selectedKey={datasetId}
          onSelectionChange={(key) => setDataset(String(key))}
          isRequired
          width="size-4600"
          maxWidth="100%"
        >
          {(one) => <Item>{one.name}</Item>}
        </Picker>
        <PageLink to="/datasets">{t("inlets.dataset.make")}</PageLink>
        {dataType === "raw" && schema !== undefined && (
          <MappingEditor schemaId={schemaId} altId={schema["meta:altId"]} rows={mappings} onChange={setMappings} />
        )}
        {create.error && <ErrorNotice error={create.error} />}
        <Button variant="accent" isDisabled={!isReady} isPending={create.isPending} onPress={() => create.mutate()}>
          {t("common.create")}
        </Button>
      </Flex>
    </Page>
  );
}
