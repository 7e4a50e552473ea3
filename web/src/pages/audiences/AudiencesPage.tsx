import { DialogContainer } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { CreateButton } from "@/ui/CreateButton";
import { ListPage } from "@/ui/ListPage";
import { PageLink } from "@/ui/PageLink";
import { AudienceDialog } from "./AudienceDialog";
import { audiencesQuery } from "./audiences";

/** Every audience of the sandbox. */
export function AudiencesPage() {
  const t = useT();
  const audiences = useQuery(audiencesQuery);
  const [isOpen, setOpen] = useState(false);
  return (
    <ListPage
      title={t("audiences.title")}
      description={t("audiences.description")}
      create={
        <CreateButton name={t("audiences.create")} may={useMay("segments.write")} onPress={() => setOpen(true)} />
      }
      list={audiences}
      empty={{ title: t("audiences.empty.title"), detail: t("audiences.empty.detail"), kind: "audiences" }}
      columns={[
        { id: "name", name: t("audiences.name"), isText: true },
        { id: "namespace", name: t("audiences.namespace"), isText: true },
        { id: "members", name: t("audiences.members") },
        { id: "used", name: t("audiences.usedIn") },
      ]}
      row={(one) => ({
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
      })}
    >
      <DialogContainer onDismiss={() => setOpen(false)}>{isOpen && <AudienceDialog />}</DialogContainer>
    </ListPage>
  );
}
