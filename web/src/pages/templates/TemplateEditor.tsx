import { Button, DialogContainer, Item, TabList, TabPanels, Tabs } from "@adobe/react-spectrum";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { useAct } from "@/ui/useAct";
import { bodyOf, canShow, type Draft, draftOf, EMPTY, type Sample, valuesOf } from "./draft";
import { EditorFrame } from "./EditorFrame";
import { Preview } from "./Preview";
import { ProofDialog } from "./ProofDialog";
import { TABS, type Tab } from "./search";
import styles from "./Template.module.css";
import { TemplateForm } from "./TemplateForm";
import { TemplateState } from "./TemplateState";
import {
  deleteTemplate,
  previewQuery,
  publishTemplate,
  type Stored,
  saveTemplate,
  type Template,
  templateQuery,
} from "./templates";
import { useDebounced } from "./useDebounced";
import { useEdited } from "./useEdited";
import { useFaultOf } from "./useFaultOf";
import { type Compared, Versions } from "./Versions";

interface Props {
  /** null: a new one. */
  stored: Stored<Template> | null;
  /** What a new one begins with. */
  start?: Draft;
  tab?: Tab;
  /** Versions that are compared. */
  compared?: Compared;
}

const SAMPLE: Sample = {
  text: JSON.stringify({ profile: { person: { name: { firstName: "Ann" } } }, event: {}, params: {} }, null, 2),
  namespace: "",
  id: "",
};

/** A template's draft beside the message that is made of it. */
export function TemplateEditor({ stored, start = EMPTY, tab = "content", compared = {} }: Props) {
  const t = useT();
  const faultOf = useFaultOf();
  const navigate = useNavigate();
  const may = {
    write: useMay("messages.write"),
    publish: useMay("messages.publish"),
    delete: useMay("messages.delete"),
  };
  const lists = [["templates", "list"], ["templates", "versions"], ["references"]];
  const edited = useEdited(stored, start, EMPTY, {
    draftOf,
    bodyOf,
    write: saveTemplate,
    remove: deleteTemplate,
    keyOf: (uid) => templateQuery(uid).queryKey,
    lists,
    done: { saved: () => t("templates.done.saved"), deleted: () => t("templates.done.deleted") },
    onMade: (uid) => void navigate({ to: "/templates/$uid", params: { uid }, ignoreBlocker: true, replace: true }),
    onDeleted: () => void navigate({ to: "/templates", search: {}, ignoreBlocker: true }),
  });
  const { held, uid, draft, isDirty } = edited;
  const [sample, setSample] = useState(SAMPLE);
  const [isProved, setProved] = useState(false);

  const values = valuesOf(sample, draft.parameters);
  const asked =
    canShow(draft) && values !== null
      ? JSON.stringify({ ...values, template: { ...bodyOf(draft), name: draft.name.trim() || "–" } })
      : null;
  const preview = useQuery({ ...previewQuery(useDebounced(asked, 400)), placeholderData: keepPreviousData });

  const publish = useAct(() => publishTemplate(uid ?? "", held?.etag ?? ""), {
    invalidates: lists,
    showsError: true,
    done: t("templates.done.published"),
    onDone: edited.take,
  });
  const previewFault = asked === null ? null : faultOf(preview.error);
  const content = (
    <div className={styles.columns}>
      <TemplateForm
        draft={draft}
        onChange={edited.change}
        fault={edited.fault ?? previewFault}
        isReadOnly={!may.write}
      />
      <div className={styles.side}>
        <Preview
          shown={preview.data}
          error={asked === null ? null : preview.error}
          isIncomplete={!canShow(draft)}
          sample={sample}
          isSampleValid={values !== null}
          onSample={setSample}
        />
      </div>
    </div>
  );
  return (
    <EditorFrame
      edited={{
        ...edited,
        save: () => {
          publish.reset();
          edited.save();
        },
      }}
      title={held?.data.name ?? t("templates.new")}
      description={held !== null && <TemplateState state={held.data.state} />}
      saving={{ label: t("templates.save"), variant: "primary" }}
      mayWrite={may.write}
      mayDelete={may.delete}
      isUsed={(held?.data.usedIn ?? 0) > 0}
      deleteDetail={t("templates.delete.detail")}
      actions={
        uid !== null &&
        may.write && (
          <>
            <Button variant="secondary" onPress={() => void navigate({ to: "/templates/new", search: { from: uid } })}>
              {t("templates.duplicate")}
            </Button>
            <Button variant="secondary" isDisabled={isDirty} onPress={() => setProved(true)}>
              {t("templates.proof")}
            </Button>
          </>
        )
      }
      lastActions={
        uid !== null &&
        may.publish && (
          <Button
            variant="accent"
            isDisabled={isDirty || held?.data.state === "published"}
            isPending={publish.isPending}
            onPress={() => {
              edited.reset();
              publish.mutate();
            }}
          >
            {t("templates.publish")}
          </Button>
        )
      }
      error={edited.error ?? publish.error}
    >
      {uid === null ? (
        content
      ) : (
        <Tabs
          aria-label={t("templates.one")}
          selectedKey={tab}
          onSelectionChange={(key) => {
            const next = TABS.find((one) => one === key);
            if (next !== tab) void navigate({ to: "/templates/$uid", params: { uid }, search: { tab: next } });
          }}
        >
          <TabList>
            {TABS.map((one) => (
              <Item key={one}>{t(`templates.tab.${one}`)}</Item>
            ))}
          </TabList>
          <TabPanels marginTop="size-200">
            <Item key="content">{content}</Item>
            <Item key="versions">
              <Versions
                uid={uid}
                isDirty={isDirty}
                compared={compared}
                onCompare={(from, to) =>
                  void navigate({
                    to: "/templates/$uid",
                    params: { uid },
                    search: { tab, from, to },
                    replace: true,
                    ignoreBlocker: true,
                  })
                }
                onRestored={(answer) => {
                  edited.take(answer);
                  edited.setDraft(draftOf(answer.data));
                }}
              />
            </Item>
          </TabPanels>
        </Tabs>
      )}
      <DialogContainer onDismiss={() => setProved(false)}>
        {isProved && uid !== null && (
          <ProofDialog uid={uid} channel={draft.channel} values={values ?? {}} onClose={() => setProved(false)} />
        )}
      </DialogContainer>
    </EditorFrame>
  );
}
