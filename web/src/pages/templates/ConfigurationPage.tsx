import { Flex } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Note } from "@/activities/fields/Stack";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { CopyButton } from "@/ui/CopyButton";
import { Found } from "@/ui/Found";
import { PageLink } from "@/ui/PageLink";
import { ConfigurationForm } from "./ConfigurationForm";
import {
  type Configuration,
  configurationQuery,
  deleteConfiguration,
  feedbackUrl,
  saveConfiguration,
} from "./channels";
import { EditorFrame } from "./EditorFrame";
import { configurationBody, EMPTY_CONFIGURATION, editable } from "./providers";
import styles from "./Template.module.css";
import type { Stored } from "./templates";
import { useEdited } from "./useEdited";

/** `new` as uid: one is set up. */
export function ConfigurationPage() {
  const { uid } = useParams({ from: "/shell/templates/channels/$uid" });
  return uid === "new" ? <Editor key="new" stored={null} /> : <Known key={uid} uid={uid} />;
}

function Known({ uid }: { uid: string }) {
  const t = useT();
  return (
    <Found found={useQuery(configurationQuery(uid))} title={t("templates.configuration")}>
      {(stored) => <Editor stored={stored} />}
    </Found>
  );
}

function Editor({ stored }: { stored: Stored<Configuration> | null }) {
  const t = useT();
  const navigate = useNavigate();
  const mayWrite = useMay("journeys_actions.write");
  const edited = useEdited(stored, EMPTY_CONFIGURATION, EMPTY_CONFIGURATION, {
    draftOf: editable,
    bodyOf: configurationBody,
    write: saveConfiguration,
    remove: deleteConfiguration,
    keyOf: (uid) => configurationQuery(uid).queryKey,
    lists: [["channels", "list"], ["references"]],
    done: { saved: () => t("templates.done.configured"), deleted: () => t("templates.done.unconfigured") },
    onMade: (uid) =>
      void navigate({ to: "/templates/channels/$uid", params: { uid }, ignoreBlocker: true, replace: true }),
    onDeleted: () => void navigate({ to: "/templates/channels", search: {}, ignoreBlocker: true }),
  });
  const url = edited.uid === null ? null : feedbackUrl(globalThis.location.origin, edited.uid);
  return (
    <EditorFrame
      edited={edited}
      title={edited.held?.data.name ?? t("templates.configuration.new")}
      description={
        <PageLink to="/templates/channels" search={{}}>
          {t("templates.channels.title")}
        </PageLink>
      }
      saving={{ label: t("common.save"), variant: "accent" }}
      mayWrite={mayWrite}
      mayDelete={useMay("journeys_actions.delete")}
      deleteDetail={t("templates.configuration.deleteDetail")}
      error={edited.error}
    >
      {url !== null && (
        <div className={styles.feedback}>
          <Flex wrap alignItems="center" columnGap="size-100">
            {t("templates.feedbackUrl")} <code>{url}</code> <CopyButton text={url} />
          </Flex>
          <Note>{t("templates.feedbackUrl.detail")}</Note>
        </div>
      )}
      <ConfigurationForm
        draft={edited.draft}
        stored={edited.before}
        onChange={edited.change}
        fault={edited.fault}
        isReadOnly={!mayWrite}
      />
    </EditorFrame>
  );
}
