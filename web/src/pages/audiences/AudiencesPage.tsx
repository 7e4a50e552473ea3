import { Button, Flex, Item, Picker, TextField } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { namespacesQuery } from "@/pages/schemas/registry";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { PageLink } from "@/ui/PageLink";
import { useAct } from "@/ui/useAct";
import { audiencesQuery, createAudience } from "./audiences";

/** Every audience of the sandbox. */
export function AudiencesPage() {
  const t = useT();
  const navigate = useNavigate();
  const audiences = useQuery(audiencesQuery);
  const namespaces = useQuery(namespacesQuery);
  const may = useMay("segments.write");
  const [name, setName] = useState("");
  const [namespace, setNamespace] = useState("Email");
  const create = useAct(() => createAudience(name.trim(), namespace), {
    invalidates: [["audiences"]],
    done: t("audiences.created"),
    showsError: true,
    onDone: (made) => void navigate({ to: "/audiences/$id", params: { id: made.id } }),
  });
  return (
    <Page title={t("audiences.title")} description={t("audiences.description")}>
      <Flex wrap gap="size-150" alignItems="end" marginBottom="size-200">
        <TextField label={t("audiences.name")} value={name} onChange={setName} width="size-3400" />
        <Picker
          label={t("audiences.namespace")}
          items={namespaces.data ?? []}
          selectedKey={namespace}
          onSelectionChange={(key) => setNamespace(String(key))}
        >
          {(one) => <Item key={one.code}>{one.name}</Item>}
        </Picker>
        <Button
          variant="accent"
          isDisabled={!may || name.trim() === ""}
          isPending={create.isPending}
          onPress={() => create.mutate()}
        >
          {t("audiences.create")}
        </Button>
      </Flex>
      {create.error && <ErrorNotice error={create.error} />}
      {audiences.error && <ErrorNotice error={audiences.error} onRetry={() => void audiences.refetch()} />}
      {audiences.isPending && <Loading />}
      {audiences.data?.length === 0 && (
        <Empty title={t("audiences.empty.title")} detail={t("audiences.empty.detail")} />
      )}
      {audiences.data && audiences.data.length > 0 && (
        <FigureTable
          caption={t("audiences.title")}
          columns={[
            { id: "name", name: t("audiences.name"), isText: true },
            { id: "namespace", name: t("audiences.namespace"), isText: true },
            { id: "members", name: t("audiences.members") },
            { id: "used", name: t("audiences.usedIn") },
          ]}
          rows={audiences.data.map((one) => ({
            id: one.id,
            cells: {
              name: (
                <PageLink to="/audiences/$id" params={{ id: one.id }}>
                  {one.name}
                </PageLink>
              ),
              namespace: one.identityNamespace ?? "–",
              members: one.metrics?.totalProfiles ?? 0,
              used: one.usedIn ?? 0,
            },
          }))}
        />
      )}
    </Page>
  );
}
