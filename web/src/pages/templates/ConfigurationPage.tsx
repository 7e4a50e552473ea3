import { Button, Flex } from "@adobe/react-spectrum";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { Note } from "@/activities/fields/Stack";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { CopyButton } from "@/ui/CopyButton";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Leave } from "@/ui/Leave";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { PageLink } from "@/ui/PageLink";
import { useAct } from "@/ui/useAct";
import { ConfigurationForm } from "./ConfigurationForm";
import {
  type Configuration,
  configurationQuery,
  deleteConfiguration,
  feedbackUrl,
  saveConfiguration,
} from "./channels";
import { configurationBody, EMPTY_CONFIGURATION, editable } from "./providers";
import styles from "./Template.module.css";
import type { Stored } from "./templates";
import { useFaultOf } from "./useFaultOf";

/** `new` as uid: one is set up. */
export function ConfigurationPage() {
  const { uid } = useParams({ from: "/shell/templates/channels/$uid" });
  return uid === "new" ? <Editor key="new" stored={null} /> : <Known key={uid} uid={uid} />;
}

function Known({ uid }: { uid: string }) {
  const t = useT();
  const found = useQuery(configurationQuery(uid));
  if (found.data !== undefined) return <Editor stored={found.data} />;
  if (found.error) {
    return (
      <Page title={t("templates.configuration")}>
        <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />
      </Page>
    );
  }
  return <Loading />;
}

function Editor({ stored }: { stored: Stored<Configuration> | null }) {
  const t = useT();
  const faultOf = useFaultOf();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const mayWrite = useMay("journeys_actions.write");
  const mayDelete = useMay("journeys_actions.delete");
  const [held, setHeld] = useState(stored);
  const before = held === null ? null : editable(held.data);
  const [draft, setDraft] = useState(before ?? EMPTY_CONFIGURATION);
  const [isAsked, setAsked] = useState(false);
  const isDirty = JSON.stringify(draft) !== JSON.stringify(before ?? EMPTY_CONFIGURATION);
  const uid = held?.data.uid ?? null;
  const lists = [["channels", "list"], ["references"]];
  const save = useAct(() => saveConfiguration(uid, configurationBody(draft), held?.etag ?? ""), {
    invalidates: lists,
    showsError: true,
    done: t("templates.done.configured"),
    onDone: (answer) => {
      setHeld(answer);
      setDraft(editable(answer.data));
      queries.setQueryData(configurationQuery(answer.data.uid).queryKey, answer);
      if (uid === null) {
        const params = { uid: answer.data.uid };
        void navigate({ to: "/templates/channels/$uid", params, ignoreBlocker: true, replace: true });
      }
    },
  });
  const remove = useAct(() => deleteConfiguration(uid ?? ""), {
    invalidates: lists,
    showsError: true,
    done: t("templates.done.unconfigured"),
    onDone: () => void navigate({ to: "/templates/channels", search: {}, ignoreBlocker: true }),
  });
  const failed = save.error ?? remove.error;
  const url = uid === null ? null : feedbackUrl(globalThis.location.origin, uid);
  return (
    <Page
      title={held?.data.name ?? t("templates.configuration.new")}
      description={
        <PageLink to="/templates/channels" search={{}}>
          {t("templates.channels.title")}
        </PageLink>
      }
      actions={
        <>
          {uid !== null && mayDelete && (
            <Button variant="negative" onPress={() => setAsked(true)}>
              {t("common.delete")}
            </Button>
          )}
          {mayWrite && (
            <Button
              variant="accent"
              isDisabled={!isDirty}
              isPending={save.isPending}
              onPress={() => {
                remove.reset();
                save.mutate();
              }}
            >
              {t("common.save")}
            </Button>
          )}
        </>
      }
    >
      {failed && <ErrorNotice error={failed} />}
      {url !== null && (
        <div className={styles.feedback}>
          <Flex wrap alignItems="center" columnGap="size-100">
            {t("templates.feedbackUrl")} <code>{url}</code> <CopyButton text={url} />
          </Flex>
          <Note>{t("templates.feedbackUrl.detail")}</Note>
        </div>
      )}
      <ConfigurationForm
        draft={draft}
        stored={before}
        onChange={(changed) => {
          setDraft({ ...draft, ...changed });
          if (save.isError) save.reset();
        }}
        fault={faultOf(save.error)}
        isReadOnly={!mayWrite}
      />
      <Asked
        isOpen={isAsked}
        title={t("templates.delete.title", { name: draft.name })}
        confirm={t("common.delete")}
        onConfirm={() => remove.mutate()}
        onClose={() => setAsked(false)}
      >
        {t("templates.configuration.deleteDetail")}
      </Asked>
      <Leave isDirty={isDirty} />
    </Page>
  );
}
