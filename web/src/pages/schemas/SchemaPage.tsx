import { Button, DialogContainer, Item, TabList, TabPanels, Tabs } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { Code } from "@/ui/Code";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { useAct } from "@/ui/useAct";
import { ExtendDialog } from "./ExtendDialog";
import { FieldTable } from "./FieldTable";
import { Identities } from "./Identities";
import {
  deleteSchema,
  identitiesQuery,
  isForProfile,
  labelledQuery,
  patchSchema,
  resolvedQuery,
  sampleQuery,
  schemaQuery,
} from "./registry";
import { SCHEMA_TABS } from "./routes";

/** One schema: its fields, identities, a sample, its document. */
export function SchemaPage() {
  const t = useT();
  const { id } = useParams({ from: "/shell/schemas/$id" });
  const search = useSearch({ from: "/shell/schemas/$id" });
  const navigate = useNavigate();
  const tab = search.tab ?? "fields";
  const schema = useQuery(schemaQuery(id));
  const resolved = useQuery(resolvedQuery(id));
  const descriptors = useQuery(identitiesQuery);
  const labelled = useQuery(labelledQuery);
  const sample = useQuery({ ...sampleQuery(schema.data?.$id ?? ""), enabled: tab === "sample" && schema.isSuccess });
  const [mayWrite, mayDelete] = [useMay("schemas.write"), useMay("schemas.delete")];
  const [asked, setAsked] = useState<"extend" | "profile" | "delete" | null>(null);
  const change = (changed: Partial<typeof search>) =>
    void navigate({ to: "/schemas/$id", params: { id }, search: { ...search, ...changed }, replace: true });
  const invalidates = [["schemas"]];
  const enable = useAct(() => patchSchema(id, [{ op: "add", path: "/meta:immutableTags", value: ["union"] }]), {
    invalidates,
    done: t("schemas.saved"),
    showsError: true,
  });
  const remove = useAct(() => deleteSchema(id), {
    invalidates: [["schemas", "list"]],
    done: t("schemas.deleted"),
    showsError: true,
    onDone: () => void navigate({ to: "/schemas", search: {} }),
  });
  const error = schema.error ?? resolved.error ?? descriptors.error ?? labelled.error ?? enable.error ?? remove.error;
  if (schema.isPending || resolved.isPending) return <Loading />;
  if (schema.data === undefined || resolved.data === undefined) return <ErrorNotice error={error} />;
  const one = schema.data;
  const identities = (descriptors.data ?? []).filter((descriptor) => descriptor["xdm:sourceSchema"] === one.$id);
  return (
    <Page
      title={one.title}
      description={one.description || one.$id}
      actions={
        <>
          <Button variant="secondary" isDisabled={!mayWrite} onPress={() => setAsked("extend")}>
            {t("schemas.extend")}
          </Button>
          {!isForProfile(one) && (
            <Button variant="secondary" isDisabled={!mayWrite} onPress={() => setAsked("profile")}>
              {t("schemas.enable")}
            </Button>
          )}
          <Button variant="negative" isDisabled={!mayDelete} onPress={() => setAsked("delete")}>
            {t("common.delete")}
          </Button>
        </>
      }
    >
      {error && <ErrorNotice error={error} />}
      <Tabs
        aria-label={one.title}
        selectedKey={tab}
        onSelectionChange={(key) => change({ tab: SCHEMA_TABS.find((known) => known === key) })}
      >
        <TabList>
          {SCHEMA_TABS.map((key) => (
            <Item key={key}>{t(`schemas.tab.${key}`)}</Item>
          ))}
        </TabList>
        <TabPanels>
          <Item key="fields">
            <FieldTable
              schema={resolved.data}
              labels={labelled.data ?? []}
              identities={identities}
              search={search.q ?? ""}
              onSearch={(q) => change({ q: q || undefined })}
            />
          </Item>
          <Item key="identities">
            <Identities schemaId={one.$id} schema={resolved.data} identities={identities} />
          </Item>
          <Item key="sample">
            {sample.error ? (
              <ErrorNotice error={sample.error} />
            ) : sample.isPending ? (
              <Loading />
            ) : (
              <Code label={t("schemas.tab.sample")} value={sample.data} />
            )}
          </Item>
          <Item key="json">
            <Code label={t("schemas.tab.json")} value={one} />
          </Item>
        </TabPanels>
      </Tabs>
      <Asked
        isOpen={asked === "profile"}
        isDestructive={false}
        title={t("schemas.enable")}
        confirm={t("schemas.enable")}
        onConfirm={() => enable.mutate()}
        onClose={() => setAsked(null)}
      >
        {t("schemas.enable.detail")}
      </Asked>
      <Asked
        isOpen={asked === "delete"}
        title={t("schemas.delete.title", { name: one.title })}
        confirm={t("common.delete")}
        onConfirm={() => remove.mutate()}
        onClose={() => setAsked(null)}
      >
        {t("schemas.delete.detail")}
      </Asked>
      <DialogContainer onDismiss={() => setAsked(null)}>
        {asked === "extend" && <ExtendDialog schema={one} />}
      </DialogContainer>
    </Page>
  );
}
