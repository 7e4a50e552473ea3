import { Button, DialogContainer, Item, TabList, TabPanels, Tabs } from "@adobe/react-spectrum";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Leave } from "@/ui/Leave";
import { Page } from "@/ui/Page";
import { useAct } from "@/ui/useAct";
import { bodyOf, canShow, type Draft, draftOf, EMPTY, type Sample, valuesOf } from "./draft";
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
  const queries = useQueryClient();
  const may = {
    write: useMay("messages.write"),
    publish: useMay("messages.publish"),
    delete: useMay("messages.delete"),
  };
  const uid = stored?.data.uid ?? null;
  // What is edited is kept apart from what the server has, so that reading anew loses nothing.
  const [held, setHeld] = useState(stored);
  const [draft, setDraft] = useState<Draft>(held === null ? start : draftOf(held.data));
  const [sample, setSample] = useState(SAMPLE);
  const [dialog, setDialog] = useState<"delete" | "proof" | null>(null);
  const saved = JSON.stringify(bodyOf(held === null ? EMPTY : draftOf(held.data)));
  const isDirty = JSON.stringify(bodyOf(draft)) !== saved;

  const values = valuesOf(sample, draft.parameters);
  const asked =
    canShow(draft) && values !== null
      ? JSON.stringify({ ...values, template: { ...bodyOf(draft), name: draft.name.trim() || "–" } })
      : null;
  const preview = useQuery({ ...previewQuery(useDebounced(asked, 400)), placeholderData: keepPreviousData });

  const take = (answer: Stored<Template>) => {
    setHeld(answer);
    queries.setQueryData(templateQuery(answer.data.uid).queryKey, answer);
  };
  const changes = [["templates", "list"], ["templates", "versions"], ["references"]];
  const save = useAct(() => saveTemplate(uid, bodyOf(draft), held?.etag ?? ""), {
    invalidates: changes,
    showsError: true,
    done: t("templates.done.saved"),
    onDone: (answer) => {
      take(answer);
      if (uid === null) {
        void navigate({ to: "/templates/$uid", params: { uid: answer.data.uid }, ignoreBlocker: true, replace: true });
      }
    },
  });
  const publish = useAct(() => publishTemplate(uid ?? "", held?.etag ?? ""), {
    invalidates: changes,
    showsError: true,
    done: t("templates.done.published"),
    onDone: take,
  });
  const remove = useAct(() => deleteTemplate(uid ?? ""), {
    invalidates: [["templates", "list"], ["references"]],
    showsError: true,
    done: t("templates.done.deleted"),
    onDone: () => void navigate({ to: "/templates", search: {}, ignoreBlocker: true }),
  });
  const failed = save.error ?? publish.error ?? remove.error;
  const saveFault = faultOf(save.error);
  const previewFault = asked === null ? null : faultOf(preview.error);

  const change = (changed: Partial<Draft>) => {
    setDraft({ ...draft, ...changed });
    if (save.isError) save.reset();
  };
  const content = (
    <div className={styles.columns}>
      <TemplateForm draft={draft} onChange={change} fault={saveFault ?? previewFault} isReadOnly={!may.write} />
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
    <Page
      title={held?.data.name ?? t("templates.new")}
      description={held !== null && <TemplateState state={held.data.state} />}
      actions={
        <>
          {uid !== null && may.delete && (
            <Button variant="negative" isDisabled={(held?.data.usedIn ?? 0) > 0} onPress={() => setDialog("delete")}>
              {t("common.delete")}
            </Button>
          )}
          {uid !== null && may.write && (
            <>
              <Button
                variant="secondary"
                onPress={() => void navigate({ to: "/templates/new", search: { from: uid } })}
              >
                {t("templates.duplicate")}
              </Button>
              <Button variant="secondary" isDisabled={isDirty} onPress={() => setDialog("proof")}>
                {t("templates.proof")}
              </Button>
            </>
          )}
          {may.write && (
            <Button
              variant="primary"
              isDisabled={!isDirty}
              isPending={save.isPending}
              onPress={() => {
                publish.reset();
                remove.reset();
                save.mutate();
              }}
            >
              {t("templates.save")}
            </Button>
          )}
          {uid !== null && may.publish && (
            <Button
              variant="accent"
              isDisabled={isDirty || held?.data.state === "published"}
              isPending={publish.isPending}
              onPress={() => {
                save.reset();
                publish.mutate();
              }}
            >
              {t("templates.publish")}
            </Button>
          )}
        </>
      }
    >
      {failed && <ErrorNotice error={failed} />}
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
                  take(answer);
                  setDraft(draftOf(answer.data));
                }}
              />
            </Item>
          </TabPanels>
        </Tabs>
      )}
      <DialogContainer onDismiss={() => setDialog(null)}>
        {dialog === "proof" && uid !== null && (
          <ProofDialog uid={uid} channel={draft.channel} values={values ?? {}} onClose={() => setDialog(null)} />
        )}
      </DialogContainer>
      <Asked
        isOpen={dialog === "delete"}
        title={t("templates.delete.title", { name: draft.name })}
        confirm={t("common.delete")}
        onConfirm={() => remove.mutate()}
        onClose={() => setDialog(null)}
      >
        {t("templates.delete.detail")}
      </Asked>
      <Leave isDirty={isDirty} />
    </Page>
  );
}
