import { Button, Item, TabList, TabPanels, Tabs } from "@adobe/react-spectrum";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Leave } from "@/ui/Leave";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { ActionForm } from "./ActionForm";
import { actionQuery, type ReadAction } from "./actions";
import { TABS } from "./actionsSearch";
import { DeleteAction } from "./DeleteAction";
import { draftOf } from "./draft";
import { InUse } from "./InUse";
import { SaveFault } from "./SaveFault";
import { TestAuthentication } from "./TestAuthentication";
import { TestRequest } from "./TestRequest";
import { UsedBy } from "./UsedBy";
import { useDraft } from "./useDraft";

/** One action: its definition, a test request, and who uses it. */
export function ActionPage() {
  const t = useT();
  const { uid } = useParams({ from: "/shell/actions/$uid" });
  const { data, error, refetch } = useQuery({
    ...actionQuery(uid),
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  if (error && data === undefined) {
    return (
      <Page title={t("actions.one")}>
        <ErrorNotice error={error} onRetry={() => void refetch()} />
      </Page>
    );
  }
  return data === undefined ? <Loading /> : <KnownAction key={`${uid} ${data.etag}`} found={data} />;
}

function KnownAction({ found }: { found: ReadAction }) {
  const { action, etag } = found;
  const { uid } = action;
  const t = useT();
  const { tab = "definition" } = useSearch({ from: "/shell/actions/$uid" });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const mayWrite = useMay("journeys_actions.write");
  const mayDelete = useMay("journeys_actions.delete");
  const [isDeleting, setDeleting] = useState(false);
  const [start] = useState(() => draftOf(action));
  const form = useDraft(start, { uid, etag }, (saved) => queries.setQueryData(actionQuery(uid).queryKey, saved));
  const duplicate = () => void navigate({ to: "/actions/new", search: { from: uid } });
  return (
    <Page
      title={action.name}
      description={action.description}
      actions={
        <>
          {mayDelete && (
            <Button variant="negative" onPress={() => setDeleting(true)}>
              {t("common.delete")}
            </Button>
          )}
          {mayWrite && (
            <>
              <Button variant="secondary" onPress={duplicate}>
                {t("actions.duplicate")}
              </Button>
              <Button variant="accent" isDisabled={!form.isChanged} isPending={form.isSaving} onPress={form.submit}>
                {t("common.save")}
              </Button>
            </>
          )}
        </>
      }
    >
      {form.error && <SaveFault error={form.error} />}
      <Tabs
        aria-label={action.name}
        selectedKey={tab}
        onSelectionChange={(key) => {
          const next = TABS.find((one) => one === key);
          if (next !== tab) void navigate({ to: "/actions/$uid", params: { uid }, search: { tab: next } });
        }}
      >
        <TabList>
          {TABS.map((one) => (
            <Item key={one}>{t(`actions.tab.${one}`)}</Item>
          ))}
        </TabList>
        <TabPanels marginTop="size-200">
          <Item key="definition">
            {action.usedIn > 0 && <InUse count={action.usedIn} />}
            <ActionForm
              draft={form.draft}
              onChange={form.change}
              faults={form.faults}
              isReadOnly={!mayWrite}
              isInUse={action.usedIn > 0}
              trial={<TestAuthentication action={action} isChanged={form.isChanged} />}
            />
          </Item>
          <Item key="test">
            <TestRequest action={action} isChanged={form.isChanged} />
          </Item>
          <Item key="journeys">
            <UsedBy uid={uid} />
          </Item>
        </TabPanels>
      </Tabs>
      <Leave isDirty={form.isChanged} />
      <DeleteAction action={action} isOpen={isDeleting} onClose={() => setDeleting(false)} />
    </Page>
  );
}
